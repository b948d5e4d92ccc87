"""Makes derivations live: a cell tagged `live` can be changed and run in the page.

browser.py packs what that needs, book/static/live.js does it. A cell that has the tag
and needs what a browser lacks is a warning.
"""

from __future__ import annotations

import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from browser import TOOLS, pack
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

sys.path.append(str(TOOLS))
from analysis import Cell, obstacles  # noqa: E402

NO_SCRIPT = (
    "<noscript><p>With JavaScript, this page runs its derivations, and you can change "
    "them.</p></noscript>"
)
HEADING = re.compile(r"^## (.+)", re.MULTILINE)
PROVES = re.compile(r"\bnk\.(derive|Identity)\b")
FIRST = re.compile(r'<div class="cell [^"]*\btag_live\b')
WITHOUT = "derivations cannot be changed in the pages: they lack Python for browsers"

logger = logging.getLogger(__name__)


def sections(path: Path) -> list[tuple[str, Cell]]:
    """The code cells of a notebook, each with its section; none of another page."""
    if path.suffix != ".ipynb":
        return []
    found, section = [], ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            section = (HEADING.findall(cell.source) or [section])[-1]
        elif cell.cell_type == "code" and cell.source.strip():
            live = "live" in cell.metadata.get("tags", [])
            found.append((section, Cell(cell.source, live)))
    return found


def cells_of(path: Path) -> list[Cell]:
    """The code cells of a notebook; none of a page that is not one."""
    return [cell for _, cell in sections(path)]


def left_out(path: Path) -> list[str]:
    """The derivations and identities of a notebook that are not live, and why."""
    cells, found = cells_of(path), []
    for number, (section, cell) in enumerate(sections(path), start=1):
        if PROVES.search(cell.source) and not cell.live:
            why = obstacles(cell.source, cells[: number - 1])
            told = "; ".join(why) or "it lacks the tag live"
            found.append(f"{section}, code cell {number}, stays as printed: {told}")
    return found


def refusals(cells: list[Cell]) -> list[str]:
    """Which cells have the tag and cannot run in a browser, and why."""
    found = {
        number: obstacles(cell.source, cells[: number - 1])
        for number, cell in enumerate(cells, start=1)
        if cell.live
    }
    return [
        f"code cell {number} has the tag live, but {'; '.join(reasons)}"
        for number, reasons in found.items()
        if reasons
    ]


def check_tags(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of a tag on a cell that cannot run in a browser; remember live pages."""
    docname = app.env.docname
    cells = cells_of(Path(app.env.doc2path(docname)))
    for refusal in refusals(cells):
        logger.warning("%s: %s", docname, refusal, location=docname, type="live")
    app.env.metadata[docname]["live"] = any(cell.live for cell in cells)
    if app.env.metadata[docname]["live"]:
        for line in left_out(Path(app.env.doc2path(docname))):
            logger.info("%s: %s", docname, line)


def begin(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Pack what live pages need, in programs that work while the pages are read."""
    paths = (Path(env.doc2path(name)) for name in env.found_docs)
    app.packing = None
    if any(cell.live for path in paths for cell in cells_of(path)):
        worker = ThreadPoolExecutor(1)
        app.packing = worker.submit(pack, Path(app.outdir).parent / "live")


def prepare(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Wait until that is packed; write live pages again if it was not there before."""
    app.live_pack = app.packing and app.packing.result()
    if app.packing and not app.live_pack:
        logger.info(WITHOUT)
    pages = [name for name in env.found_docs if env.metadata[name].get("live")]
    name = app.live_pack and app.live_pack.name
    changed = name != getattr(env, "live_pack", None)
    env.live_pack = name
    return pages if changed else []


def add_script(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Load the script on pages with live cells; say what they can without it."""
    if not (app.live_pack and app.env.metadata.get(page, {}).get("live")):
        return
    size = sum(path.stat().st_size for path in app.live_pack.glob("*.bin"))
    words = {
        "defer": "defer",
        "data-live": f"live/{app.live_pack.name}/",
        "data-bytes": str(size),
    }
    app.add_js_file("live.js", **words)
    context["body"] = FIRST.sub(rf"{NO_SCRIPT}\g<0>", context["body"], count=1)


def copy_pack(app: Sphinx, exception: Exception | None) -> None:
    """Put what was packed into the site."""
    if exception is not None:
        return
    target = Path(app.outdir) / "_static" / "live"
    shutil.rmtree(target, ignore_errors=True)
    if getattr(app, "live_pack", None):
        shutil.copytree(app.live_pack, target / app.live_pack.name)


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("doctree-read", check_tags)
    app.connect("env-before-read-docs", begin, priority=600)  # when the notes have run
    app.connect("env-updated", prepare)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", copy_pack)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
