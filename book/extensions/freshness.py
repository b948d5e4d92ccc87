"""Decides what a build may reuse: executed notebooks, pages, or nothing.

The execution cache knows only the code of a notebook, and Sphinx only the files that it
has read. Neither notices a changed helper, package or seed, and a second build would
hide the first one's warnings. So two fingerprints are kept in the build folder: one for
what the outputs depend on, one for what the pages depend on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, LOCK = ROOT / "notebooks", ROOT / "requirements.lock"
SITE = [
    *(ROOT / "book" / name for name in ("extensions", "tools", "static", "templates")),
    ROOT / "book" / "references.bib",
    NOTEBOOKS / "robustness.json",
]

logger = logging.getLogger(__name__)


def fingerprint(paths: Iterable[Path], words: Iterable[str]) -> str:
    """A hash of what these files and folders hold, whatever its date, and of words."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(path.parent).as_posix()
                digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def forget_stale_outputs(app: Sphinx) -> None:
    """Empty the execution cache if the outputs depend on something that has changed."""
    words = [f"{name}={value}" for name, value in sorted(os.environ.items())]
    words = [word for word in words if word.startswith("NOTEKIT_")]
    words.append("{}.{}".format(*sys.version_info))
    data = sorted(NOTEBOOKS.glob("*-data"))
    outputs = fingerprint([NOTEBOOKS / "notekit", LOCK, *data], words)
    stamp = Path(app.outdir).parent / ".outputs"
    app.pages_stamp = Path(app.outdir).parent / ".pages"
    if stored(stamp) != outputs or not readable(app):
        logger.info(
            "notekit, data, versions or seed changed: every notebook runs again"
        )
        shutil.rmtree(app.env.mystnb_config.execution_cache_path, ignore_errors=True)
        app.pages_stamp.unlink(missing_ok=True)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(outputs)
    settings = [Path(app.srcdir) / name for name in ("_config.yml", "_toc.yml")]
    app.pages_key = fingerprint([*SITE, *settings], [outputs])


def readable(app: Sphinx) -> bool:
    """Whether the execution cache is one that these versions can read."""
    try:
        get_cache(app.env.mystnb_config.execution_cache_path).list_cache_records()
    except Exception as error:  # of the database: there are many kinds
        logger.info("the execution cache cannot be read: %s", error)
        return False
    return True


def stored(stamp: Path) -> str:
    """What the stamp says, or nothing."""
    return stamp.read_text() if stamp.exists() else ""


def outdated_pages(app: Sphinx, env: BuildEnvironment, *known: set[str]) -> list[str]:
    """All pages, unless the last build was clean and had the same site and settings."""
    clean = stored(app.pages_stamp) == app.pages_key
    app.pages_stamp.unlink(missing_ok=True)
    return [] if clean else list(env.found_docs)


def note_reading(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Remember whether any page is read again."""
    app.pages_changed = bool(pages)


def all_pages(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write every page if one has changed: links and the ledger may depend on it."""
    return list(env.found_docs) if app.pages_changed else []


def remember_clean_build(app: Sphinx, exception: Exception | None) -> None:
    """Only a build without warnings may be reused."""
    if exception is None and not app._warncount:
        app.pages_stamp.write_text(app.pages_key)


def setup(app: Sphinx) -> dict:
    """Register the hooks; this extension must come before myst_nb in the list."""
    app.setup_extension("execution")
    app.connect("builder-inited", forget_stale_outputs, priority=900)
    app.connect("env-get-outdated", outdated_pages)
    app.connect("env-before-read-docs", note_reading)
    app.connect("env-updated", all_pages)
    app.connect("build-finished", remember_clean_build, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
