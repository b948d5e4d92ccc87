"""Lets one build at a time work in a folder: two would spoil each other's files."""

from __future__ import annotations

import sys
from pathlib import Path

from filelock import FileLock, Timeout
from sphinx.application import Sphinx
from sphinx.config import Config


def lock(app: Sphinx, config: Config) -> None:
    """Hold the build folder until this process ends, however it does."""
    app.alone = FileLock(Path(app.outdir).parent / ".lock")
    try:
        app.alone.acquire(timeout=0)
    except Timeout:
        sys.exit("Another build works in this folder: wait for its end and try again.")


def setup(app: Sphinx) -> dict:
    """Register the hook, before any other starts to work."""
    app.connect("config-inited", lock, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
