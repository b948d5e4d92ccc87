"""Keeps pages from asking other hosts."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

FETCHES = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|link(?! rel="canonical"))\b"""
    r"""[^>]*?\s(?:src|href)=["'](?:https?:)?//[^"']+"""
)

logger = logging.getLogger(__name__)


def check_pages(app: Sphinx, exception: Exception | None) -> None:
    """To ask another host is a warning."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for match in FETCHES.finditer(text):
            logger.warning(
                "%s asks another host: %s",
                page.relative_to(app.outdir),
                match[0],
                type="offline",
            )


def setup(app: Sphinx) -> dict:
    """Register the hooks, and an option that Jupyter Book sets, of its comments."""
    app.add_config_value("comments_config", {}, "")
    app.connect("build-finished", check_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
