"""Fits pages to narrow screens and to the keyboard: what may scroll sideways can be
reached, derivations need not scroll."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

NAMES = {"pre": "Code", "derivation": "Derivation", "table": "Table"}
BOXES = re.compile(
    r'<(pre)(?=>| id=)|<div class="pst-scrollable-table-container"(?=>\s*<table class="'
    r"(derivation)?(table)?)"
)
EMPTY = re.compile(r'<th class="(head[^"]*)">\s*(?:<p>\s*</p>)?\s*</th>')
HEADINGS = ("relation", "expression", "reason")


def make_focusable(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give every box a role, a name and a place in the tab order.

    book.js takes it from boxes that fit. A heading without words is none.
    """

    def with_name(match: re.Match[str]) -> str:
        name = NAMES[next(filter(None, match.groups()), "table")]
        return f'{match[0]} role="group" aria-label="{name}" tabindex="0"'

    if "body" in context:
        body = EMPTY.sub(r'<td class="\1"></td>', context["body"])
        context["body"] = BOXES.sub(with_name, body)


def mark_derivations(app: Sphinx, doctree: nodes.document) -> None:
    """Name the tables of derivations, whose first and last headings are empty.

    The expression that they begin with becomes a row; the headings are for those who
    hear the table.
    """
    for table in doctree.findall(nodes.table):
        head = next(iter(table.findall(nodes.thead)), nodes.thead())
        if [bool(cell.astext().strip()) for cell in head.findall(nodes.entry)] == [
            False,
            True,
            False,
        ]:
            table["classes"].append("derivation")
            start, body = head.children[0], next(iter(table.findall(nodes.tbody)))
            head.remove(start)
            body.insert(0, start)
            words = [nodes.inline("", text, classes=["heard"]) for text in HEADINGS]
            cells = [nodes.entry("", nodes.paragraph("", "", word)) for word in words]
            head.append(nodes.row("", *cells))


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("doctree-read", mark_derivations)
    app.connect("html-page-context", make_focusable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
