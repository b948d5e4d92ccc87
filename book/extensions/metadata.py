"""Tells search engines, and those who share a page, what it is; readers, of what state.

The address is known where the repository is (repository.py sets html_baseurl).
"""

from __future__ import annotations

import json
import re

from docutils import nodes
from sphinx.application import Sphinx

from origin import git

LICENCE = "https://creativecommons.org/licenses/by/4.0/"  # of text and figures
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')


def part(app: Sphinx, page: str, order: list[str]) -> dict:
    """A page as schema.org sees it: one of the book's chapters, or beside them."""
    site = app.config.html_baseurl
    found = {
        "@type": "Chapter" if page in order else "WebPage",
        "name": app.env.titles[page].astext() if page in app.env.titles else page,
    }
    if page in order:
        found["position"] = order.index(page) + 1
    return {**found, "url": site + app.builder.get_target_uri(page)} if site else found


def structure(app: Sphinx, page: str, description: str) -> dict:
    """The page as a part of the book, or the book as its parts."""
    root, site = app.config.root_doc, app.config.html_baseurl
    contents = app.env.toctree_includes.values()
    order = [chapter for chapters in contents for chapter in chapters]
    book = {"@type": "Book", "name": app.config.html_title}
    if site:
        book["url"] = site + app.builder.get_target_uri(root)
    about = part(app, page, order) | {"isPartOf": book}
    if page == root:
        about = book | {"hasPart": [part(app, chapter, order) for chapter in order]}
    words = {"description": description, "inLanguage": "en", "license": LICENCE}
    return {"@context": "https://schema.org", **about, **words}


def describe(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give the template a description, data about the page and the source's state."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else iter(())
    words = " ".join(next(paragraphs, nodes.Text("")).astext().split())
    context["description"] = words or "Executable notes on deep learning."
    about = structure(app, page, context["description"])
    context["about"] = json.dumps(about, ensure_ascii=False).replace("</", r"<\/")
    # docutils says the size of the window a second time
    context["metatags"] = VIEWPORT.sub("", context.get("metatags", ""))
    context["state"] = app.source_state


def find_state(app: Sphinx) -> None:
    """The commit that the book is built from, and its day, if there is one."""
    answer = git(str(app.srcdir), "log", "-1", "--format=%h %cs")
    app.source_state = answer.split() or None


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("builder-inited", find_state)
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
