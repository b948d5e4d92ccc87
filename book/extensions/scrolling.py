"""Fits pages to narrow screens and to the keyboard: what may scroll sideways can be
reached, derivations need not scroll."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

BOXES = re.compile(r'<pre(?=>| id=)|<div class="pst-scrollable-table-container"')


def make_focusable(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give every box a place in the tab order; book.js takes it from boxes that fit."""
    if "body" in context:
        context["body"] = BOXES.sub(r'\g<0> tabindex="0"', context["body"])


def mark_derivations(app: Sphinx, doctree: nodes.document) -> None:
    """Name the tables of derivations, whose first and last headings are empty."""
    for table in doctree.findall(nodes.table):
        head = next(iter(table.findall(nodes.thead)), nodes.thead())
        if [bool(cell.astext().strip()) for cell in head.findall(nodes.entry)] == [
            False,
            True,
            False,
        ]:
            table["classes"].append("derivation")


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("doctree-read", mark_derivations)
    app.connect("html-page-context", make_focusable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
