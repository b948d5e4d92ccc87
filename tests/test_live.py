"""Statements about derivations that the reader changes in the page: about every live
cell of the built site, and about those of a small book, tried in a real browser."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat import NotebookNode
from playwright.sync_api import Browser, Locator, Page, Route, expect

from support import NOTEBOOKS, ROOT, SITE, SmallBook, code, prose, read
from test_site import RULES, TOO_WIDE, QuietHandler, browser  # noqa: F401

PYTHON = [ROOT / "book" / "tools" / "live", ROOT / "notebooks"]
sys.path += [str(ROOT / "book" / "extensions"), str(PYTHON[0])]
import browser as packing  # noqa: E402
from analysis import Cell, builds_on, obstacles  # noqa: E402
from live import WITHOUT, cells_of, refusals  # noqa: E402

WEIGHT = 12_000_000  # bytes that a reader waits for, at most
FINISHED = re.compile(r"hold|claim|Done|goal|Stopped|cannot")
LOADED = 120_000  # milliseconds: the machine of a test may be busy
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:; font-src 'self'; worker-src 'self'"
)
SQUARE = """\
x = sp.Symbol("x", real=True)
square = nk.derive((x + 1) ** 2, (x**2 + 2 * x + 1, "a *square*: $(x+1)^2$"))"""
AT_ONE = """\
two_squares = nk.Identity(square.subs(x, 1), 4)
nk.claim("square-at-one", "At $x = 1$ the square is 4.", two_squares)"""
TURN = """\
nk.derive(
    (x - 1) * (x + 1),
    # your lines, each (expression, "reason")
    goal=x**2 - 1,
    mistakes=[(x**2 + 1, "The sign of 1 · (−1) is lost.")],
);"""
PRINTED = "_ = nk.derive(2, (1 + int(plt.isinteractive() in (0, 1)), 'add'))"
SHOWN = """\
nk.table(["n", "root"], [[2, f"${sp.latex(sp.sqrt(2))}$"]])
print("printed")
sp.sqrt(8)"""


def live(source: str) -> NotebookNode:
    """A code cell with the tag live."""
    cell = code(source)
    cell.metadata["tags"] = ["live"]
    return cell


# Which cells are live.


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tag_stands_on_cells_that_run_in_a_browser(path: Path) -> None:
    assert not refusals(cells_of(path))


def tagged(tag: str) -> list[Path]:
    """The notebooks in which a cell has the tag."""
    return [
        path
        for path in NOTEBOOKS
        if any(tag in cell.metadata.get("tags", []) for cell in read(path).cells)
    ]


@pytest.mark.skipif(not tagged("live"), reason="no note at all has live cells")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_derivation_that_runs_in_a_browser_has_the_tag(path: Path) -> None:
    cells = cells_of(path)
    assert any(cell.live for cell in cells), f"no cell of {path.name} has the tag live"
    for position, cell in enumerate(cells):
        if "nk.derive" in cell.source and not cell.live:
            reasons = obstacles(cell.source, cells[:position])
            assert reasons, f"{path.stem}, code cell {position + 1} lacks the tag live"


# What runs in the page, without a page: in a Python that has SymPy alone.

ALONE = """
import json, sys
for name in ("numpy", "scipy", "torch", "matplotlib", "ipywidgets", "tqdm"):
    sys.modules[name] = None
import runner
runner.prepare(lambda *_: None, lambda: None)
jobs = map(json.dumps, json.load(sys.stdin))
print(json.dumps([json.loads(runner.run(job)) for job in jobs]))
"""
NOTE = (
    "import sympy as sp\nimport notekit as nk\nx = sp.Symbol('x', real=True)",
    "a = x + 1",
    "b = nk.derive(a**2, (x**2 + 2*x + 1, 'square'))",
    "nk.claim('at-one', 'It is 4.', nk.Identity(b.subs(x, 1), 4))",
    "print('unrelated')",
)


def said(source: str, *changes: dict[int, str], note: tuple = NOTE) -> list[list[dict]]:
    """What a cell shows after the note, once for each of the reader's changes to it."""
    earlier = [
        [
            {"source": change[k], "live": True, "printed": text}
            if k in change
            else {"source": text, "live": True}
            for k, text in enumerate(note)
        ]
        for change in changes or ({},)
    ]
    return done([{"source": source, "earlier": cells} for cells in earlier])


def done(jobs: list[dict]) -> list[list[dict]]:
    """What an interpreter says to jobs, one after the other."""
    return python(ALONE, jobs)


def python(program: str, given: object) -> list:
    """What a program prints as JSON, given JSON."""
    process = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(given),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PYTHON))},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout)


def test_what_builds_on_a_change_is_verified_again() -> None:
    source = "nk.claim('again', 'It is 4.', nk.Identity(b.subs(x, 1), 4))"
    wrong, gone, right, mended = said(
        source,
        {1: "a = x + 2"},
        {1: "c = x + 2"},
        {1: "a = 1 + x"},
        {1: "a = x + 2", 2: NOTE[2].replace("a**2", "(a - 1)**2")},
    )
    assert "Live cell 3, which builds on what you have changed" in wrong[0]["error"]
    assert wrong[0]["false"] and "does not hold" in wrong[0]["error"]
    assert "NameError" in gone[0]["error"] and not gone[0]["false"]
    for shown in (right, mended):
        assert [item["claim"]["verdict"] for item in shown] == ["proved"]


def test_a_name_that_an_earlier_change_takes_over_is_verified_too() -> None:
    note = (*NOTE[:2], "a = x + 1", *NOTE[2:])
    source = "nk.claim('again', 'It is 4.', nk.Identity(b.subs(x, 1), 4))"
    shown = said(source, {1: "a = x + 5", 2: "c = a"}, note=note)[0]
    assert "does not hold" in shown[0]["error"]


def test_a_half_written_cell_above_stops_only_what_needs_it() -> None:
    half = {2: "b = nk.derive(x,"}
    assert said("sp.sqrt(8)", half)[0] == [{"latex": r"\displaystyle 2 \sqrt{2}"}]
    error = said("b + 1", half)[0][0]
    assert error["error"].startswith("Live cell 3, which you have changed: SyntaxError")
    assert not error["unfinished"]
    for text in ("b = nk.derive(x,", "if x:\nb"):
        assert said(text, {})[0][0]["unfinished"]


def test_a_claim_that_was_tried_elsewhere_is_forgotten() -> None:
    earlier = [{"source": text, "live": True} for text in NOTE]
    tried, printed = done(
        [
            {"source": NOTE[3], "earlier": earlier},
            {"source": NOTE[3], "earlier": earlier[:3]},
        ]
    )
    assert tried == printed and tried[0]["claim"]["verdict"] == "proved"


def test_what_is_too_long_to_show_is_cut() -> None:
    many = "for k in range(99): display(x + k)"
    long = "print('a' * 50_000)\nsp.expand((x + 1) ** 900)"
    reason = "nk.derive(x + x, (2 * x, 'a|b'))"
    shown = [said(source)[0] for source in (many, long, reason)]
    assert len(shown[0]) == 51 and "More than 50" in shown[0][-1]["text"]
    assert "too long to show: 50 kB" in shown[1][0]["text"]
    assert "too long to show" in shown[1][1]["text"]
    assert len(json.dumps(shown[1])) < 3000
    assert shown[2][0]["table"][1][2] == "a|b"


def test_a_cell_that_changes_a_list_is_built_on() -> None:
    note = (*NOTE[:1], "rows = []", "rows.append(1)", "rows[0] = 2", "rows[0] += 1")
    assert said("len(rows), rows[0], 'three'", note=note)[0] == [
        {"text": "(1, 3, 'three')"}
    ]
    assert said("rows", note=note)[0] == [{"latex": r"\displaystyle \left[ 3\right]"}]
    inside = "def f():\n    own = []\n    own.append(1)\n    return own"
    assert not obstacles(inside, [])


# Runs cells and says, of each goal in them, what is not as a reader needs it.
TURNS = """
import contextlib, io, json, sys
for name in ("numpy", "scipy", "torch", "matplotlib", "ipywidgets", "tqdm"):
    sys.modules[name] = None
import sympy as sp
import notekit as nk
derive, open_, solved, wrong = nk.derive, {}, set(), []
def watched(start, *links, where=None, goal=None, mistakes=()):
    asked = str((start, goal))
    if links and links[-1][-2] == goal:
        solved.add(asked)
    elif not links:
        open_[asked] = (start, where, goal, mistakes)
    return derive(start, *links, where=where, goal=goal, mistakes=mistakes)
nk.derive, scope = watched, {"sp": sp, "nk": nk}
with contextlib.redirect_stdout(io.StringIO()):
    for source in json.load(sys.stdin):
        exec(source, scope)
    for asked, (start, where, goal, mistakes) in open_.items():
        if asked not in solved:
            wrong.append(f"{asked} has no solution")
        if len(mistakes) < 3:
            wrong.append(f"{asked} has {len(mistakes)} likely mistakes")
        for line, why in mistakes:
            try:
                derive(start, (line, ""), where=where, goal=goal, mistakes=mistakes)
                wrong.append(f"{line} is not wrong")
            except nk.DerivationError as error:
                if why not in str(error):
                    wrong.append(f"{line} is not answered with {why!r}")
print(json.dumps([len(open_), wrong]))
"""


@pytest.mark.skipif(not tagged("your-turn"), reason="no note at all has your turn")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_two_derivations_are_left_to_the_reader(path: Path) -> None:
    cells = [
        cell.source
        for cell in read(path).cells
        if cell.cell_type == "code" and "your-turn" in cell.metadata.get("tags", [])
    ]
    number, wrong = python(TURNS, cells)
    assert number >= 2 and not wrong, (number, wrong)


SETUP = Cell("import numpy as np\nimport sympy as sp\nimport notekit as nk", False)
X = Cell('x = sp.Symbol("x")', True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("np.sqrt(2)", "needs np of a cell that does not run in a browser"),
        ("import torch", "imports torch"),
        ("nk.Bound(x, at_most=1)", "uses nk.Bound"),
        ("sp.sqrt(y)", "needs y, which no earlier cell defines"),
        ("nk.derive(x + x, (2 * x, 'add'))", ""),
        ("[y := sp.sqrt(i) for i in range(3)]", ""),
        ("for i in range(3):\n    total = i * x\nprint(total)", ""),
    ],
)
def test_a_cell_that_needs_more_is_refused(source: str, reason: str) -> None:
    assert "; ".join(obstacles(source, [SETUP, X])) == reason
    assert bool(refusals([SETUP, X, Cell(source, True)])) == bool(reason)


def test_a_cell_runs_after_those_that_it_builds_on() -> None:
    cells = [SETUP, X, Cell("y = 2 * x", True), Cell("z = sp.sqrt(2)", True)]
    order, missing = builds_on("y + 1", cells)
    assert order == {0: "import sympy as sp", 1: X.source, 2: "y = 2 * x"}
    assert not missing


# A small book, a browser, and what a reader does.


class Strict(QuietHandler):
    """Serves files under a policy, some badly, and remembers which."""

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("Content-Security-Policy", self.server.policy)
        super().end_headers()

    def do_GET(self) -> None:
        """Remember what is asked for; some of it is missing, cut off or late."""
        self.server.asked.append(self.path)
        name = self.path.partition("?")[0].rpartition("/")[2]
        match self.server.broken.get(name):
            case "missing":
                self.send_error(404)
            case "cut":
                content = Path(self.translate_path(self.path)).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2])
            case "late":
                self.server.gate.wait(LOADED / 1000)
                self.send()
            case None:
                self.send()

    def send(self) -> None:
        """Send a file; a worker that was ended takes no more of it."""
        with suppress(ConnectionError):
            super().do_GET()


@contextmanager
def served(site: Path, policy: str = POLICY) -> Iterator[ThreadingHTTPServer]:
    """A server of the site that remembers what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=site))
    server.asked, server.policy = [], policy
    server.broken, server.gate = {}, Event()
    server.home = f"http://127.0.0.1:{server.server_port}/"
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """A small book with live cells, built with what the whole one has packed."""
    book = SmallBook(tmp_path_factory.mktemp("live"))
    for pack in (ROOT / "_build" / "live").glob("pack-*"):
        shutil.copytree(pack, book.folder / "_build" / "live" / pack.name)
    packed = ROOT / "_build" / "live"
    for folder in packed.glob("pyodide-*"):
        (book.folder / "_build" / "live").mkdir(parents=True, exist_ok=True)
        (book.folder / "_build" / "live" / folder.name).symlink_to(folder)
    cells = [live(source) for source in (SQUARE, AT_ONE, TURN, SHOWN)]
    book.add("live", [*cells, prose("## Derive"), code(PRINTED)])
    passed, output = book.build()
    assert passed, output
    assert "Derive, code cell 6, stays as printed: needs plt of a cell" in output
    if WITHOUT in output:
        pytest.skip("Pyodide could not be fetched")
    return book


@pytest.fixture(scope="module")
def server(book: SmallBook) -> Iterator[ThreadingHTTPServer]:
    """Where the small book is served."""
    with served(book.folder / "_build" / "html") as server:
        yield server


Opener = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: ThreadingHTTPServer) -> Iterator[Opener]:  # noqa: F811
    """Open the page of live cells in a context of its own; no script error is left."""
    contexts, errors = [], []

    def opened(**options: object) -> Page:
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.set_default_timeout(LOADED)
        server.asked.clear()
        server.broken.clear()
        server.gate.clear()
        tab.goto(f"{server.home}notebooks/live.html")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(scope="module")
def tab(browser: Browser, server: ThreadingHTTPServer) -> Iterator[Page]:  # noqa: F811
    """A tab whose page has loaded Python."""
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(LOADED)
    server.broken.clear()
    tab.goto(f"{server.home}notebooks/live.html")
    opened(tab, 0)
    says(tab, 0, "Every step holds.")
    yield tab
    context.close()


def cell(tab: Page, number: int) -> Locator:
    """A live cell of the page."""
    return tab.locator("div.cell.tag_live").nth(number)


def status(tab: Page, number: int) -> Locator:
    """The line that says how a cell stands."""
    return cell(tab, number).get_by_role("status")


def says(tab: Page, number: int, words: str | re.Pattern[str]) -> None:
    """Wait until this is how a cell stands."""
    expect(status(tab, number)).to_have_text(words, timeout=LOADED)


def opened(tab: Page, number: int) -> Locator:
    """The editor of a live cell, opened if it is not yet."""
    button = cell(tab, number).get_by_role("button", name="Try it")
    if button.is_visible():
        button.click()
    return cell(tab, number).get_by_role("textbox")


def result(tab: Page, number: int, text: str) -> Locator:
    """What a cell shows after its code was replaced by another and run."""
    editor = opened(tab, number)
    editor.fill(text)
    expect(status(tab, number)).not_to_have_text("Checking.", timeout=LOADED)
    editor.press("Shift+Enter")
    says(tab, number, FINISHED)
    return cell(tab, number).locator(".live-output")


def test_nothing_is_loaded_before_the_first_press(
    open_page: Opener, server: ThreadingHTTPServer
) -> None:
    tab = open_page()
    server.broken["python.bin"] = "late"
    tab.wait_for_load_state("networkidle")
    packed = [path for path in server.asked if "/live/" in path]
    assert not packed, packed
    opened(tab, 0)
    expect(cell(tab, 0).locator(".live-bytes")).to_contain_text("MB", timeout=LOADED)
    says(tab, 0, "Loading Python.")
    server.gate.set()
    says(tab, 0, "Every step holds.")
    packed = [path for path in server.asked if "/live/" in path]
    assert len(packed) == len(set(packed)), "something is loaded twice"
    site = Path(server.RequestHandlerClass.keywords["directory"])
    licences = next(site.glob("_static/live/*/LICENSES.txt")).read_text("utf-8")
    for words in ("Pyodide 3", "SymPy Development Team", "Fredrik Johansson", "PYTHON"):
        assert words in licences, words
    sizes = [(site / path.lstrip("/")).stat().st_size for path in packed]
    assert sum(sizes) <= WEIGHT, f"{sum(sizes)} bytes: {packed}"


def test_results_look_as_on_the_page(tab: Page) -> None:
    shown = result(tab, 0, SQUARE)
    assert shown.locator("table.derivation tbody tr").count() == 2
    assert shown.locator(".katex-html").count() >= 3
    assert shown.locator("em").inner_text() == "square"
    shown = result(tab, 1, AT_ONE)
    assert shown.locator(".nk-claim.nk-proved").inner_text() == "✓ proved"
    shown = result(tab, 3, SHOWN)
    assert shown.locator("table th").all_inner_texts() == ["n", "root"]
    assert shown.locator("pre").inner_text().strip() == "printed"
    assert shown.locator(".math-scroll .katex").count()
    for number in (0, 1, 3):
        printed = tab.locator("div.cell.tag_live").nth(number)
        built = printed.locator(".cell_output:not(.live-output)").evaluate_all(SAID)
        new = printed.locator(".live-output").evaluate_all(SAID)
        assert new == built and built, number


def test_a_broken_step_is_refused_with_its_point(tab: Page) -> None:
    said = result(tab, 0, SQUARE.replace("2 * x", "3 * x")).locator(".live-wrong")
    for words in ("step 1", "left:", "right:", "at:    x ="):
        expect(said).to_contain_text(words)
    says(tab, 0, re.compile("does not hold"))


def test_a_cell_sees_what_the_reader_changed_above(tab: Page) -> None:
    result(tab, 0, SQUARE.replace("x + 1) ** 2", "x - 1) ** 2").replace("+ 2", "- 2"))
    shown = result(tab, 1, AT_ONE)
    expect(shown.locator(".live-wrong")).to_contain_text("square-at-one")
    cell(tab, 0).get_by_role("button", name="Reset").click()
    assert opened(tab, 0).input_value() == SQUARE
    says(tab, 1, "A cell above has changed: run this one again.")
    opened(tab, 0).fill("what is only typed does not count")
    result(tab, 1, AT_ONE)
    says(tab, 1, "claim proved.")
    cell(tab, 0).get_by_role("button", name="Reset").click()


def test_closing_shows_the_page_and_keeps_the_text(tab: Page) -> None:
    printed = cell(tab, 3).locator(".cell_output:not(.live-output)").first
    result(tab, 3, "x = 7\nx")
    expect(printed).to_be_hidden()
    cell(tab, 3).get_by_role("button", name="Close").click()
    expect(printed).to_be_visible()
    expect(cell(tab, 3).locator(".live-output")).to_be_hidden()
    editor = opened(tab, 3)
    assert editor.input_value() == "x = 7\nx"
    cell(tab, 3).get_by_role("button", name="Reset").click()
    assert editor.input_value() == SHOWN
    tab.keyboard.press("Control+z")
    assert editor.input_value() == "x = 7\nx"


@pytest.mark.parametrize(
    ("name", "how"), [("wasm.bin", "missing"), ("python.bin", "cut")]
)
def test_what_does_not_arrive_whole_ends_in_a_sentence(
    open_page: Opener, server: ThreadingHTTPServer, name: str, how: str
) -> None:
    tab = open_page()
    server.broken[name] = how
    opened(tab, 0)
    says(tab, 0, re.compile(f"could not be loaded whole: {name}"))


def test_a_result_that_comes_too_late_is_not_shown(
    open_page: Opener, server: ThreadingHTTPServer
) -> None:
    tab = open_page()
    shown = cell(tab, 0).locator(".live-output")
    server.broken["katex.min.js"] = "missing"
    opened(tab, 0)
    says(tab, 0, "Every step holds.")
    assert shown.locator("code").count() >= 3 and not shown.locator(".katex").count()
    server.broken["katex.min.js"] = "late"
    cell(tab, 0).get_by_role("button", name="Run").click()
    tab.wait_for_timeout(2000)
    cell(tab, 0).get_by_role("button", name="Close").click()
    server.gate.set()
    tab.wait_for_function("() => window.katex")
    tab.wait_for_timeout(200)
    expect(shown).to_be_hidden()
    expect(cell(tab, 0).locator(".cell_output:not(.live-output)").first).to_be_visible()
    opened(tab, 0)
    expect(shown.locator(".katex").first).to_be_visible(timeout=LOADED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nk.derive(x,", "SyntaxError in line 1"),
        ("x = 1\nunknown", "NameError in line 2"),
        ("nk.Measured(1, 1, tolerance=1, how='computed', what='one').judge()", "NumPy"),
        ("import numpy", "numpy"),
    ],
)
def test_what_cannot_run_says_why(tab: Page, text: str, words: str) -> None:
    expect(result(tab, 3, text).locator(".live-wrong")).to_contain_text(words)


def test_lines_of_ones_own_are_checked_as_they_are_written(tab: Page) -> None:
    editor = opened(tab, 2)
    says(tab, 2, re.compile("not reached yet"))
    editor.fill(TURN[:-3])
    says(tab, 2, "Not complete yet.")
    line = '# your lines, each (expression, "reason")'
    editor.fill(TURN.replace(line, '(x**2 + 1, "multiply"),'))
    wrong = cell(tab, 2).locator(".live-wrong")
    expect(wrong).to_contain_text("The sign of 1 · (−1) is lost.", timeout=LOADED)
    editor.fill(TURN.replace(line, '(x**2 - x + x - 1, "multiply"),'))
    says(tab, 2, "The goal is reached.")


def test_a_computation_is_stopped_by_hand_and_by_the_clock(open_page: Opener) -> None:
    tab = open_page()
    tab.clock.install()
    editor = opened(tab, 0)
    says(tab, 0, "Every step holds.")
    for press in (
        lambda: cell(tab, 0).get_by_role("button", name="Stop").click(),
        lambda: tab.clock.fast_forward(20_000),
    ):
        editor.fill("while True:\n    pass")
        editor.press("Shift+Enter")
        says(tab, 0, "Checking.")
        tab.wait_for_timeout(1000)  # the clock of the cell itself runs
        press()
        says(tab, 0, re.compile("Stopped"))
    editor.fill(SQUARE)
    editor.press("Shift+Enter")
    says(tab, 0, "Every step holds.")


def test_two_cells_at_once_both_get_their_verdict(open_page: Opener) -> None:
    tab = open_page()
    opened(tab, 0)
    opened(tab, 1)
    says(tab, 1, "Waiting for another cell.")
    says(tab, 0, "Every step holds.")
    says(tab, 1, "claim proved.")


def test_the_keyboard_alone_is_enough(tab: Page) -> None:
    opened(tab, 3)
    cell(tab, 3).get_by_role("button", name="Close").focus()
    tab.keyboard.press("Enter")
    expect(cell(tab, 3).get_by_role("button", name="Try it")).to_be_focused()
    tab.keyboard.press("Enter")
    editor = cell(tab, 3).get_by_role("textbox")
    expect(editor).to_be_focused()
    expect(cell(tab, 3).get_by_text("Escape leaves it")).to_be_visible()
    run = cell(tab, 3).get_by_role("button", name="Run")
    tab.keyboard.press("Tab")  # nothing is typed yet: the editor is only passed
    expect(run).to_be_focused()
    tab.keyboard.press("Shift+Tab")
    expect(editor).to_be_focused()
    editor.fill("one\ntwo")
    tab.keyboard.press("Control+Home")
    tab.keyboard.press("Tab")
    assert editor.input_value() == "    one\ntwo"
    tab.keyboard.press("Control+z")
    assert editor.input_value() == "one\ntwo"
    tab.keyboard.press("Control+a")
    tab.keyboard.press("Tab")
    assert editor.input_value() == "    one\n    two"
    tab.keyboard.press("Escape")
    expect(run).to_be_focused()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Tab")
    expect(run).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_anyone_can_use_it_on_a_phone(open_page: Opener, theme: str) -> None:
    viewport = {"width": 360, "height": 800}
    tab = open_page(color_scheme=theme, viewport=viewport)
    opened(tab, 0).fill(SQUARE.replace("2 * x", "3 * x"))
    opened(tab, 3)
    says(tab, 3, "Done.")
    opened(tab, 0).press("Shift+Enter")
    says(tab, 0, re.compile("does not hold"))
    assert not tab.evaluate(TOO_WIDE)
    found = Axe().run(tab, options=RULES).response["violations"]
    assert not found, json.dumps(found, indent=1)[:3000]


# Where it cannot run, it says so.


def test_without_javascript_a_sentence_says_what_is_missing(open_page: Opener) -> None:
    tab = open_page(java_script_enabled=False)
    assert "With JavaScript" in tab.locator("article").inner_text()
    assert not tab.get_by_role("button", name="Try it").count()


def test_without_webassembly_a_sentence_says_so(
    browser: Browser,  # noqa: F811
    server: ThreadingHTTPServer,
) -> None:
    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    tab = context.new_page()
    tab.goto(f"{server.home}notebooks/live.html")
    opened(tab, 0)
    says(tab, 0, re.compile("WebAssembly"))
    context.close()


def test_a_policy_that_refuses_webassembly_is_told(
    browser: Browser,  # noqa: F811
    book: SmallBook,
) -> None:
    site = book.folder / "_build" / "html"
    with served(site, policy=POLICY.replace("'wasm-unsafe-eval'", "")) as server:
        tab = browser.new_page()
        tab.goto(f"{server.home}notebooks/live.html")
        opened(tab, 0)
        says(tab, 0, re.compile("refuses WebAssembly"))
        tab.close()


def test_a_page_opened_as_a_file_says_so(browser: Browser, book: SmallBook) -> None:  # noqa: F811
    tab = browser.new_page()
    page = book.folder / "_build" / "html" / "notebooks" / "live.html"
    tab.goto(page.as_uri())
    opened(tab, 0)
    says(tab, 0, re.compile("opened as a file"))
    tab.close()


def test_without_network_the_book_is_built_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    book = SmallBook(tmp_path)
    book.add("alone", [live(SQUARE), prose("That is all.")])
    passed, output = book.build()
    assert passed and WITHOUT in output, output
    assert "live.js" not in book.page("alone")


def test_a_fetch_that_is_broken_off_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(*_: object, cwd: Path) -> None:
        (cwd / "node_modules" / "pyodide").mkdir(parents=True)
        raise subprocess.CalledProcessError(1, "npm", stderr="no network")

    monkeypatch.setattr(packing, "run", broken_off)
    assert packing.pack(tmp_path) is None
    assert not list(tmp_path.glob("pyodide-*/*"))


def test_a_compilation_that_fails_is_a_warning_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Path) -> None:
        raise subprocess.CalledProcessError(1, "node", stderr="SyntaxError: here")

    warned = []
    monkeypatch.setattr(packing, "fetch", lambda folder: folder)
    monkeypatch.setattr(packing, "fill", fails)
    monkeypatch.setattr(
        packing.logger, "warning", lambda text, *rest: warned.append(text % rest)
    )
    assert packing.pack(tmp_path) is None
    assert "SyntaxError: here" in warned[0]
    assert not list(tmp_path.glob("pack-*"))


# What a reader types stays in the worker.

BREAKOUTS = {
    "js": "import js\njs.fetch('/secret')",
    "pyodide": "from pyodide.http import open_url\nopen_url('/secret')",
    "urllib": "import urllib.request as r\nr.urlopen('HOMEsecret')",
    "a socket": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "a script": "from pyodide.code import run_js\nrun_js(\"fetch('/secret')\")",
    "the package loader": "import pyodide_js\npyodide_js.loadPackage('/secret.whl')",
    "a function's maker": (
        "import pyodide_js\nmaker = pyodide_js.registerJsModule.constructor\n"
        "maker(\"return import('/secret')\")()"
    ),
    "an async function's maker": (
        "import pyodide_js\nmaker = pyodide_js.loadPackage.constructor\n"
        "maker(\"return import('/secret')\")()"
    ),
    "a timer with a text": (
        "from pyodide_js._api import scheduleCallback\n"
        "scheduleCallback(\"import('/secret')\", 5)"
    ),
    "the page": "import js\njs.document.title = 'secret'",
}


# What each way meets, so that none fails by a slip of its own.
MEETS = {
    "js": "AttributeError in line 2: fetch",
    "pyodide": "No module named",  # what open_url needs is not packed
    "urllib": "No module named",
    "a socket": "unreachable",
    "a script": "cannot import name 'eval' from 'js'",
    "the package loader": "PyodideFuture",  # it fails later, or asks, which is counted
    "a function's maker": "'NoneType' object is not callable",
    "an async function's maker": "'NoneType' object is not callable",
    "a timer with a text": "not here",
    "the page": "AttributeError in line 2: document",
}

# Stands first in the worker, for a test that asks afterwards what is left. Not put in
# from outside: a worker that has loaded Python refuses everybody, and may be quicker.
PROBE = """{
    const me = self;
    const probe = name => {
        try {
            if (typeof me[name] !== "function") return String(me[name]);
            new me[name]("x", "url(/secret)");
            return "there";
        } catch (error) { return error.message; }
    };
    Object.defineProperty(Object.prototype, "probe", { value: probe });
}"""
OUTSIDE = [
    *("fetch", "XMLHttpRequest", "WebSocket", "FontFace", "fonts", "Worker", "caches"),
    *("indexedDB", "navigator", "location", "webkitRequestFileSystemSync", "Function"),
    *("eval", "importScripts", "BroadcastChannel", "Response", "Blob", "URL"),
]


def probed(route: Route) -> None:
    """Let a worker begin with the probe."""
    response = route.fetch()
    route.fulfill(response=response, body=PROBE + response.text())


@pytest.fixture(scope="module")
def lax(
    browser: Browser,  # noqa: F811
    book: SmallBook,
) -> Iterator[tuple[Page, ThreadingHTTPServer]]:
    """A tab that has loaded Python from a server without a policy, and the server."""
    site = book.folder / "_build" / "html"
    with served(site, policy="img-src *") as server:
        tab = browser.new_page()
        tab.route("**/worker.js", probed)
        tab.goto(f"{server.home}notebooks/live.html")
        opened(tab, 3)
        says(tab, 3, "Done.")
        yield tab, server
        tab.close()


@pytest.mark.parametrize("way", BREAKOUTS)
def test_a_cell_reaches_neither_network_nor_page(
    lax: tuple[Page, ThreadingHTTPServer], way: str
) -> None:
    tab, server = lax
    title = tab.title()
    server.asked.clear()
    shown = result(tab, 3, BREAKOUTS[way].replace("HOME", server.home))
    expect(shown).to_contain_text(MEETS[way])
    tab.wait_for_timeout(200)
    assert not [path for path in server.asked if "secret" in path]
    assert tab.title() == title


def test_of_the_worker_nothing_is_left_that_reaches_out(
    lax: tuple[Page, ThreadingHTTPServer],
) -> None:
    tab, server = lax
    server.asked.clear()
    asks = f"import pyodide_js\nfor name in {OUTSIDE}:\n"
    asks += "    print(name, pyodide_js.probe(name), sep=': ')"
    lines = result(tab, 3, asks).locator("pre").inner_text().strip().split("\n")
    assert len(lines) == len(OUTSIDE), lines
    for line in lines:
        assert line.endswith((": undefined", ": not here")), line
    tab.wait_for_timeout(200)
    assert not [path for path in server.asked if "secret" in path]


def test_what_a_cell_shows_is_text(tab: Page) -> None:
    tag = "<img src=/secret onerror=alert(1)>"
    link = r"$\\href{javascript:alert(1)}{x}\\includegraphics{/secret}$"
    shown = result(
        tab,
        3,
        f'print("{tag}")\nx = sp.Symbol("x")\n'
        f'nk.derive(x + x, (2 * x, "{tag} {link}"))\n'
        f'nk.claim("tag", "{tag} {link}", nk.Identity(x, x))\nsp.Symbol("{tag}")',
    )
    assert shown.inner_text().count("<img") >= 3
    assert not shown.locator("img, a, script").count()


# Every note.


def pages() -> list[str]:
    """The pages of the built site that have live cells."""
    found = sorted((SITE / "notebooks").glob("*.html"))
    return [
        path.name for path in found if "live.js" in path.read_text(encoding="utf-8")
    ]


SAID = r"""boxes => {
    const found = selector => boxes.flatMap(box => [...box.querySelectorAll(selector)]);
    const text = element => {
        const seen = element.cloneNode(true);
        // Of other seeds and settings only the build knows.
        const apart = seen.querySelectorAll(".katex, .nk-reach");
        apart.forEach(part => part.remove());
        const plain = seen.textContent.trim().replace(/\s+/g, " ");
        return plain.replace(/[’‘]/g, "'").replace(/[“”]/g, '"');
    };
    const formulas = element => [...element.querySelectorAll("math semantics")];
    // KaTeX wraps a thin space when it writes text, not when it makes nodes.
    const drawn = math =>
        math.firstChild.outerHTML.replace(/<mtext>(\s)<\/mtext>/g, "$1");
    const all = selector => found(selector).map(element =>
        [text(element), ...formulas(element).map(drawn)]);
    return [...all("p:has(.nk-claim)"), ...all("tr > *"), ...all(".math-scroll"),
        ...found("pre").map(text)];
}"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", pages())
def test_every_live_cell_says_in_the_page_what_it_said_in_the_build(
    browser: Browser,  # noqa: F811
    page: str,
) -> None:
    with served(SITE) as server:
        tab = browser.new_page()
        tab.goto(f"{server.home}notebooks/{page}")
        tab.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        for number in range(tab.locator("div.cell.tag_live").count()):
            outputs = cell(tab, number).locator(".cell_output")
            built, printed = outputs.evaluate_all(SAID), outputs.count()
            opened(tab, number)
            says(tab, number, FINISHED)
            new = cell(tab, number).locator(".live-output").evaluate_all(SAID)
            assert new == built, f"{page}, live cell {number + 1}"
            assert built or not printed, (
                f"{page}, live cell {number + 1} is not compared"
            )
        tab.close()


def test_the_notebooks_that_have_live_cells_have_live_pages() -> None:
    if not any((SITE.parent / "live").glob("pack-*")):
        pytest.skip("Pyodide could not be fetched")
    assert [f"{path.stem}.html" for path in tagged("live")] == pages()
