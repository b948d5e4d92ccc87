"""Folds what a reader may skip, under a label that says what is inside.

The code of a claim stands folded behind its verdict.
"""

from __future__ import annotations

import re

from docutils import nodes
from figures import is_cell, is_figure
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx

JUDGED = "How this was judged"


def judges(cell: nodes.container) -> bool:
    """Whether the cell shows a verdict."""
    return any("nk-claim-line" in p["classes"] for p in cell.findall(nodes.paragraph))


def is_exercise(cell: nodes.container) -> bool:
    """Whether a cell stands among the exercises, where what is folded solves them."""
    while cell.parent and "exercises" not in cell.get("ids", ()):
        cell = cell.parent
    return bool(cell.parent)


def label(cell: nodes.container) -> str:
    """What is folded away in a cell."""
    result = " and its result" if cell["hide_mode"] == "all" else ""
    if judges(cell):
        return JUDGED + (", and the verdict" if result else "")
    if "tag_check" in cell["classes"]:
        return "How an answer is checked"
    if result and is_exercise(cell):
        return "A solution" if len(cell) > 1 else "Symbols, and slips that are likely"
    tables = list(cell.findall(nodes.table))
    if any(cell.findall(is_figure)):
        return "Code of the figure" + (", and the figure" if result else "")
    if re.search(r"^(import|from) ", cell.children[0].astext(), re.MULTILINE):
        return "Set-up"
    if any("derivation" in table["classes"] for table in tables):
        return "Code of the derivation" + (", and its lines" if result else "")
    return ("Code of the table" if tables else "Code") + result


def fold(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the code of claims; name every fold."""
    for cell in doctree.findall(is_cell):
        if judges(cell) and cell.get("hide_mode", "input") == "input":
            cell["hide_mode"] = "input"
            cell["behind"] = True
        if cell.get("hide_mode"):
            cell["prompt_show"] = cell["prompt_hide"] = label(cell)


def put_behind(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the folded code of claims after what it shows."""
    for cell in doctree.findall(is_cell):
        if cell.get("behind") and isinstance(cell.children[0], HideCodeCellNode):
            cell.append(cell.children.pop(0))


def name_as_shown(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Let the words of a fold be its name, which myst-nb replaces by another."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<summary aria-label="Toggle hidden content">', "<summary>"
        )


def setup(app: Sphinx) -> dict:
    """Register the hooks, after those that know figures, claims and derivations."""
    app.connect("doctree-read", fold, priority=700)
    app.connect("doctree-resolved", put_behind)
    app.connect("html-page-context", name_as_shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
