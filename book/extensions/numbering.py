"""Counts figures from 1 on every page, as equations are, not through the whole book."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def restore(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give Sphinx its own numbers back, by which it finds the pages to write again."""
    env.toc_fignumbers = getattr(env, "book_fignumbers", env.toc_fignumbers)
    return []


def number_by_page(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep the numbers that Sphinx has just given, and give each page its own."""
    env.book_fignumbers = env.toc_fignumbers
    env.toc_fignumbers = {
        page: {
            kind: {name: (count,) for count, name in enumerate(names, start=1)}
            for kind, names in kinds.items()
        }
        for page, kinds in env.book_fignumbers.items()
    }
    return []


def setup(app: Sphinx) -> dict:
    """Register the hooks before and after Sphinx's own numbering."""
    app.connect("env-get-updated", restore, priority=100)
    app.connect("env-get-updated", number_by_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
