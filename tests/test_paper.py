"""Statements about the book on paper and in an archive: real prints, looked at."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, expect
from test_light import NOTES

from editions import ARCHIVE, BOOK
from support import ROOT, SETUP, SmallBook, code, make_book, prose
from test_site import address, browser  # noqa: F401 (fixtures)

TEXT_WIDTH = 657  # pixels, of A4 between the margins of paper.css
TOP, BOTTOM = 16 / 297, 20 / 297  # the margins, of the height
# Wider than the page, and numbers of equations that stand upon a formula or not at the
# right; a formula's boxes say where it is drawn.
STICKS_OUT = """() => {
    const edge = document.documentElement.clientWidth + 3;
    const box = e => e.getBoundingClientRect();
    const wide = [...document.querySelectorAll("article :is(p, pre, td, .base, svg)")]
        .filter(e => e.checkVisibility() && box(e).right > edge)
        .map(e => e.outerHTML.slice(0, 200));
    const beside = (a, b) => a.top < b.bottom - 2 && b.top < a.bottom - 2;
    const off = [...document.querySelectorAll(".eqno")].filter(number => {
        const own = box(number), bases = number.parentElement.querySelectorAll(".base");
        return own.right < edge - 10
            || [...bases].some(e => beside(box(e), own) && box(e).right > own.left);
    });
    return [...wide, ...off.map(e => e.parentElement.textContent.slice(0, 200))];
}"""


def filled(path: Path) -> list[float]:
    """How far down every page but the last is filled, of the room for text."""
    shares = []
    with pypdfium2.PdfDocument(path) as file:
        for page in list(file)[:-1]:
            picture = page.render(scale=0.3, grayscale=True).to_pil()
            assert picture.getpixel((1, 1)) == 255, "the paper is not white"
            ink = picture.point(lambda grey: 255 * (grey < 245))
            room = ink.crop((0, 0, ink.width, int(ink.height * (1 - BOTTOM))))
            last = (room.getbbox() or (0, 0, 0, 0))[3] / ink.height
            shares.append((last - TOP) / (1 - TOP - BOTTOM))
    return shares


def squeezed(words: str) -> str:
    """Without spaces and ends of lines, which a reader of PDF files guesses."""
    return "".join(words.split())


def text(path: Path) -> list[str]:
    """The words of every page, squeezed."""
    with pypdfium2.PdfDocument(path) as file:
        return [squeezed(page.get_textpage().get_text_range()) for page in file]


@pytest.fixture(scope="module")
def print_note(browser: Browser, address: str, tmp_path_factory: Any) -> Any:  # noqa: F811
    """Prints a note as a reader does: the PDF file, and what sticks out; once each."""
    folder = tmp_path_factory.mktemp("paper")

    def printed(page: str, choice: str) -> tuple[Path, list[str]]:
        size = {"width": TEXT_WIDTH, "height": 900}
        context = browser.new_context(viewport=size, color_scheme="dark")
        tab = context.new_page()  # noqa: F811
        tab.add_init_script(f"localStorage.code = '{choice}'")
        tab.goto(address + page)
        tab.emulate_media(media="print")
        tab.evaluate("document.fonts.ready.then(() => true)")
        wrong = tab.evaluate(STICKS_OUT)
        path = folder / f"{Path(page).stem}-{choice}.pdf"
        tab.pdf(path=path, format="A4", print_background=True)
        context.close()
        return path, wrong

    return cache(printed)


@pytest.mark.parametrize("page", NOTES)
def test_a_note_without_code_has_at_most_25_pages(print_note: Any, page: str) -> None:
    path, _ = print_note(page, "none")
    assert len(text(path)) <= 25, f"{page} has {len(text(path))} pages"


@pytest.mark.parametrize("page", NOTES)
def test_pages_of_a_note_are_full(print_note: Any, page: str) -> None:
    shares = filled(print_note(page, "none")[0])
    assert sum(share < 0.7 for share in shares) <= 1, f"{page}: {shares}"  # a figure's


@pytest.mark.parametrize("page", NOTES)
def test_formulas_numbers_and_tables_stay_on_the_page(
    print_note: Any, page: str
) -> None:
    assert not print_note(page, "none")[1]


# A small book: everything that can be wrong on paper, and its editions.

LONG = "\n".join(f"long_{number} = {number}  # line {number}" for number in range(130))
FOLDED = "\n".join(f"folded_{number} = {number}" for number in range(90))
INTRO = """\
# A small book

Its pages follow.

Read
: All of it. <!-- editions -->

More in [the first note](../notebooks/first.ipynb) and [its site](https://example.org).
"""
WIDE, LESS = (" + ".join(f"a_{{{n}}}" for n in range(count)) for count in (40, 17))
HEADING = "Formulas so many and so wide that a heading on two lines must name them"
CELLS = [
    code(SETUP),
    prose("## Much code\n\nSee the [second note](second.ipynb#an-end)."),
    code(LONG),
    code(f"# a fold\n{FOLDED}"),
    prose(f"## {HEADING}\n\n$$a = {WIDE}$$ (wide)\n\n$$b = {LESS}$$ (less)"),
    code(
        "def draw(n):\n    figure, axes = plt.subplots()\n    axes.plot([0, n])\n"
        "    return figure\n\nnk.explore(draw, n=nk.slider([1, 2, 3]))",
        image={"alt": "A line."},
        figure={"caption": "A line."},
    ),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: Any) -> Iterator[Path]:
    """The site of a small book, with its editions."""
    book = SmallBook(tmp_path_factory.mktemp("editions"))
    (book.folder / "book" / "intro.md").write_text(INTRO)
    book.add("second", [prose("## An end\n\nNo more.")], setup="1 + 1")
    for cell in CELLS[0], CELLS[3]:
        cell.metadata["tags"] = ["hide-input"]
    book.add("first", CELLS, setup="1 + 1")
    result = make_book(book.folder, "pdf", "offline", "CODE=all")
    assert result.returncode == 0, result.stdout
    yield book.folder / "_build" / "html"


def test_long_code_is_printed_whole_and_leaves_no_gap(small: Path) -> None:
    path = small / "notebooks" / "first.pdf"
    words = "".join(text(path))
    for line in ("long_0=0", "long_129=129", "folded_0=0", "folded_89=89"):
        assert line in words, f"{line} is not printed"
    assert "nk.setup()" not in words, "set-up is printed"
    assert min(filled(path)) > 0.7


def test_the_contents_name_the_sheet_of_every_part(small: Path) -> None:
    words = text(small / BOOK)
    with pypdfium2.PdfDocument(small / BOOK) as file:
        outline = [
            (entry.get_title(), entry.get_dest().get_index() + 1)
            for entry in file.get_toc()
            if entry.level < 2
        ]
        assert file.get_metadata_dict()["Title"] == "A small book"
    cover, contents, *rest = outline
    assert cover == ("A small book", 1) and contents == ("Contents", 2)
    assert len(rest) == 6 and HEADING in dict(rest)
    listed = "".join(f"{squeezed(title)}{number}" for title, number in rest)
    assert words[1] == f"2Contents{listed}"
    for title, number in rest:
        assert squeezed(title) in words[number - 1]
        assert words[number - 1].startswith(str(number)), "a page has no number"


def test_links_of_the_printed_book_stay_in_it_or_lead_to_the_web(small: Path) -> None:
    for path in small.rglob("*.pdf"):
        found = set(re.findall(rb"/URI \((.*?)\)", path.read_bytes()))
        assert found <= {b"https://example.org/"}, f"{path.name}: {found}"
    data = (small / BOOK).read_bytes()
    assert b"/Dest /notebooks#2Fsecond.html.an-end" in data
    assert b"/StructTreeRoot" in data and b"/Lang (en)" in data


def links(site: Path, page: str) -> list[str]:
    """The editions that a page offers."""
    found = (site / page).read_text(encoding="utf-8")
    return re.findall(r'href="([^"]+\.pdf|[^"]*offline\.zip)"', found)


def test_pages_offer_the_editions_that_are_there(small: Path) -> None:
    for page in small.glob("*/*.html"):
        name = page.relative_to(small).as_posix()
        for link in links(small, name):
            assert (page.parent / link).resolve().is_file(), f"{name} offers {link}"
    assert links(small, "book/intro.html") == [f"../{BOOK}", f"../{ARCHIVE}"]
    assert links(small, "notebooks/first.html") == ["../notebooks/first.pdf"]


def test_the_archive_opens_as_files_with_search_and_figures(
    small: Path,
    tmp_path: Path,
    browser: Browser,  # noqa: F811
) -> None:
    with zipfile.ZipFile(small / ARCHIVE) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert not [*folder.rglob("*.pdf"), *folder.rglob(ARCHIVE)]
    for page in folder.rglob("*.html"):
        assert not links(folder, page.relative_to(folder).as_posix())
    context = browser.new_context()
    tab, wrong = context.new_page(), []  # noqa: F811
    tab.on("console", lambda m: m.type == "error" and wrong.append(m.text))
    tab.goto((folder / "index.html").as_uri())
    tab.wait_for_url("**/book/intro.html")
    tab.get_by_role("link", name="Search").click()
    tab.get_by_role("searchbox").fill("formulas")
    tab.locator("#found a").first.click()
    expect(tab.locator("article h1")).to_have_text("first#")
    player = tab.locator("nk-player")
    before = player.locator(".nk-stage").inner_html()
    player.locator("input").press("ArrowRight")
    expect(player.get_by_role("status")).to_have_count(1)
    tab.wait_for_function(
        "old => document.querySelector('.nk-stage').innerHTML !== old", arg=before
    )
    assert not wrong
    context.close()


def test_a_page_that_is_built_again_drops_its_editions(small: Path) -> None:
    folder = small.parents[1]
    with (folder / "book" / "intro.md").open("a") as file:
        file.write("\nA new line.\n")
    result = make_book(folder)
    assert result.returncode == 0, result.stdout
    assert not [*small.rglob("*.pdf"), *small.rglob(ARCHIVE)]
    assert not links(small, "book/intro.html")


# What is missing is said.


@pytest.mark.parametrize(
    "change, said",
    [
        ({"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": "/nowhere"}, "install it"),
        ({"CODE": "much"}, "CODE=much: it is one of all, some, none."),
    ],
)
def test_what_printing_lacks_is_said(change: dict, said: str) -> None:
    program = ROOT / "book" / "tools" / "press.py"
    result = subprocess.run(
        [sys.executable, program],
        env={**os.environ, **change},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert said in result.stderr and "Traceback" not in result.stderr


def test_an_edition_needs_a_site(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "book" / "tools", tmp_path / "book" / "tools")
    program = tmp_path / "book" / "tools" / "editions.py"
    result = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert result.returncode == 1 and "run make book first" in result.stderr
