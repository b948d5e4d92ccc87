"""Makes what a page offers for download run where it lands, and read well there.

The notebook says its site, from which its first cell fetches notekit.zip, and is in the
Markdown that every viewer knows; a second file, .zip, holds it with all that it needs.
"""

from __future__ import annotations

import hashlib
import re
import sys
import zipfile
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from plain import Plain  # noqa: E402

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NEEDS = NOTEBOOKS.parent / "requirements.txt"
SITE = re.compile(r"^(    find_notekit\()[^)]*\)$", re.MULTILINE)  # in the first cell
NEVER = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same archive


def archive(path: Path, files: dict[str, bytes]) -> None:
    """Write a ZIP file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, NEVER)
            file.writestr(info, data, zipfile.ZIP_DEFLATED)


def helper() -> tuple[dict[str, bytes], str]:
    """notekit and the data of notes, by their names; and their version, a hash."""
    folders = [NOTEBOOKS / "notekit", *sorted(NOTEBOOKS.glob("*-data"))]
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    kept = [p for p in files if p.is_file() and "__pycache__" not in p.parts]
    found = {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in kept}
    version = hashlib.sha256(repr(found).encode()).hexdigest()[:8]
    found["notekit/version"] = version.encode()
    return found, version


def packages() -> bytes:
    """What pip is to install for the notes."""
    text = NEEDS.read_text(encoding="utf-8")
    section = re.search(r"^# notebooks\n(.*?)\n\n", text, re.M | re.S)
    pins = re.findall(r"^\S+==\S+", section[1], re.MULTILINE) if section else []
    return "\n".join([*pins, ""]).encode()


def tell_site(notebook: NotebookNode, site: str, version: str) -> None:
    """Tell a note's first cell the site that has notekit, and notekit's version."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = SITE.sub(rf'\g<1>"{site}", "{version}")', cell.source)


def offer(app: Sphinx, exception: Exception | None) -> None:
    """Write what is downloaded, beside the pages."""
    if exception or app.builder.format != "html":
        return
    out, site, (needed, version) = Path(app.outdir), app.config.html_baseurl, helper()
    archive(out / "notekit.zip", needed)
    needed["requirements.txt"] = packages()
    equations = app.env.get_domain("math").equations
    numbers = {label: number for label, (_, number) in equations.items()}
    sources = app.env.get_domain("cite").bibdata.data.entries
    for page in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(page))
        if source.suffix != ".ipynb":
            continue
        notebook = nbformat.read(source, as_version=4)
        Plain(numbers, sources, site).note(notebook)
        tell_site(notebook, site, version)
        text = nbformat.writes(notebook) + "\n"
        copy = out / "_sources" / f"{page}.ipynb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
        archive(out / f"{page}.zip", {source.name: text.encode(), **needed})


def add_button(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put the archive into the list of downloads of a notebook's page."""
    if not str(context.get("page_source_suffix", "")).endswith("ipynb"):
        return
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(
                1,
                {
                    "type": "link",
                    "url": context["pathto"](f"{page}.zip", 1),
                    "text": ".zip",
                    "tooltip": "Download the note with all that it needs",
                    "icon": "fas fa-file-zipper",
                    "label": "download-zip-button",
                },
            )


def setup(app: Sphinx) -> dict:
    """Register the hooks, the second after the theme has made its buttons."""
    app.connect("build-finished", offer)
    app.connect("html-page-context", add_button, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
