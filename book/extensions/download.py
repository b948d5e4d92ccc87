"""Makes what a page offers for download run where it lands, and read well there.

The notebook says its site, from which its first cell fetches notekit.zip, and is in the
Markdown that every viewer knows; a second file, .zip, holds it with all that it needs.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from docutils import nodes
from pybtex.database import Entry
from pybtex.plugin import find_plugin
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NEEDS = NOTEBOOKS.parent / "requirements.txt"
STYLE = find_plugin("pybtex.style.formatting", "unsrt")
BACKEND = find_plugin("pybtex.backends", "markdown")
SITE = re.compile(r"^(    find_notekit\()[^)]*\)$", re.MULTILINE)  # in the first cell
LINK = r"\[([^]\n]*)\]\((?!https?:|#)([^)\s]*)\.(?:md|ipynb)(#[^)]*)?\)"  # to a page
NEVER = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same archive


def cited(entry: Entry) -> tuple[str, str]:
    """The authors of a source, as a text names them, and its year."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in people]
    names = [re.sub(r"[{}\\]", "", name) for name in names]
    named = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return named, entry.fields.get("year", "n.d.")


class Plain:
    """Turns the MyST of one note into plain Markdown, cell after cell."""

    def __init__(self, env: BuildEnvironment, site: str) -> None:
        self.site = site
        self.equations = env.get_domain("math").equations
        self.sources = env.get_domain("cite").bibdata.data.entries
        self.used: list[str] = []

    def __call__(self, text: str) -> str:
        """The same words for a viewer that does not know MyST."""
        for pattern, put in self.rules():
            text = re.sub(pattern, put, text, flags=re.MULTILINE | re.DOTALL)
        return text

    def rules(self) -> list[tuple[str, str | Callable[[re.Match], str]]]:
        """What is replaced by what."""
        details = r"<details>\n<summary>\1</summary>\n\n\2\n\n</details>"
        return [
            (r"^:::\{dropdown\} ([^\n]*)\n(.*?)\n:::$", details),
            (r"^\$\$ \(([\w-]+)\)$", lambda m: f"\\tag{{{self.number(m[1])}}}\n$$"),
            (r"\{eq\}`([^`]+)`", lambda m: f"({self.number(m[1])})"),
            (r"\{footcite:([tp])\}`([^`]+)`", self.citation),
            (r"^```\{footbibliography\}\n```$", lambda m: self.bibliography()),
            (r"^\([\w-]+\)=\n", ""),
            (
                r"\[([^]\n]*)\]\((?!https?:|#)([^)\s]*)\.(?:md|ipynb)(#[^)]*)?\)",
                self.link,
            ),
        ]

    def number(self, label: str) -> str:
        """The number that an equation has on its page."""
        return str(self.equations[label][1]) if label in self.equations else label

    def citation(self, match: re.Match) -> str:
        """Authors and year, as the site names them."""
        keys = [key.strip() for key in match[2].split(",")]
        self.used += [key for key in keys if key not in self.used]
        pairs = [cited(self.sources[key]) for key in keys]
        if match[1] == "t":
            return ", ".join(f"{names} ({year})" for names, year in pairs)
        return f"({'; '.join(f'{names}, {year}' for names, year in pairs)})"

    def bibliography(self) -> str:
        """The sources cited so far, one a line."""
        entries = STYLE().format_entries([self.sources[key] for key in self.used])
        return "\n".join(f"- {entry.text.render(BACKEND())}" for entry in entries)

    def link(self, match: re.Match) -> str:
        """A link to another page leads to the site, if its address is known."""
        if not self.site:
            return match[1]
        page = Path("notebooks", match[2])
        place = "/".join(part for part in page.parts if part != "..")
        if ".." in page.parts:
            place = place.removeprefix("notebooks/")
        return f"[{match[1]}]({self.site}{place}.html{match[3] or ''})"


def archive(path: Path, files: dict[str, bytes]) -> None:
    """Write a ZIP file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, NEVER)
            file.writestr(info, data, zipfile.ZIP_DEFLATED)


def helper() -> dict[str, bytes]:
    """notekit, the data of notes, and the list of packages, by their names."""
    folders = [NOTEBOOKS / "notekit", *sorted(NOTEBOOKS.glob("*-data"))]
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    kept = [p for p in files if p.is_file() and "__pycache__" not in p.parts]
    found = {path.relative_to(NOTEBOOKS).as_posix(): path.read_bytes() for path in kept}
    text = NEEDS.read_text(encoding="utf-8")
    section = re.search(r"^# notebooks\n(.*?)\n\n", text, re.M | re.S)
    pins = re.findall(r"^\S+==\S+", section[1], re.MULTILINE) if section else []
    found["requirements.txt"] = "\n".join([*pins, ""]).encode()
    return found


def offer(app: Sphinx, exception: Exception | None) -> None:
    """Write what is downloaded, beside the pages."""
    if exception or app.builder.format != "html":
        return
    out, needed = Path(app.outdir), helper()
    archive(out / "notekit.zip", needed)
    site = app.config.html_baseurl
    for page in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(page))
        if source.suffix != ".ipynb":
            continue
        notebook = nbformat.read(source, as_version=4)
        plain = Plain(app.env, site)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = plain(cell.source)
            elif site:
                cell.source = SITE.sub(rf'\g<1>"{site}")', cell.source)
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
