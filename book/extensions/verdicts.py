"""Gives the verdicts in a note's table of them the mark and colour of the claim that
they link to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from ledger import VERDICTS, slug
from sphinx.application import Sphinx

CLAIM = re.compile(r"claim-([\w-]+)$")


def verdict_cells(doctree: nodes.document) -> Iterator[nodes.entry]:
    """The cells below every heading 'verdict'."""
    for table in doctree.findall(nodes.table):
        head, *rows = table.findall(nodes.row)
        names = [cell.astext().strip().lower() for cell in head.children]
        if "verdict" in names:
            yield from (row[names.index("verdict")] for row in rows)


def mark(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Mark every link to a claim in these cells."""
    records = [record for found in app.env.claims.values() for record in found]
    verdicts = {record["id"]: record["verdict"] for record in records}
    for cell in verdict_cells(doctree):
        for link in cell.findall(nodes.reference):
            place = link.get("refuri", "") or link.get("refid", "")
            match = CLAIM.search(place)
            verdict = verdicts.get(match[1]) if match else None
            if verdict in VERDICTS:
                sign = nodes.Text(f"{VERDICTS[verdict]}\N{NO-BREAK SPACE}")
                classes = ["nk-claim", f"nk-{slug(verdict)}"]
                link[:] = [nodes.inline("", "", sign, *link[:], classes=classes)]


def setup(app: Sphinx) -> dict:
    """Register the hook, after links lead somewhere."""
    app.connect("doctree-resolved", mark, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
