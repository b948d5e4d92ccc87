# The book's commands. `make help` lists them; each one first installs what it needs into .venv.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
BIN := .venv/bin
READY := .venv/requirements.lock
# An environment whose Python is gone, or was never finished, is made again.
ifneq ($(filter-out help clean distclean,$(MAKECMDGOALS)),)
ifneq ($(shell $(BIN)/python -c "import pip" 2>/dev/null && echo sound),sound)
.PHONY: $(READY)
endif
endif
NO_PYTHON := This book needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3.

COURSE ?= _build/course
.PHONY: book test pdf offline linkcheck notebooks student slides handouts assignments robustness week serve lab bench lock clean distclean help
.DEFAULT_GOAL := help

book: $(READY) ## run the notebooks and build the site into _build/html
	@$(BIN)/jupyter-book build . -W -n --keep-going || { echo "The book was not built: the first WARNING or error above says where and why."; exit 1; }
	@echo "The book is ready: open _build/html/index.html, or run make serve."

test: book ## build the book and run every test
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

linkcheck: $(READY) ## ask every link to another site whether it still leads somewhere; by hand, because sites come and go
	@$(BIN)/jupyter-book build . --builder linkcheck

pdf: book ## print the book, and each note, into _build/html with Chromium; CODE=all, some or none says what of the code
	@$(BIN)/python book/tools/press.py

offline: book ## pack the site into one archive, _build/html/offline.zip, that is read without a network
	@$(BIN)/python book/tools/editions.py

notebooks: $(READY) ## run every notebook and store its outputs in it
	@$(BIN)/python book/tools/rerun.py notebooks/*.ipynb tests/*.ipynb

student: $(READY) ## write the notes without solutions, to hand out, into _build/student
	@$(BIN)/python book/tools/student.py

slides: book ## make slides of every note, which need no network, in _build/slides
	@$(BIN)/python book/tools/slides.py

handouts: $(READY) ## print a sheet of two pages for every note into _build/handouts
	@$(BIN)/python book/tools/handouts.py

robustness: $(READY) ## run every note under other seeds and settings; takes long, can be resumed
	@$(BIN)/python book/tools/robustness.py $(NOTES)

week: $(READY) ## run every note under one seed and setting more, NUMBER=34; say which claims fare otherwise than recorded
	@$(BIN)/python book/tools/robustness.py --week $(NUMBER)

serve: book ## build the site and serve it on this machine; PORT=8000 says where
	@echo "Reading at http://127.0.0.1:$(PORT)/ until you press Ctrl+C."
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) 2>/dev/null \
		|| echo "The server ended; if port $(PORT) is taken, choose another: make serve PORT=8001."

lab: $(READY) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

assignments: $(READY) ## write the problem sets' copies for students; COURSE=_build/course says where
	@echo "Writing the problem sets into $(COURSE); this may take a minute."
	@find course -type f ! -name "*.pyc" | while read -r file; do \
		mine="$(COURSE)/$${file#course/}"; \
		if [ ! -e "$$mine" ]; then mkdir -p "$$(dirname "$$mine")" && cp "$$file" "$$mine" || exit 1; \
		elif ! cmp -s "$$file" "$$mine"; then \
			echo "$$mine differs from the book's and was kept; to take over the book's, remove it and run this again."; \
		fi; \
	done
	@cd "$(COURSE)" && $(abspath $(BIN))/nbgrader generate_assignment --assignment="*" --force --log-level=WARN
	@echo "Hand out what is in $(COURSE)/release; grade in $(COURSE)."

bench: $(READY) ## measure time and memory of every notebook, and the time of two builds
	@$(BIN)/python tests/bench.py

# Without hashes: PyTorch has several files of one version, with CUDA and without, and a lock
# with hashes would refuse the small one. uv comes first, because the lock may not fit yet.
lock: ## pin in requirements.lock what requirements.txt needs; remove the lock to renew it
	@test -n "$(PYTHON)" || { echo "$(NO_PYTHON)"; exit 1; }
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install $$(grep -o '^uv==[0-9.]*' requirements.txt); }
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command "make lock" \
		requirements.txt --output-file requirements.lock

clean: ## remove what was built, but not the finished runs of make robustness
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find _build -mindepth 1 -maxdepth 1 ! -name robustness -exec rm -rf {} + 2>/dev/null || true
	find book course notebooks tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove what was built and what was installed
	rm -rf .venv _build

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

# The virtual environment, made again when the versions differ from what was installed.
$(READY): requirements.txt requirements.lock
	@test -n "$(PYTHON)" || { echo "$(NO_PYTHON)"; exit 1; }
	@echo "Installing what requirements.lock lists into .venv; the first time takes minutes."
	@.venv/bin/python -c "" 2>/dev/null || rm -rf .venv
	@$(PYTHON) -m venv .venv || { echo "No virtual environment could be made: on Debian and Ubuntu, install python3-venv."; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt -c requirements.lock \
		|| { echo "The installation failed: the last lines above say why; run the same command again when that is mended."; exit 1; }
	@cp requirements.lock $@
