"""Keeps pages from asking other hosts and from needing scripts for their colours, and
the site from carrying what no page uses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

UNUSED = (
    "scripts/fontawesome.js*",
    "scripts/*.map",
    "styles/*.map",
    "vendor/*/*/*.ttf",
    "webpack-macros.html",
    "sbt-webpack-macros.html",
)
AUTO = 'data-theme="auto">'
FETCHES = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|link(?! rel="canonical"))\b"""
    r"""[^>]*?\s(?:src|href)=["'](?:https?:)?//[^"']+"""
)

logger = logging.getLogger(__name__)


def drop_unused(app: Sphinx, exception: Exception | None) -> None:
    """Remove what the themes copy and no page loads."""
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def finish_pages(app: Sphinx, exception: Exception | None) -> None:
    """Without a script the theme is the light one; to ask another host is a warning."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if AUTO in text:
            page.write_text(
                text.replace(AUTO, AUTO.replace("auto", "light"), 1), encoding="utf-8"
            )
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
    app.connect("build-finished", drop_unused)
    app.connect("build-finished", finish_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
