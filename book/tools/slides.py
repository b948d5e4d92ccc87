"""Makes slides from the notes, one deck a note, which need no network.

What is on a slide stands in the cells of the note, and nowhere else. A cell's metadata
say what becomes of it, in Jupyter's own words: it begins a slide, it is a fragment of
one, or it is for the speaker; without a word it is left out. Of a cell with more text
than a slide holds, `show` lists how the lines begin that are shown, "---" between those
of two slides; the rest is for the speaker. A code cell shows what it put out, but for
prints; there `show` lists the numbers of outputs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbconvert import SlidesExporter
from nbformat import NotebookNode, v4

from kernels import BUILD
from plain import Plain, equation_numbers, known_sources

TOOLS = Path(__file__).resolve().parent
sys.path.append(str(TOOLS.parent / "extensions"))
from browser import modules, said  # noqa: E402
from mathematics import STYLE, typeset  # noqa: E402

NOTEBOOKS = TOOLS.parents[1] / "notebooks"
DECK = TOOLS / "deck"
BEGINS = ("slide", "subslide")
HEADING = re.compile(r"(#{1,3}) (.*)")
# Links to claims only, in brackets or after a colon: on a slide they lead nowhere.
TEXT = r"\[((?:[^\[\]]|\[[^\]]*\])*)\]"
TO_CLAIM = rf"{TEXT}\(#claim-[^)]*\)"
JUDGED = re.compile(
    rf" \((?:[^()\[\]]*{TO_CLAIM})+[^()\[\]]*\)|:(?: {TO_CLAIM},?)+(?=[.;\n]|$)"
    r"|:? \[verdict\]\(#claim-[^)]*\)(?:,(?= \[))?"
)
INSIDE = re.compile(rf"{TEXT}\((?!https?:)[^)]*\)")  # a link that is no address
# How long a slide takes, in seconds: to look at it, a word, a formula, a figure.
LOOK, WORD, FORMULA, PICTURE, PLAYER = 15, 0.45, 12, 30, 75


@dataclass
class Slide:
    """What is shown, each part with Jupyter's word for it, and what is said."""

    section: str
    title: str
    parts: list[tuple[str, NotebookNode]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def seconds(self) -> int:
        """How long it takes: an estimate by what is on it, in quarters of a minute."""
        text, pictures = self.title, 0
        for _, cell in self.parts:
            text += "\n" + cell.source
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                text += data.get("text/markdown", data.get("text/latex", ""))
                pictures += PLAYER * ("<nk-player" in data.get("text/html", ""))
                pictures += PICTURE * ("image/svg+xml" in data)
        formulas = len(re.findall(r"\$\$[^$]+\$\$|\\displaystyle", text))
        words = len(re.findall(r"\w{2,}", re.sub(r"\$[^$]+\$|<[^>]+>", "", text)))
        total = LOOK + WORD * words + FORMULA * formulas + pictures
        return max(30, 15 * round(total / 15))


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text; a displayed formula is one, however it is set."""
    block: list[str] = []
    for line in text.splitlines():
        if block or line.startswith("$$"):
            block.append(line)
            if "\n".join(block).count("$$") == 2:
                yield "\n".join(block)
                block = []
        elif line.strip():
            yield line


def joined(lines: list[str]) -> str:
    """Markdown of lines: tables and lists stay together, all else stands alone."""
    text, last = "", ""
    for line in lines:
        item = re.match(r"- |\d+\. |  ", line)
        kind = "table" if line.startswith("|") else "list" if item else ""
        text += ("\n" if kind and kind == last else "\n\n") + line
        last = kind
    return text.strip()


def chosen(lines: list[str], show: list[str]) -> dict[int, int]:
    """Which lines are shown, by their numbers, each with the number of its slide."""
    found, slide = {}, 0
    flat = [" ".join(line.split()) for line in lines]
    for start in show:
        if start == "---":
            slide += 1
            continue
        fit = [index for index, line in enumerate(flat) if line.startswith(start)]
        if not fit:
            raise ValueError(f"no line begins with {start!r}")
        found |= dict.fromkeys(fit if start == "|" else fit[:1], slide)
    return found


def head(lines: list[str], index: int) -> list[str]:
    """The first two lines of the table in which a line stands."""
    while index and lines[index - 1].startswith("|"):
        index -= 1
    return lines[index : index + 2]


class Deck:
    """Puts the cells of a note on slides."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.slides: list[Slide] = []
        self.section = self.title = ""  # the headings above the present cell
        self.plain = Plain(equation_numbers(notebook), known_sources(), "")
        for cell in notebook.cells:
            told = cell.metadata.get("slideshow", {})
            take = self.text if cell.cell_type == "markdown" else self.outputs
            try:
                take(cell, told.get("slide_type", "skip"), told.get("show"))
            except (ValueError, IndexError) as error:
                raise ValueError(f"cell {cell.id}, slideshow: {error}") from None

    def under(self, marks: str, title: str) -> None:
        """Go on under another heading."""
        self.title = title
        if len(marks) < 3:
            self.section = title

    def start(self) -> None:
        """Begin a slide under the present headings."""
        section = self.section if self.section != self.title else ""
        self.slides.append(Slide(section, self.title))

    def words(self, lines: list[str]) -> str:
        """Markdown of lines, without links that lead nowhere."""
        return INSIDE.sub(r"\1", self.plain(JUDGED.sub("", joined(lines))))

    def put(self, lines: list[str], kind: str) -> None:
        """Show lines of text on the present slide."""
        if lines:
            cell = v4.new_markdown_cell(self.words(lines))
            self.slides[-1].parts.append(("-" if kind in BEGINS else kind, cell))

    def text(self, cell: NotebookNode, kind: str, show: list[str] | None) -> None:
        """Show the lines of a cell that are named; the rest is for the speaker."""
        lines = list(lines_of(cell.source))
        if show is None:
            show = [] if kind in ("skip", "notes") else [""]
        every = [line for line in lines if not HEADING.match(line)]
        found = dict.fromkeys(range(len(lines)), 0) if show == [""] else {}
        found |= chosen(lines, show) if every and not found else {}
        now = -1  # which of the cell's slides
        shown: list[str] = []
        waiting: list[str] = []
        for index, line in enumerate(lines):
            if heading := HEADING.match(line):
                self.under(*heading.groups())
                continue
            if index in found and found[index] != now:
                self.put(shown, kind)
                now, shown = found[index], []
                if now or kind in BEGINS:
                    self.start()
                self.slides[-1].notes += waiting
                waiting = []
            if index in found:
                if line.startswith("|") and not any(x.startswith("|") for x in shown):
                    shown += head(lines, index)
                shown += [line] if line not in shown else []
            elif now < 0 and kind in BEGINS:
                waiting.append(line)
            elif kind != "skip" and not re.match(r"[|]|:::|\(.*\)=$", line):
                self.slides[-1].notes.append(line)
        self.put(shown, kind)

    def outputs(self, cell: NotebookNode, kind: str, show: list[int] | None) -> None:
        """Show what a cell put out; the caption of a figure is for the speaker."""
        if kind in ("skip", "notes"):
            return
        if kind in BEGINS:
            self.start()
        words = cell.metadata.get("mystnb", {})
        alt = words.get("image", {}).get("alt", "")
        outputs = [output for output in cell.outputs if output.output_type != "stream"]
        if show is not None:
            outputs = [cell.outputs[number] for number in show]
        if not outputs:
            raise ValueError("the cell put out nothing that a slide can show")
        for output in outputs:
            if "<nk-player>" in output.get("data", {}).get("text/html", ""):
                html = output.data["text/html"]  # a drag is not a swipe to the next one
                html = html.replace("<nk-player>", "<nk-player data-prevent-swipe>")
                html = html.replace(
                    'role="img"', f'role="img" aria-label="{escape(alt)}"', 1
                )
                output.data["text/html"] = html
        part = v4.new_code_cell(outputs=outputs, metadata={"alt": alt})
        self.slides[-1].parts.append(("-" if kind in BEGINS else kind, part))
        if caption := words.get("figure", {}).get("caption"):
            self.slides[-1].notes.append(f"Figure: {caption}")

    def notebook(self) -> NotebookNode:
        """The slides as a notebook, every cell with Jupyter's word for its place."""
        cells, end = [], 0
        for number, slide in enumerate(self.slides):
            seconds = slide.seconds()
            end += seconds
            above = f"<small>{slide.section}</small> " if slide.section else ""
            title = v4.new_markdown_cell(
                f"{'##' if number else '#'} {above}{slide.title}"
            )
            told = {"slide_type": "slide", "data": {"timing": seconds}}
            title.metadata.slideshow = told
            cells.append(title)
            for kind, part in slide.parts:
                part.metadata.slideshow = {"slide_type": kind}
                cells.append(part)
            time = f"**{seconds / 60:g} min, to {end // 60}:{end % 60:02}.**"
            said_too = INSIDE.sub(
                r"\1", JUDGED.sub("", self.plain(joined(slide.notes)))
            )
            notes = v4.new_markdown_cell(f"{time}\n\n{said_too}")
            notes.metadata.slideshow = {"slide_type": "notes"}
            cells.append(notes)
        return v4.new_notebook(cells=cells, metadata={"title": self.slides[0].title})


def formula(latex: str, options: dict) -> str:
    """HTML of a formula."""
    html, error = typeset(latex.strip(), options["display_mode"])
    if error:
        raise ValueError(f"formula {latex!r}: {error}")
    return html


MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin, renderer=formula, allow_space=True, double_inline=True)


class Exporter(SlidesExporter):
    """nbconvert's writer, with our page, and with formulas typeset beforehand."""

    def default_filters(self) -> Iterator[tuple[str, Callable]]:
        """The filters of templates, ours for Markdown."""
        yield from super().default_filters()
        yield "markdown2html", MARKDOWN.render


def executed(path: Path) -> NotebookNode:
    """A note with what its cells put out when the book was built."""
    notebook = nbformat.read(path, as_version=4)
    try:
        cache = get_cache(BUILD / ".jupyter_cache")
        return cache.merge_match_into_notebook(notebook)[1]
    except KeyError:
        sys.exit(f"{path.name} has changed since the book was built: run make book.")


def shared(folder: Path) -> None:
    """Put what all decks need into a folder."""
    fetched = BUILD / "deck"
    fetched.mkdir(parents=True, exist_ok=True)
    reveal = modules(fetched, DECK) / "reveal.js"
    names = ("reveal.js", "reveal.css", "reset.css", "plugin/notes.js")
    files = [*(reveal / "dist" / name for name in names), reveal / "LICENSE"]
    files += [DECK / "deck.css", DECK / "deck.js"]
    files += [NOTEBOOKS / "notekit" / f"player.{kind}" for kind in ("js", "css")]
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    shutil.copytree(STYLE.parent, folder / "katex")


def write(folder: Path, paths: list[Path]) -> None:
    """Write the decks of notes into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        shared(folder / "shared")
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"reveal.js, which shows slides, could not be fetched: {said(error)}")
    exporter = Exporter(
        template_file=str(DECK / "deck.html.j2"),
        exclude_input=True,
        exclude_output_prompt=True,
    )
    for path in paths:
        try:
            deck = Deck(executed(path))
            if not deck.slides:
                raise ValueError("no cell has a slide_type")
            html, _ = exporter.from_notebook_node(deck.notebook())
        except ValueError as error:
            sys.exit(f"{path.name}, {error}")
        (folder / f"{path.stem}.html").write_text(html, encoding="utf-8")
        minutes = sum(slide.seconds() for slide in deck.slides) / 60
        print(f"{path.stem}: {len(deck.slides)} slides, {minutes:.0f} minutes")


if __name__ == "__main__":
    write(BUILD / "slides", sorted(NOTEBOOKS.glob("*.ipynb")))
    print("The slides are ready: open the files of _build/slides in a browser.")
