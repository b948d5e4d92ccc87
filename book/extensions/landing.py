"""Shows the notes on the landing page: a picture, a question, how its claims fared."""

from __future__ import annotations

import html
from collections import Counter
from pathlib import Path

from docutils import nodes
from figures import first_drawing
from ledger import VERDICTS, judged, slug
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class notes(nodes.General, nodes.Element):
    """Where the notes will stand."""


class Notes(SphinxDirective):
    """All notes, in the book's order."""

    def run(self) -> list[nodes.Node]:
        return [notes()]


def fared(records: list[dict], claims_page: str, name: str) -> str:
    """How many claims of a note have each verdict, with links to them."""
    count = Counter(record["verdict"] for record in records)
    links = [
        f'<a class="nk-{slug(word)}" href="{claims_page}?note={name}'
        f'&amp;verdict={slug(word)}">{mark} {count[word]} {word}</a>'
        for word, mark in VERDICTS.items()
        if count[word]
    ]
    return " ".join(links)


def card(app: Sphinx, page: str, docname: str, doctree: nodes.document) -> str:
    """One note as HTML."""
    name, to = Path(docname).name, app.builder.get_relative_uri
    title = app.env.titles[docname].astext()
    question = next(iter(doctree.findall(nodes.paragraph))).astext()
    drawing, alt = first_drawing(doctree)
    file = Path(app.outdir) / "_static" / "notes" / f"{name}.svg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(drawing, encoding="utf-8")
    source = "../" * page.count("/") + f"_static/notes/{name}.svg"
    verdicts = fared(app.env.claims[docname], to(page, "book/claims"), name)
    return (
        f'<figure class="note"><img src="{source}" alt="{html.escape(alt)}"'
        f' loading="lazy" width="389" height="238"><figcaption>'
        f'<a href="{to(page, docname)}">{html.escape(title)}</a>'
        f"<p>{html.escape(question)}</p><p class='fared'>{verdicts}</p>"
        "</figcaption></figure>"
    )


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the notes where the directive stands."""
    for place in list(doctree.findall(notes)):
        order = [(docname, app.env.get_doctree(docname)) for docname in judged(app.env)]
        cards = [card(app, page, docname, doctree) for docname, doctree in order]
        text = f'<div class="notes">{"".join(cards)}</div>'
        place.replace_self(nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> dict:
    """Register the directive `notes` and its hook."""
    app.add_node(notes)
    app.add_directive("notes", Notes)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
