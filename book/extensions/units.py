"""Keeps numbers together with their unit or sign at the end of a line, and short
formulas in one piece."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from symbols import in_sentence

UNIT = (
    r"(?:%|[kMG]B|[mµμn]?s|min|h|px|rad|bits?|nats?|points?|pixels?|decades?"
    r"|milliseconds?|seconds?|minutes?|hours?|bytes?|MB|GB|×|±|000)(?!\w)"
)
APART = re.compile(rf"(?<=\d) (?={UNIT})|(?<=[±=<>≤≥≈×−+~]) (?=[−-]?\d)")
AFTER_FORMULA = re.compile(rf"^ (?={UNIT})")
SHORT = 24  # characters of TeX


def hold(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put spaces at which no line ends where one would part them."""
    for formula in doctree.findall(nodes.math):
        if len(formula.astext()) <= SHORT:
            formula["classes"].append("whole")
    for text in filter(in_sentence, list(doctree.findall(nodes.Text))):
        held = APART.sub("\N{NO-BREAK SPACE}", str(text))
        index = text.parent.index(text)
        if index and isinstance(text.parent[index - 1], nodes.math):
            held = AFTER_FORMULA.sub("\N{NO-BREAK SPACE}", held)
        if held != text:
            text.parent.replace(text, nodes.Text(held))


def setup(app: Sphinx) -> dict:
    """Register the hook, after symbols.py."""
    app.connect("doctree-resolved", hold, priority=810)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
