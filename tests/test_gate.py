"""The build cannot lie: small books with broken notebooks, built by the real
`make book` with the real settings."""

from pathlib import Path

import joblib
import pytest

from support import SmallBook, code, prose

CLAIM = """\
two = nk.Measured(1 + 1, 2, tolerance=1e-9, how="computed", what="one and one")
nk.claim("small-sum", "One and one are two.", two)"""
DERIVE = """\
x = sp.Symbol("x")
nk.derive((x + 1) ** 2, (x**2 + 2 * x + 1, "expand the square"))"""
FIGURE = "figure, axes = plt.subplots()\naxes.plot([0, 1])\nplt.show()"
LINE = "def line(slope):\n    figure, axes = plt.subplots()\n    axes.plot([0, slope])"
EXPLORE = f"{LINE}\n\nnk.explore(line, slope=nk.slider(1, 3))"
ALT = {"alt": "A straight line that rises from left to right."}
CAPTION = {"caption": "A straight line.", "name": "fig-line"}


SOUND = [
    prose(
        "The claim is judged [below](#claim-small-sum); "
        "{numref}`fig-line` shows a line."
    ),
    code(CLAIM),
    code(DERIVE),
    code(FIGURE, image=ALT, figure=CAPTION),
    code(
        EXPLORE,
        image={"alt": "A line whose slope can be chosen."},
        figure={"caption": "A slope.", "name": "fig-slope"},
    ),
]

# What is broken, and the words by which the build must name it. A cell that raises ends
# the build …
RAISES = {
    "failing-assertion": (
        [code("assert 1 + 1 == 3, 'not three'")],
        ["AssertionError", "not three"],
    ),
    "failing-claim": (
        [code(CLAIM.replace("1 + 1", "1 + 2"))],
        ["ClaimError", "small-sum", "One and one are two."],
    ),
    "wrong-step": (
        [code(DERIVE.replace("2 * x", "3 * x"))],
        ["DerivationError", "step 1", "expand the square"],
    ),
}
# … and a warning lets it go on, so that it shows them all, and fails.
BAD_CLAIM = CLAIM.replace("small-sum", "bad-sum").replace("1 + 1", "1 + 2")
WARNS = {
    "lost-reference": ([prose("See {numref}`fig-nowhere`.")], "fig-nowhere"),
    "lost-link": ([prose("See [the claim](#claim-nowhere).")], "claim-nowhere"),
    "figure-without-alt-text": (
        [code(FIGURE, figure={"caption": "A line.", "name": "fig-first"})],
        "alt text",
    ),
    "player-without-alt-text": (
        [code(EXPLORE, figure={"caption": "A line.", "name": "fig-second"})],
        "alt text",
    ),
    "figure-without-caption": ([code(FIGURE, image=ALT)], "caption"),
    "repeated-claim": ([code(CLAIM), code(CLAIM)], "'small-sum' is used twice"),
    "recorded-failure": (
        [code('import os\nos.environ["NOTEKIT_CLAIMS"] = "record"'), code(BAD_CLAIM)],
        "the claim 'bad-sum'",
    ),
    "loud-cell": ([code("import warnings\nwarnings.warn('too loud')")], "stderr"),
}


@pytest.fixture
def book(tmp_path: Path) -> SmallBook:
    """A small book without notebooks."""
    return SmallBook(tmp_path)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the build of one book with all notebooks that raise says."""
    book = SmallBook(tmp_path_factory.mktemp("broken"))
    for name, (cells, _) in RAISES.items():
        book.add(name, cells)
    passed, output = book.build()
    assert not passed, f"the build passed:\n{output}"
    return output


@pytest.mark.parametrize("name", RAISES)
def test_a_cell_that_raises_ends_the_build(broken: str, name: str) -> None:
    parts = broken.split("ERROR: ")
    (report,) = [part for part in parts if part.startswith(f"notebooks/{name}.ipynb")]
    for words in RAISES[name][1]:
        assert words in report, f"the build does not name {words!r}:\n{report}"


MEET = """\
import time
from pathlib import Path
Path("{mine}.here").touch()
start = time.monotonic()
while not Path("{other}.here").exists():
    assert time.monotonic() < start + 100, "nobody came"
    time.sleep(0.1)"""


@pytest.mark.skipif(joblib.cpu_count() < 2, reason="one core runs one notebook")
def test_notebooks_run_at_the_same_time(book: SmallBook) -> None:
    for mine, other in (("first", "second"), ("second", "first")):
        book.add(mine, [], setup=MEET.format(mine=mine, other=other))
    passed, output = book.build()
    assert passed and ALONE not in output, output
    assert "without encryption" not in output, output


# What notebooks hold, and the words by which the build says why it failed.
FAILS = {
    "fails": ("assert 1 + 1 == 3, 'not three'", "not three"),
    "waits": ("open('missing').close()", "FileNotFoundError"),
    "stops": ("import os\nos._exit(1)", "DeadKernelError"),
    "sleeps": ("import time\ntime.sleep(1000)", "CellTimeoutError"),
    "sound": ("1 + 1", ""),
}


def test_all_notebooks_that_fail_are_named_and_none_is_reused(book: SmallBook) -> None:
    config = book.folder / "_config.yml"
    config.write_text(config.read_text().replace("timeout: 300", "timeout: 30"))
    for name, (source, _) in FAILS.items():
        book.add(name, [], setup=source)
    passed, output = book.build()
    assert not passed and "4 of 5 notebooks failed" in output, output
    for name, (_, words) in FAILS.items():
        assert f"{name}.ipynb{' failed' * bool(words)}, " in output, output
        assert words in output, output

    (book.folder / "notebooks" / "missing").touch()
    for name in ("fails", "stops", "sleeps"):
        book.remove(name)
    passed, output = book.build()
    assert passed and output.count(EXECUTED) == 1 and "waits.ipynb, " in output, output


def test_one_warning_is_enough_to_fail_the_build(book: SmallBook) -> None:
    book.add("lost-reference", WARNS["lost-reference"][0])
    for _ in ("the first time", "and again"):
        passed, output = book.build()
        assert not passed and output.count(": WARNING: ") == 1, output


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the build of one book with all notebooks that warn says."""
    book = SmallBook(tmp_path_factory.mktemp("warned"))
    for name, (cells, _) in WARNS.items():
        book.add(name, cells)
    passed, output = book.build()
    assert not passed, f"the build passed:\n{output}"
    return output


@pytest.mark.parametrize("name", WARNS)
def test_a_broken_page_is_a_warning_that_names_it(warned: str, name: str) -> None:
    warnings = [line for line in warned.splitlines() if "WARNING: " in line]
    assert any(
        f"notebooks/{name}" in line and WARNS[name][1] in line for line in warnings
    ), warned


LANDING = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

# A page of Markdown that runs code

```{code-cell} ipython3
print(1 + 1)
```
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """A sound book, built once, whose landing page runs code too."""
    book = SmallBook(tmp_path_factory.mktemp("sound"))
    book.add("sound", SOUND)
    (book.folder / "book" / "intro.md").write_text(LANDING)
    passed, output = book.build()
    assert passed and EXECUTED in output and ALONE not in output, output
    return book


EXECUTED = "running notebooks... "  # what the build says as each notebook ends
ALONE = "Executed notebook in"  # what myst-nb says when it has to run one itself


def test_a_sound_book_is_built(sound: SmallBook) -> None:
    assert "One and one are two." in sound.page("sound")


def test_changed_prose_executes_nothing(sound: SmallBook) -> None:
    sound.add("sound", [*SOUND, prose("An afterthought.")])
    passed, output = sound.build()
    assert passed and EXECUTED not in output, output
    assert "An afterthought." in sound.page("sound")


INPUTS = (
    "notebooks/notekit/style.py",
    "notebooks/dgcnn-data/not-json.json",
    "requirements.lock",
)


@pytest.mark.parametrize("name", INPUTS)
def test_a_changed_dependency_executes_everything(sound: SmallBook, name: str) -> None:
    with (sound.folder / name).open("a") as file:
        file.write("\n# changed\n")
    passed, output = sound.build()
    assert passed and EXECUTED in output, output
