"""Lets one build at a time work in a folder: two would spoil each other's files."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from kernels import hold  # noqa: E402


def lock(app: Sphinx, config: Config) -> None:
    """Hold the build folder until this process ends, however it does."""
    app.alone = hold(Path(app.outdir).parent)


def setup(app: Sphinx) -> dict:
    """Register the hook, before any other starts to work."""
    app.connect("config-inited", lock, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
