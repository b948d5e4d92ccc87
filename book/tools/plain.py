"""Turns a note from MyST into the Markdown that every viewer knows.

Run by itself, it names the sources in the stored notes, which JupyterLab shows as keys,
and leaves the rest, which JupyterLab knows: so Binder does with its copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from pybtex.database import Entry, parse_file
from pybtex.plugin import find_plugin

STYLE = find_plugin("pybtex.style.formatting", "unsrt")
BACKEND = find_plugin("pybtex.backends", "markdown")
Rule = tuple[str, str | Callable[[re.Match], str]]
SOURCES = Path(__file__).resolve().parents[1] / "references.bib"
LABEL = re.compile(r"\$\$ *\(([\w-]+)\)[ \t]*$", re.MULTILINE)  # of an equation
LINK = r"\[([^]\n]*)\]\((?!https?:|#)([^)\s]*)\.(?:md|ipynb)(#[^)]*)?\)"  # to a page


def cited(entry: Entry) -> tuple[str, str]:
    """The authors of a source, as a text names them, and its year."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in people]
    names = [re.sub(r"[{}\\]", "", name) for name in names]
    named = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return named, entry.fields.get("year", "n.d.")


def equation_numbers(notebook: NotebookNode) -> dict[str, int]:
    """The numbers of a note's equations by their labels, as on its page."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    labels = LABEL.findall("\n\n".join(prose))
    return {label: number for number, label in enumerate(labels, start=1)}


def known_sources() -> Mapping[str, Entry]:
    """What may be cited."""
    return parse_file(SOURCES).entries


class Plain:
    """Turns the MyST of one note into plain Markdown, cell after cell."""

    def __init__(
        self, numbers: Mapping[str, int], sources: Mapping[str, Entry], site: str
    ) -> None:
        self.numbers, self.sources, self.site = numbers, sources, site
        self.used: list[str] = []
        self.linked: set[str] = set()

    def note(self, notebook: NotebookNode) -> None:
        """Turn all cells of a note."""
        cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        self.linked.update(*(re.findall(r"\]\(#([^)]+)\)", c.source) for c in cells))
        for cell in cells:
            cell.source = self(cell.source)

    def __call__(self, text: str) -> str:
        """The same words for a viewer that does not know MyST."""
        return self.replaced(text, self.rules())

    @staticmethod
    def replaced(text: str, rules: Iterable[Rule]) -> str:
        """A text after all rules, one after another."""
        for pattern, put in rules:
            text = re.sub(pattern, put, text, flags=re.MULTILINE | re.DOTALL)
        return text

    def rules(self) -> list[Rule]:
        """What is replaced by what."""
        details = r"<details>\n<summary>\1</summary>\n\n\2\n\n</details>"
        return [
            (r"^:::\{dropdown\} ([^\n]*)\n(.*?)\n:::$", details),
            (r"([^\n]*?)[ \t]*\$\$ *\(([\w-]+)\)[ \t]*$", self.tagged),
            (r"\{eq\}`([^`]+)`", lambda m: f"({self.number(m[1])})"),
            *self.citing(),
            (r"^\(([\w-]+)\)=$", r'<a id="\1"></a>'),
            (r"^#{2,3} ([^\n]*)$", self.heading),
            (LINK, self.link),
        ]

    def citing(self) -> list[Rule]:
        """What is replaced where only sources are to be named."""
        return [
            (r"\{footcite:([tp])\}`([^`]+)`", self.citation),
            (r"^```\{footbibliography\}\n```$", lambda m: self.bibliography()),
        ]

    def number(self, label: str) -> str:
        """The number that an equation has on its page."""
        return str(self.numbers.get(label, label))

    def tagged(self, match: re.Match) -> str:
        """The end of a formula, with its number."""
        tag = f"\\tag{{{self.number(match[2])}}}"
        return (
            f"{match[1]} {tag}$$"
            if match[1].strip(" >")
            else f"{match[1]}{tag}\n{match[1]}$$"
        )

    def heading(self, match: re.Match) -> str:
        """A heading, below a place with the name by which the note links to it."""
        name = re.sub(r"[^\w\- ]", "", match[1].strip().lower()).replace(" ", "-")
        return f'<a id="{name}"></a>\n\n{match[0]}' if name in self.linked else match[0]

    def citation(self, match: re.Match) -> str:
        """Authors and year, as the site names them."""
        keys = [key.strip() for key in match[2].split(",")]
        self.used += [key for key in keys if key not in self.used]
        known = self.sources  # a key that is not among them has been warned of
        pairs = [cited(known[key]) if key in known else (key, "n.d.") for key in keys]
        if match[1] == "t":
            return ", ".join(f"{names} ({year})" for names, year in pairs)
        return f"({'; '.join(f'{names}, {year}' for names, year in pairs)})"

    def bibliography(self) -> str:
        """The sources cited so far, one a line."""
        used = [self.sources[key] for key in self.used if key in self.sources]
        entries = STYLE().format_entries(used)
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


def name_sources(folder: Path) -> None:
    """Name the sources in all notes of a copy of the repository."""
    sources = parse_file(folder / "book" / "references.bib").entries
    for path in sorted(folder.glob("notebooks/*.ipynb")):
        notebook, plain = nbformat.read(path, as_version=4), Plain({}, sources, "")
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = plain.replaced(cell.source, plain.citing())
        nbformat.write(notebook, path)


if __name__ == "__main__":
    name_sources(Path(__file__).resolve().parents[2])
