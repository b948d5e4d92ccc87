"""Shows the records that claims.py collected: all claims of the book on one page."""

from __future__ import annotations

import re
from collections import Counter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

VERDICTS = {
    "proved": "✓",
    "checked": "✓",
    "observed": "✓",
    "corrected": "△",
    "refuted": "✗",
}
KINDS = {
    "identity": "identity",
    "measured": "measurement",
    "bound": "bound",
    "trials": "repeated trials",
}


class ledger(nodes.General, nodes.Element):
    """Where the claims will stand."""


class Ledger(SphinxDirective):
    """All claims of the book: counts, then one list a notebook."""

    def run(self) -> list[nodes.Node]:
        return [ledger()]


def inline(text: str) -> list[nodes.Node]:
    """The Markdown that sentences use: $mathematics$, `code` and *emphasis*."""
    kinds = {"$": nodes.math, "`": nodes.literal, "*": nodes.emphasis}
    parts = re.split(r"(\$[^$]+\$|`[^`]+`|\*[^*]+\*)", text)
    return [
        kinds[part[0]](text=part[1:-1]) if index % 2 else nodes.Text(part)
        for index, part in enumerate(parts)
    ]


def line(kind: str, *children: nodes.Node) -> nodes.paragraph:
    """A paragraph of an entry."""
    return nodes.paragraph("", "", *children, classes=[f"ledger-{kind}"])


def entry(
    app: Sphinx, page: str, docname: str, record: dict[str, str]
) -> nodes.list_item:
    """One claim: verdict, sentence, what the original says, evidence, and the way to its cell."""
    verdict = record["verdict"]
    mark = nodes.inline(
        "", f"{VERDICTS[verdict]} {verdict}", classes=["nk-claim", f"nk-{verdict}"]
    )
    link = make_refnode(
        app.builder, page, docname, f"claim-{record['id']}", nodes.Text(record["id"])
    )
    evidence = f"{KINDS.get(record['kind'], record['kind'])}: {record['figure']}"
    lines = [line("verdict", mark), line("sentence", *inline(record["sentence"]))]
    if record.get("original"):
        lines.append(
            line(
                "original",
                nodes.Text("The article says: "),
                *inline(record["original"]),
            )
        )
    lines.append(line("evidence", nodes.Text(evidence)))
    source = (
        [nodes.Text("Article: "), *inline(record["source"]), nodes.Text(". ")]
        if record.get("source")
        else []
    )
    lines.append(line("source", *source, nodes.Text("Cell: "), link))
    return nodes.list_item("", *lines)


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the claims where the directive stands."""
    for place in list(doctree.findall(ledger)):
        order = [docname for docname in app.env.claims if app.env.claims[docname]]
        counts = Counter(
            record["verdict"] for docname in order for record in app.env.claims[docname]
        )
        summary = ", ".join(
            f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]
        )
        total = sum(counts.values())
        content: list[nodes.Node] = [
            line(
                "counts",
                nodes.Text(
                    f"{total} claims: {summary}."
                    if total
                    else "No claim has been judged yet."
                ),
            )
        ]
        for docname in sorted(order, key=toc_order(app.env)):
            title = make_refnode(
                app.builder,
                page,
                docname,
                "",
                nodes.Text(app.env.titles[docname].astext()),
            )
            section = nodes.section(
                "",
                nodes.title("", "", title),
                ids=["claims-" + docname.replace("/", "-")],
            )
            entries = [
                entry(app, page, docname, record) for record in app.env.claims[docname]
            ]
            section += nodes.bullet_list("", *entries, classes=["ledger"])
            content.append(section)
        place.replace_self(content)


def toc_order(env: BuildEnvironment):
    """The order of pages in the table of contents."""
    pages = [
        docname for children in env.toctree_includes.values() for docname in children
    ]
    return lambda docname: pages.index(docname) if docname in pages else len(pages)


def setup(app: Sphinx) -> dict:
    """Register the directive `ledger` and its hooks."""
    app.add_node(ledger)
    app.add_directive("ledger", Ledger)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
