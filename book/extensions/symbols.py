"""Sets formulas that a sentence spells in plain letters, such as ‖μ‖² or κ = 1, like
those between dollars.

What code prints, headings and lists of sources stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools" / "live"))
from formulas import split, tex  # noqa: E402

PLAIN = (
    *(nodes.literal, nodes.literal_block, nodes.raw, nodes.math, nodes.math_block),
    *(nodes.title, nodes.citation, nodes.footnote, nodes.comment),
)


def typeset(text: str) -> list[nodes.Node]:
    """A text as text and formulas."""
    return [
        nodes.math(text=tex(part)) if formula else nodes.Text(part)
        for part, formula in split(text)
    ]


def in_sentence(text: nodes.Text) -> bool:
    """Whether a text is neither code nor a formula, a heading or a source."""
    above = text.parent
    if above is None:  # the words of a drawing, which figures.py has put there
        return False
    while above and not isinstance(above, PLAIN):
        above = above.parent
    return not above


def treat(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Typeset the formulas of a page."""
    for text in filter(in_sentence, list(doctree.findall(nodes.Text))):
        text.parent.replace(text, typeset(str(text)))


def setup(app: Sphinx) -> dict:
    """Register the hook, after claims stand on their page."""
    app.connect("doctree-resolved", treat, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
