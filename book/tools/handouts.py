"""Makes a sheet of two pages for every note, to print and to write on.

The first page has derivations of the note, their reasons left blank, and the axes of
its first interactive figure, to sketch the curves in; the second has the exercises.
All of it is taken from the stored note; Chromium prints it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from playwright.sync_api import Page, sync_playwright

from kernels import BUILD
from plain import Plain, equation_numbers, known_sources
from slides import INSIDE, JUDGED, MARKDOWN, NOTEBOOKS, STYLE
from student import SOLUTION, tags

SHEET = Path(__file__).resolve().parent / "handout"
LINES = "|---:|:---|:---|"  # below the first line of a derivation
FOLD = re.compile(r"^:::\{dropdown\}.*?\n:::[ \t]*$", re.M | re.S)
EQUATION = re.compile(r"\$\$(?:(?!\$\$).)+\$\$ *\(([\w-]+)\)[ \t]*$", re.M | re.S)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def section(notebook: NotebookNode, start: str, end: str) -> list[NotebookNode]:
    """The Markdown cells from one heading to another, without the text around these."""
    found, inside = [], False
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        if re.search(rf"^## {start}", text, re.M):
            text, inside = re.split(rf"^## {start}.*$", text, flags=re.M)[1], True
        over = inside and re.search(rf"^## {end}", text, re.M)
        if inside and text:
            text = re.split(rf"^## {end}", text, flags=re.M)[0]
            found.append(NotebookNode(cell, source=text))
        if over:
            break
    return found


def derivations(notebook: NotebookNode) -> Iterator[str]:
    """Derivations of the note with no reason, then those that the reader writes."""
    inside, own = False, []
    for cell in notebook.cells:
        inside = inside or bool(re.search("^## Exercises", cell.source, re.M))
        for output in cell.get("outputs", []):
            table = output.get("data", {}).get("text/markdown", "").splitlines()
            if table[1:2] != [LINES] or "hide-cell" in tags(cell) and inside:
                continue
            if "your-turn" in tags(cell):
                own.append(blank([*table[:2], *["| $=$ | |"] * 2, table[-1]]))
            elif not inside:
                yield blank(table)
    yield from own


def blank(table: list[str]) -> str:
    """A derivation with room in the column of reasons, and no word."""
    rows = BeautifulSoup(MARKDOWN.render("\n".join(table)), "html.parser")
    for number, row in enumerate(rows.select("tr")):
        cells = row.select("td, th")
        cells[2].string = ""
        cells[2]["class"] = "reason" if number else ""
        if not cells[1].get_text(strip=True):
            cells[1]["class"] = "line"
    return str(rows).replace("?", "=")


def axes(svg: str) -> str:
    """A figure's axes and the lines of their frames, without what is drawn in them."""
    drawing = BeautifulSoup(svg, "html.parser")
    for panel in drawing.select("svg > g > g"):
        parts = panel.find_all("g", recursive=False)
        # An axis has ticks, which are groups in groups; the frame is drawn after it.
        kept = [part for part in parts if part.select_one(":scope > g > g")][:2]
        for index, part in enumerate(parts):
            frame = kept and index > parts.index(kept[-1])
            frame = frame and not part.select_one("text, use, [clip-path]")
            if not frame and part not in kept:
                part.decompose()
    return str(drawing.svg)


def figure(notebook: NotebookNode) -> tuple[str, str]:
    """The axes of the first interactive figure, and its caption.

    A caption that speaks of the formula means the last one above that has a number.
    """
    formula = "the formula"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := EQUATION.findall(cell.source)):
            formula = f"the formula {{eq}}`{found[-1]}`"
        if cell.cell_type == "code" and "nk.explore(" in cell.source:
            data = next(
                o.data for o in cell.outputs if "image/svg+xml" in o.get("data", {})
            )
            words = cell.metadata.get("mystnb", {}).get("figure", {})
            caption = words.get("caption", "").replace("the formula", formula)
            return axes(data["image/svg+xml"]), caption
    raise ValueError("no cell shows an interactive figure")


def exercises(notebook: NotebookNode) -> list[str]:
    """The text of each exercise, without hints and solutions."""
    texts = []
    for cell in section(notebook, "Exercises", "In one minute"):
        if not {"check", "your-turn"} & set(tags(cell)):
            texts.append(FOLD.sub("", SOLUTION.sub("", cell.source)))
    parts = re.split(r"^### ", "\n\n".join(texts), flags=re.M)[1:]
    return [re.sub(r"\nHint:[^\n]*", "", part).strip() for part in parts]


def html(notebook: NotebookNode) -> str:
    """The sheet of a note."""
    plain = Plain(equation_numbers(notebook), known_sources(), "")
    prose = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    equations = {found[1]: found[0] for found in EQUATION.finditer(prose)}

    def render(text: str) -> str:
        """A text, with the equations below that it cites."""
        cited = re.findall(r"\{eq\}`([^`]+)`", text)
        text = "\n\n".join([text, *(equations[label] for label in cited)])
        return MARKDOWN.render(INSIDE.sub(r"\1", plain(JUDGED.sub("", text))))

    title = re.search(r"^# (.*)", notebook.cells[0].source, re.M)[1]
    drawing, caption = figure(notebook)
    tables = [
        f'<div class="derivation">{table}</div>' for table in derivations(notebook)
    ]
    tasks = [
        f'<div class="task">{render("### " + text)}<div class="room"></div></div>'
        for text in exercises(notebook)
    ]
    if not tables or not tasks:
        raise ValueError("a sheet needs a derivation and an exercise")
    ask = "Write beside each line why it follows from the one above; fill empty lines."
    sketch = f"Sketch what belongs here, for values that you choose. {caption}"
    return (
        (SHEET / "handout.html")
        .read_text(encoding="utf-8")
        .format(
            title=escape(title),
            ask=ask,
            derivations="\n".join(tables),
            figure=drawing,
            caption=render(sketch),
            tasks="\n".join(tasks),
        )
    )


def lay_out(folder: Path) -> None:
    """Put what a sheet's page needs into a folder."""
    shutil.copytree(STYLE.parent, folder / "katex")
    shutil.copy(SHEET / "handout.css", folder)


def write(folder: Path, paths: list[Path]) -> None:
    """Write the sheets of notes into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not chromium:
        sys.exit("Sheets are printed by Chromium: install it, and run this again.")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        lay_out(Path(place))
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page()
        for path in paths:
            source = Path(place) / f"{path.stem}.html"
            try:
                source.write_text(html(nbformat.read(path, 4)), encoding="utf-8")
            except ValueError as error:
                sys.exit(f"{path.name}: {error}")
            (folder / f"{path.stem}.pdf").write_bytes(printed(page, source))
            print(f"{path.stem}.pdf")
        browser.close()


def printed(page: Page, source: Path) -> bytes:
    """A sheet as PDF, when its script has fitted it to two pages."""
    page.goto(source.as_uri())
    page.wait_for_selector("body.ready")
    return page.pdf(prefer_css_page_size=True, print_background=True)


if __name__ == "__main__":
    write(BUILD / "handouts", sorted(NOTEBOOKS.glob("*.ipynb")))
    print("The sheets are ready: _build/handouts.")
