"""Says on the teacher's pages what a note takes, and how its claims fared.

Reading: 200 words a minute, and 20 seconds for a code cell. Running: as the build
measured it. Exercises: ten minutes for each star, which nobody has measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from docutils import nodes
from landing import fared
from ledger import judged, link, table
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

WORDS_A_MINUTE, CELL, STAR = 200, 1 / 3, 10  # the last two in minutes
NOT_READ = {"remove-cell", "your-turn", "check"}  # tags: what a reader writes or skips
FIRST = re.compile(r"^\*What to know first:\*.*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
STARS = re.compile(r"^### (★+) ", re.MULTILINE)
HEAD = ("unit", "note and guide", "after", "read", "run", "exercises")

logger = logging.getLogger(__name__)


class syllabus(nodes.General, nodes.Element):
    """Where the table of all notes will stand."""


class unit(nodes.General, nodes.Element):
    """Where what one note takes will stand."""


class Syllabus(SphinxDirective):
    """All notes in the book's order, with what they take."""

    def run(self) -> list[nodes.Node]:
        return [syllabus()]


class Unit(SphinxDirective):
    """What the note of this name takes."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [unit(note=self.arguments[0], location=self.get_location())]


@dataclass
class Needs:
    """What a note takes: minutes and seconds, and the names of notes to read first."""

    reading: int
    running: float | None
    exercises: int
    first: list[str]


def needs(env: BuildEnvironment, docname: str) -> Needs:
    """What a note takes, from its notebook and from its run."""
    notebook = nbformat.read(env.doc2path(docname), as_version=4)
    read = [cell for cell in notebook.cells if not NOT_READ & set(tags(cell))]
    prose = "\n\n".join(c.source for c in read if c.cell_type == "markdown")
    cells = sum(c.cell_type == "code" and bool(c.source.strip()) for c in read)
    every = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    first = FIRST.search(every)
    return Needs(
        reading=round(len(prose.split()) / WORDS_A_MINUTE + cells * CELL),
        running=env.nb_metadata[docname].get("exec_data", {}).get("runtime"),
        exercises=STAR * sum(map(len, STARS.findall(every))),
        first=re.findall(r"\(([\w-]+)\.ipynb", first[0]) if first else [],
    )


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def seconds(running: float | None) -> str:
    """For example: 62 s."""
    return f"{running:.0f}\N{NO-BREAK SPACE}s" if running is not None else "–"


def all_units(app: Sphinx, page: str, notes: list[str]) -> nodes.table:
    """The syllabus."""
    env, to = app.env, app.builder.get_relative_uri
    units, rows = {Path(name).name: i for i, name in enumerate(notes, start=1)}, []
    for number, docname in enumerate(notes, start=1):
        name, found = Path(docname).name, needs(env, docname)
        after = [
            f"unit\N{NO-BREAK SPACE}{units[each]}"
            for each in found.first
            if each in units
        ]
        guide = f"book/course/{name}"
        title = [link(env.titles[docname].astext(), to(page, docname))]
        if guide in env.all_docs:
            title += [nodes.Text(" "), link("(guide)", to(page, guide))]
        rows.append(
            [
                f"{number}",
                title,
                ", ".join(after) or "–",
                f"{found.reading}\N{NO-BREAK SPACE}min",
                seconds(found.running),
                f"{found.exercises}\N{NO-BREAK SPACE}min",
            ]
        )
    return table(HEAD, rows, "syllabus")


def line(app: Sphinx, page: str, docname: str) -> nodes.paragraph:
    """What one note takes, and how its claims fared."""
    found, to = needs(app.env, docname), app.builder.get_relative_uri
    title = link(app.env.titles[docname].astext(), to(page, docname))
    ran = f"; {seconds(found.running)} to run, where this page was built"
    text = (
        f": about {found.reading} minutes to read{ran if found.running else ''}; "
        f"exercises for about {found.exercises} minutes. Its claims: "
    )
    claims = app.env.claims[docname]
    marks = fared(claims, to(page, "book/claims"), Path(docname).name)
    verdicts = nodes.raw("", f'<span class="fared">{marks}</span>', format="html")
    return nodes.paragraph("", "", title, nodes.Text(text), verdicts)


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the numbers where the directives stand."""
    known = {Path(name).name: name for name in judged(app.env)}
    for place in list(doctree.findall(syllabus)):
        place.replace_self(all_units(app, page, list(known.values())))
    for place in list(doctree.findall(unit)):
        if place["note"] in known:
            place.replace_self(line(app, page, known[place["note"]]))
        else:
            said = "there is no note with claims named %r"
            logger.warning(said, place["note"], location=place["location"])
            place.parent.remove(place)


def setup(app: Sphinx) -> dict:
    """Register the directives `syllabus` and `unit`, and their hook."""
    for node, name, directive in (
        (syllabus, "syllabus", Syllabus),
        (unit, "unit", Unit),
    ):
        app.add_node(node)
        app.add_directive(name, directive)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
