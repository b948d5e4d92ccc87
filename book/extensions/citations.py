"""Lets a note list its own sources.

A note cites with {footcite:t}`key` or {footcite:p}`key` and lists what it cited with
the directive `footbibliography`. The page book/references lists all entries, so that
{cite} works too. MyST looks for the footnotes before sphinxcontrib-bibtex has made
them, and would warn.
"""

from __future__ import annotations

import logging
import re

from docutils import nodes
from sphinx.application import Sphinx

STALE = re.compile(
    r' role="doc-biblioentry"|(?<=<div) role="list"(?= class="citation-list")'
)
ADDRESS = re.compile(r"(?<=>)https?://[^<>\s]+(?=</a>)")


def made_later(record: logging.LogRecord) -> bool:
    """Whether a warning is not about a footnote of sphinxcontrib-bibtex."""
    return "No footnote definitions found for label: 'footcite-" not in str(record.msg)


def mend_lists(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Leave out two roles of lists of sources: one is deprecated, one misplaced.

    Addresses may break behind their slashes, or a full stop stands alone.
    """
    if "body" in context:
        body = STALE.sub("", context["body"])
        breaks = lambda address: re.sub(r"(?<=[^/]/)(?=[^/])", "<wbr>", address[0])
        context["body"] = ADDRESS.sub(breaks, body)


def setup(app: Sphinx) -> dict:
    """Register the hook, and silence that one warning.

    Of a citation without an entry, sphinxcontrib-bibtex itself still warns.
    """
    logging.getLogger("sphinx.sphinx.util.docutils").addFilter(made_later)
    app.connect("html-page-context", mend_lists)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
