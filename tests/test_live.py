"""Statements about derivations that the reader changes in the page: about every live
cell of the built site, and about those of a small book, tried in a real browser."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat import NotebookNode
from playwright.sync_api import Browser, Locator, Page, expect
from test_site import RULES, TOO_WIDE, QuietHandler, browser  # noqa: F401

from support import NOTEBOOKS, ROOT, SITE, SmallBook, code, prose, read

sys.path += [str(ROOT / "book" / "extensions"), str(ROOT / "book" / "tools" / "live")]
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_derivation_that_runs_in_a_browser_has_the_tag(path: Path) -> None:
    cells = cells_of(path)
    if not any(cell.live for cell in cells):
        pytest.skip(f"no cell of {path.name} has the tag live")
    for position, (source, is_live) in enumerate(cells):
        if "nk.derive" in source and not is_live:
            reasons = obstacles(source, cells[:position])
            print(f"{path.stem}, cell {position + 1}: {'; '.join(reasons)}")
            assert reasons, f"{path.stem}, code cell {position + 1} lacks the tag live"


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
    """Serves files under a policy, and remembers which."""

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("Content-Security-Policy", self.server.policy)
        super().end_headers()

    def do_GET(self) -> None:
        """Remember what is asked for."""
        self.server.asked.append(self.path)
        super().do_GET()


@contextmanager
def served(site: Path, policy: str = POLICY) -> Iterator[ThreadingHTTPServer]:
    """A server of the site that remembers what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=site))
    server.asked, server.policy = [], policy
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
    book.add("live", [live(source) for source in (SQUARE, AT_ONE, TURN, SHOWN)])
    passed, output = book.build()
    assert passed, output
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
    tab.wait_for_load_state("networkidle")
    packed = [path for path in server.asked if "/live/" in path]
    assert not packed, packed
    opened(tab, 0)
    says(tab, 0, re.compile("MB"))
    says(tab, 0, "Every step holds.")
    packed = [path for path in server.asked if "/live/" in path]
    assert len(packed) == len(set(packed)), "something is loaded twice"
    site = Path(server.RequestHandlerClass.keywords["directory"])
    sizes = [(site / path.lstrip("/")).stat().st_size for path in packed]
    assert sum(sizes) <= WEIGHT, f"{sum(sizes)} bytes: {packed}"


def test_results_look_as_on_the_page(tab: Page) -> None:
    shown = result(tab, 0, SQUARE)
    assert shown.locator("table.derivation tr").count() == 2
    assert shown.locator(".katex-html").count() >= 3
    assert shown.locator("em").inner_text() == "square"
    shown = result(tab, 1, AT_ONE)
    assert shown.locator(".nk-claim.nk-proved").inner_text() == "✓ proved"
    shown = result(tab, 3, SHOWN)
    assert shown.locator("table th").all_inner_texts() == ["n", "root"]
    assert shown.locator("pre").inner_text().strip() == "printed"
    assert shown.locator(".math-scroll .katex").count()


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
    result(tab, 1, AT_ONE)
    says(tab, 1, "claim proved.")


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
    tab.keyboard.press("Control+Home")
    tab.keyboard.press("Tab")
    assert editor.input_value().startswith("    nk.table")
    tab.keyboard.press("Escape")
    expect(cell(tab, 3).get_by_role("button", name="Run")).to_be_focused()
    tab.keyboard.press("Shift+Tab")
    expect(editor).to_be_focused()
    tab.keyboard.press("Tab")  # not entered, it is only passed
    expect(editor).not_to_be_focused()


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
    "the page": "import js\njs.document.title = 'secret'",
}


@pytest.fixture(scope="module")
def lax(
    browser: Browser,  # noqa: F811
    book: SmallBook,
) -> Iterator[tuple[Page, ThreadingHTTPServer]]:
    """A tab that has loaded Python from a server without a policy, and the server."""
    site = book.folder / "_build" / "html"
    with served(site, policy="img-src *") as server:
        tab = browser.new_page()
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
    result(tab, 3, BREAKOUTS[way].replace("HOME", server.home))
    tab.wait_for_timeout(200)
    assert not [path for path in server.asked if "secret" in path]
    assert tab.title() == title


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


SAID = """boxes => {
    const found = selector => boxes.flatMap(box => [...box.querySelectorAll(selector)]);
    const text = element => {
        const seen = element.cloneNode(true);
        seen.querySelectorAll(".katex-mathml").forEach(hidden => hidden.remove());
        return seen.textContent.trim().replaceAll("’", "'");
    };
    const reasons = found("table.derivation tr").map(row => text(row.cells[2]));
    return [...found(".nk-claim").map(text), ...reasons, ...found("pre").map(text)];
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
            built = outputs.evaluate_all(SAID)
            opened(tab, number)
            says(tab, number, FINISHED)
            new = cell(tab, number).locator(".live-output").evaluate_all(SAID)
            assert new == built, f"{page}, live cell {number + 1}"
        tab.close()


def test_the_notebooks_that_have_live_cells_have_live_pages() -> None:
    if not (SITE.parent / "live").exists():
        pytest.skip("Pyodide could not be fetched")
    tagged = [
        path.stem
        for path in NOTEBOOKS
        if any("live" in cell.metadata.get("tags", []) for cell in read(path).cells)
    ]
    assert [f"{name}.html" for name in sorted(tagged)] == pages()
