"""Keeps numbers together with their unit or sign at the end of a line, short formulas
in one piece, and with what stands at them.

Numbers that a program has printed get a minus sign, at which no line ends.
"""

from __future__ import annotations

import re

from docutils import nodes
from mathematics import typeset
from sphinx.application import Sphinx
from symbols import in_sentence

UNIT = (
    r"(?:%|[kMG]B|[mµμn]?s|min|h|px|rad|bits?|nats?|points?|pixels?|decades?"
    r"|milliseconds?|seconds?|minutes?|hours?|bytes?|MB|GB|×|±|000"
    r"|steps?|seeds?|epochs?)(?!\w)"
)
APART = re.compile(rf"(?<=\d) (?={UNIT})|(?<=[±=<>≤≥≈×−+~]) (?=[−-]?\d)")
AFTER_FORMULA = re.compile(rf"^ (?={UNIT})")
HYPHEN = re.compile(r"(?<![\w.)\]])-(?=\d)|(?<=\de)-(?=\d)")
APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(rf"^(?:\N{{NO-BREAK SPACE}}{UNIT})?[.,;:!?)\]”’]*")
SHORT = 24  # characters of TeX


def stays_whole(formula: nodes.math) -> bool:
    """Whether a formula is short, or KaTeX sees no place to break it."""
    latex = formula.astext()
    return len(latex) <= SHORT or typeset(latex, False)[0].count('class="base"') == 1


def gather(formula: nodes.math) -> None:
    """Make one piece of a formula, the bracket before it and the points after it.

    No character between them would do: browsers end lines beside formulas.
    """
    whole, line = nodes.inline(classes=["whole"]), formula.parent
    place = line.index(formula)
    line[place] = whole
    whole += formula
    for pattern, beside in ((CLOSING, place + 1), (OPENING, place - 1)):
        text = line[beside] if 0 <= beside < len(line) else None
        found = pattern.search(text) if isinstance(text, nodes.Text) else None
        if found and found[0]:
            line[beside] = nodes.Text(text[: found.start()] + text[found.end() :])
            whole.insert(len(whole) if beside > place else 0, nodes.Text(found[0]))


def hold(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put spaces at which no line ends where one would part them."""
    for text in filter(in_sentence, list(doctree.findall(nodes.Text))):
        held = APOSTROPHE.sub("’", HYPHEN.sub("−", str(text)))
        held = APART.sub("\N{NO-BREAK SPACE}", held)
        index = text.parent.index(text)
        if index and isinstance(text.parent[index - 1], nodes.math):
            held = AFTER_FORMULA.sub("\N{NO-BREAK SPACE}", held)
        if held != text:
            text.parent.replace(text, nodes.Text(held))
    for formula in filter(stays_whole, list(doctree.findall(nodes.math))):
        gather(formula)


def setup(app: Sphinx) -> dict:
    """Register the hook, after symbols.py."""
    app.connect("doctree-resolved", hold, priority=810)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
