"""Readies pages for paper, and lets no older edition stand beside a page.

`make pdf` and `make offline` make PDF files and an archive from the finished pages
(book/tools/editions.py), and put links to them where a page has the comment
`<!-- editions -->`.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from figures import is_cell
from sphinx.application import Sphinx


def leave_out_setup(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the cells that only prepare, which paper.css leaves out."""
    for cell in doctree.findall(is_cell):
        if cell.get("prompt_show") == "Set-up":
            cell["classes"].append("setup")


def drop_editions(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Remove what was made from a page, or from all, before it is written anew."""
    out = Path(app.outdir)
    for old in [*out.glob("*.pdf"), out / f"{page}.pdf", out / "offline.zip"]:
        old.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    """Register the hooks, the first after folds have their labels."""
    app.connect("doctree-read", leave_out_setup, priority=800)
    app.connect("html-page-context", drop_editions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
