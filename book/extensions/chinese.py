"""Marks Chinese as Chinese, so that it is spoken and drawn as that.

It stands in prose, in code and in what code prints, in drawings and in their frames.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

HAN = re.compile(r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef·“”…]*)")
TAG = re.compile(r"(<[^>]*>)")


def marked(text: str, drawing: bool = False, quote: str = '"') -> str:
    """The same HTML with every run of Chinese in an element that says so."""
    parts = TAG.split(text)
    for index in range(0, len(parts), 2):
        before = parts[index - 1] if index else ""
        if before.startswith("<svg"):
            drawing = True
        elif before == "</svg>":
            drawing = False
        if 'lang="zh"' in before or before.startswith(("<script", "<style", "<title")):
            continue
        if before.startswith("<option"):
            if HAN.search(parts[index]):
                parts[index - 1] = f'{before[:-1]} lang="zh">'
            continue
        if before.startswith("<text") and HAN.fullmatch(parts[index]):
            # One element for each word of a drawing is enough work for a browser.
            parts[index - 1] = f"{before[:-1]} lang={quote}zh{quote}>"
            continue
        name = "tspan" if drawing else "span"
        parts[index] = HAN.sub(
            rf"<{name} lang={quote}zh{quote}>\g<0></{name}>", parts[index]
        )
    return "".join(parts)


def mark(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Mark what a page shows."""
    if "body" in context:
        context["body"] = marked(context["body"])


def setup(app: Sphinx) -> dict:
    """Register the hook, after those that change what a page shows."""
    app.connect("html-page-context", mark, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
