"""Runs the notebooks of a build side by side, before their pages are read.

What ran well goes into the execution cache, where myst-nb, which would run one after
the other, finds it. What failed does not, is named, and ends the build. A run that
wrote to stderr, or of whose outputs the page warns, is forgotten when the build ends.
"""

from __future__ import annotations

import logging as standard_logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from docutils.nodes import Node
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.display import status_iterator
from sphinx.util.logging import get_node_location, is_suppressed_warning

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "tools"))
from kernels import Run, read, run_all  # noqa: E402

logger = logging.getLogger(__name__)
# The types of warnings of what cells put out: of myst-nb, claims.py and figures.py.
OUTPUTS = ("mystnb", "ledger", "figures")


def prepare_kernels(app: Sphinx, config: Config) -> None:
    """Kernels draw figures as frames, and find notekit from every folder."""
    os.environ["NOTEKIT_PLAYER"] = "frames"
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = dict.fromkeys([str(ROOT / "notebooks"), *filter(None, path)])
    os.environ["PYTHONPATH"] = os.pathsep.join(folders)


def is_notebook(path: Path) -> bool:
    """Whether a page has cells to run."""
    return path.suffix == ".ipynb" or is_myst_markdown_notebook(
        path.read_text(encoding="utf-8")
    )


def is_cached(cache: JupyterCacheAbstract, path: Path) -> bool:
    """Whether the outputs of this notebook's code are known."""
    try:
        record = cache.match_cache_notebook(read(path))
    except KeyError:
        return False
    try:
        cache.get_cache_bundle(record.pk)
    except (KeyError, OSError, ValueError):  # it was not written to its end
        cache.remove_cache(record.pk)
        return False
    return True


def complaints(run: Run) -> Iterator[str]:
    """What cells wrote to stderr, which pages do not show."""
    for number, cell in enumerate(run.notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{run.path.name}, cell {number}, wrote: {output.text.strip()}"


class Doubts(standard_logging.Handler):
    """Collects the pages of whose outputs a warning speaks.

    Another run cannot mend a lost link or a formula, which are warned of too.
    """

    def __init__(self, suppressed: Sequence[str]) -> None:
        super().__init__(standard_logging.WARNING)
        self.suppressed = suppressed
        self.places: list[str] = []

    def emit(self, record: standard_logging.LogRecord) -> None:
        kind, subtype = (getattr(record, name, "") for name in ("type", "subtype"))
        if kind in OUTPUTS and not is_suppressed_warning(
            kind, subtype, self.suppressed
        ):
            place = getattr(record, "location", "")
            place = get_node_location(place) if isinstance(place, Node) else place
            self.places.append(Path(str(place)).as_posix())


def listen(app: Sphinx) -> None:
    """Hear the warnings of this build."""
    app.doubts = Doubts(app.config.suppress_warnings)
    standard_logging.getLogger(logging.NAMESPACE).addHandler(app.doubts)


def forget_doubtful(app: Sphinx, exception: Exception | None = None) -> None:
    """Forget the runs whose outputs are in doubt."""
    standard_logging.getLogger(logging.NAMESPACE).removeHandler(app.doubts)
    if not app.doubts.places:
        return
    cache = get_cache(app.env.mystnb_config.execution_cache_path)
    for page in app.env.found_docs:
        path = Path(app.env.doc2path(page))
        doubted = any(page in place for place in app.doubts.places)
        if doubted and is_notebook(path) and is_cached(cache, path):
            cache.remove_cache(cache.match_cache_notebook(read(path)).pk)


def run_notebooks(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run what the pages that will be read need and the cache does not have."""
    settings = env.mystnb_config
    cache = get_cache(settings.execution_cache_path)
    paths = [Path(env.doc2path(name)) for name in docnames]
    paths = [path for path in paths if is_notebook(path) and not is_cached(cache, path)]
    runs = status_iterator(
        run_all(paths, settings.execution_timeout),
        "running notebooks... ",
        length=len(paths),
        verbosity=app.verbosity,
        stringify_func=str,
    )
    failed = []
    for run in runs if paths else ():
        if run.error:
            logger.error("%s\n%s", run, run.error)
            failed.append(f"{run.path.parent.name}/{run.path.name}")
        else:
            for complaint in complaints(run):
                logger.info("%s", complaint)
                app.doubts.places.append(run.path.as_posix())
            cost = {"execution_seconds": run.seconds, "memory": run.memory}
            bundle = CacheBundleIn(run.notebook, str(run.path), data=cost)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if failed:
        names = ", ".join(sorted(failed))
        sys.exit(f"{len(failed)} of {len(paths)} notebooks failed: {names}")


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("config-inited", prepare_kernels)
    app.connect("builder-inited", listen)
    app.connect("env-before-read-docs", run_notebooks)
    app.connect("build-finished", forget_doubtful, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
