"""Tells search engines, and those who share a page, what it is; readers, of what state.

The address is known where the repository is (repository.py sets html_baseurl).
"""

from __future__ import annotations

import json
import re

from docutils import nodes
from sphinx.application import Sphinx

from origin import git

VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')


def describe(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give the template a description, data about the page and the source's state."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else iter(())
    words = " ".join(next(paragraphs, nodes.Text("")).astext().split())
    context["description"] = words or "Executable notes on deep learning."
    about = {
        "@context": "https://schema.org",
        "@type": "Book" if page == app.config.root_doc else "Chapter",
        "name": app.env.titles[page].astext() if doctree else app.config.project,
        "description": context["description"],
        "inLanguage": "en",
    }
    if about["@type"] == "Chapter":
        about["isPartOf"] = {"@type": "Book", "name": app.config.project}
    if context.get("pageurl"):
        about["url"] = context["pageurl"]
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
