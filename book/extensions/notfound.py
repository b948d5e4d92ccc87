"""Makes the page that a server shows for an address at which there is nothing.

It is shown at any depth, so that its links begin at the root of the server; the site
may lie below that, at the path of its address (repository.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx

PAGE = "404"  # the name that GitHub Pages and others look for
RELATIVE = re.compile(r'(\s(?:href|src|action)=")(?![/#]|[a-z]+:)')


def add(app: Sphinx) -> None:
    """Have the page made from its template."""
    app.config.html_additional_pages[PAGE] = f"{PAGE}.html"


def without_address(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """No search engine is told an address of it."""
    if page == PAGE:
        context["pageurl"] = None


def from_the_root(page: str, path: str) -> str:
    """The page with links that lead from everywhere to a site at the path."""
    return RELATIVE.sub(rf"\g<1>{path}", page)


def anchor(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the page's links."""
    file = Path(app.outdir) / f"{PAGE}.html"
    if exception is None and file.exists():
        path = urlsplit(app.config.html_baseurl).path or "/"
        text = from_the_root(file.read_text(encoding="utf-8"), path)
        file.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("builder-inited", add)
    app.connect("html-page-context", without_address)
    app.connect("build-finished", anchor)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
