"""Lets a course leave notes out: a link to one that _toc.yml does not list is text.

So is a link to its guide for teachers. Only for the notes that this book comes with, so
that a slip in a name stays a warning.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from originals import TITLES
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PLACES = ("notebooks", "book/course")


class PlainText(SphinxPostTransform):
    """Replace links to notes that are not in this book by their words."""

    default_priority = 8  # before MyST looks for the note and warns

    def run(self, **_: object) -> None:
        for link in list(self.document.findall(pending_xref)):
            target = PurePosixPath(link["reftarget"])
            known = str(target.parent) in PLACES and target.name in TITLES
            if known and link["reftarget"] not in self.env.all_docs:
                link.replace_self(link.children)


def setup(app: Sphinx) -> dict:
    """Register the transform."""
    app.add_post_transform(PlainText)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
