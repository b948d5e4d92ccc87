"""A sheet has two pages of A4, and gives nothing away."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page

import handouts
from plain import equation_numbers
from support import NOTEBOOKS, read
from test_site import browser  # noqa: F401
from test_slides import page, pages  # noqa: F401
from test_student import secrets, squeezed, telling

every_note = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
A4 = rb"/MediaBox\s*\[0 0 59[45](?:\.\d+)? 84[12](?:\.\d+)?\]"


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make handouts writes."""
    folder = tmp_path_factory.mktemp("handouts") / "sheets"
    handouts.write(folder, NOTEBOOKS)
    return folder


@every_note
def test_a_sheet_has_two_pages(path: Path, sheets: Path) -> None:
    pdf = (sheets / f"{path.stem}.pdf").read_bytes()
    assert pages(pdf) == 2
    assert len(re.findall(A4, pdf)) >= 1 and pdf.count(b"/MediaBox") == len(
        re.findall(A4, pdf)
    )


@every_note
def test_a_sheet_gives_nothing_away(path: Path) -> None:
    note = read(path)
    sheet = handouts.html(note)
    text = squeezed(BeautifulSoup(sheet, "html.parser").get_text(" "))
    assert not [line for line in secrets(note) if line in text]
    shown = BeautifulSoup(sheet, "html.parser")
    assert not any(cell.get_text(strip=True) for cell in shown.select(".reason"))
    reasons = [
        line.rsplit("|", 2)[1].strip()
        for cell in note.cells
        for output in cell.get("outputs", [])
        for line in output.get("data", {}).get("text/markdown", "").splitlines()[2:]
        if handouts.LINES in output.data["text/markdown"]
    ]
    derived = squeezed(shown.select_one(".derivations").get_text(" "))
    told = [reason for reason in reasons if telling(reason)]
    assert not [reason for reason in told if reason in derived]


@every_note
def test_a_sheet_has_all_exercises_and_empty_axes(path: Path) -> None:
    note, shown = read(path), BeautifulSoup(handouts.html(read(path)), "html.parser")
    prose = "\n".join(c.source for c in note.cells if c.cell_type == "markdown")
    titles = re.findall(r"^### (★+ .*)$", prose.split("## Exercises")[1], re.M)
    wanted = [title for title in titles if "Your turn" not in title]
    assert len(wanted) >= 4 and [h.get_text() for h in shown.select("h3")] == [
        re.sub(r"\$", "", title) for title in wanted
    ]
    drawing = shown.select_one("figure svg")
    # What is drawn is cut at the edges of the axes; only the lines of a grid are left.
    cut = [part for part in drawing.select("[clip-path]") if part.name == "path"]
    straight = re.compile(r"M ?([\d.]+) ([\d.]+) ?[LVHlvh][^LVHlvhCc]*$")
    assert all(straight.match(part["d"]) for part in cut), cut[-1]
    assert drawing.select("text") and shown.select_one("figcaption").get_text()


CITING = {"batch-norm", "multilabel-softmax"}


@every_note
def test_a_sheet_shows_the_equations_that_it_names(path: Path) -> None:
    note, shown = read(path), BeautifulSoup(handouts.html(read(path)), "html.parser")
    texts = [*handouts.exercises(note), handouts.figure(note)[1]]
    cited = re.findall(r"\{eq\}`([^`]+)`", "\n".join(texts))
    numbers = [f"({equation_numbers(note)[label]})" for label in cited]
    tags = [part.get_text() for part in shown.select(".katex-html .tag")]
    assert sorted(tags) == sorted(numbers) and bool(tags) == (path.stem in CITING)


@every_note
def test_nothing_on_a_sheet_is_cut(
    path: Path,
    sheets: Path,
    page: Page,  # noqa: F811
    tmp_path: Path,
) -> None:
    handouts.lay_out(tmp_path)
    (tmp_path / "sheet.html").write_text(handouts.html(read(path)), encoding="utf-8")
    page.goto((tmp_path / "sheet.html").as_uri())
    page.wait_for_selector("body.ready")
    found = page.evaluate(
        """() => [...document.querySelectorAll("section")].flatMap(sheet => {
          const edge = sheet.getBoundingClientRect();
          return [...sheet.querySelectorAll("p, table, svg, .room, figcaption, h3")]
            .map(part => [part, part.getBoundingClientRect()])
            .filter(([part, box]) => box.width
              && (box.right > edge.right - 20 || box.bottom > edge.bottom - 20))
            .map(([part]) => part.outerHTML.slice(0, 80));
        })"""
    )
    assert not found
    shown = page.locator(".derivation:visible")
    assert shown.count() >= 2
    boxes = [box.bounding_box() for box in shown.all()]
    boxes += [page.locator("figure").bounding_box()]
    for above, below in zip(boxes, boxes[1:]):
        assert above["y"] + above["height"] <= below["y"] + 1


def test_a_figure_keeps_its_axes_only() -> None:
    svg = (
        '<svg><g><g><path d="M 0 0 L 9 9"/></g><g><g><path d="M 0 0"/></g>'
        '<g><path clip-path="url(#a)" d="M1 2l3 4"/></g>'
        "<g><g><g><path d='M 0 1 L 0 2'/></g><g><text>0.5</text></g></g></g>"
        '<g><path d="M 0 0 L 0 9"/></g><g><text>curve</text></g></g></g></svg>'
    )
    found = handouts.axes(svg)
    assert "0.5" in found and "M 0 0 L 0 9" in found
    assert "curve" not in found and "l3 4" not in found
