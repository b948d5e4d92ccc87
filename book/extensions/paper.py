"""Readies pages for paper."""

from __future__ import annotations

from docutils import nodes
from figures import is_cell
from sphinx.application import Sphinx


def leave_out_setup(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the cells that only prepare, which paper.css leaves out."""
    for cell in doctree.findall(is_cell):
        if cell.get("prompt_show") == "Set-up":
            cell["classes"].append("setup")


def setup(app: Sphinx) -> dict:
    """Register the hook, after folds have their labels."""
    app.connect("doctree-read", leave_out_setup, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
