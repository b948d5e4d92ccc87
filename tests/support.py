"""Where things are, and how notebooks are read: shared by the tests."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HELPER_NOTEBOOK = ROOT / "tests" / "notekit.ipynb"
MACHINE_PATH = re.compile(
    r"(?<![\w./-])/(?:home|Users|root|tmp)/\w|[A-Z]:\\+Users|[s]ite-packages/"
    rf"|{re.escape(str(ROOT))}\b"
)
SETUP = """\
import sympy as sp
import matplotlib.pyplot as plt
import notekit as nk
nk.setup()"""


@lru_cache
def read(path: Path) -> NotebookNode:
    """The stored notebook at path; callers must not change it."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that hold code."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.strip()
    ]


def markdown(notebook: NotebookNode) -> str:
    """The prose of a notebook as one text."""
    return "\n\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )


def claims(notebook: NotebookNode) -> list[dict[str, str]]:
    """The records that nk.claim left in the outputs, in the order of the page."""
    outputs = (output for cell in code_cells(notebook) for output in cell.outputs)
    return [
        output.metadata.notekit
        for output in outputs
        if "notekit" in output.get("metadata", {})
    ]


def copy_of_the_book(folder: Path, *without: str) -> Path:
    """Copy what a build reads into an empty folder, but for files of these patterns."""
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", *without)
    for name in (
        "Makefile",
        "_config.yml",
        "_toc.yml",
        "requirements.txt",
        "requirements.lock",
        "README.md",
    ):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    return folder


def make_command(*targets: str) -> dict[str, object]:
    """The command and environment of `make book`, or other targets, for subprocess."""
    # Left alone: what a make that runs these tests tells its children, and .venv.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS"))
    }
    command = [
        "make",
        *(targets or ["book"]),
        f"BIN={Path(sys.executable).parent}",
        "--old-file=.venv/requirements.lock",
    ]
    return {"args": command, "env": environment}


def make_book(folder: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    """Run `make book`, or other targets, in a folder that has the Makefile."""
    return subprocess.run(
        **make_command(*targets),
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
    )


def code(source: str, **words: dict[str, str]) -> NotebookNode:
    """A code cell, with a figure's words if there are any."""
    return v4.new_code_cell(source, metadata={"mystnb": words} if words else {})


def prose(source: str) -> NotebookNode:
    """A Markdown cell."""
    return v4.new_markdown_cell(source)


@dataclass
class SmallBook:
    """A book with the real settings, extensions and helper, and pages of its own."""

    folder: Path

    def __post_init__(self) -> None:
        copy_of_the_book(self.folder, "*.md", "*.ipynb")
        (self.folder / "book" / "intro.md").write_text(
            "# A small book\n\nIts pages follow.\n"
        )

    def add(self, name: str, cells: list[NotebookNode], setup: str = SETUP) -> None:
        """Make or replace a notebook."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = v4.new_notebook(
            cells=[prose(f"# {name}"), code(setup), *cells],
            metadata={"kernelspec": kernel},
        )
        nbformat.write(notebook, self.folder / "notebooks" / f"{name}.ipynb")
        self.list()

    def remove(self, name: str) -> None:
        """Take a notebook out of the book."""
        (self.folder / "notebooks" / f"{name}.ipynb").unlink()
        self.list()

    def list(self) -> None:
        """List all notebooks in the table of contents."""
        chapters = "".join(
            f"  - file: notebooks/{path.stem}\n"
            for path in sorted(self.folder.glob("notebooks/*.ipynb"))
        )
        (self.folder / "_toc.yml").write_text(
            f"format: jb-book\nroot: book/intro\nchapters:\n{chapters}"
        )

    def build(self) -> tuple[bool, str]:
        """Whether `make book` says that all is well, and all that it says."""
        result = make_book(self.folder)
        return result.returncode == 0, result.stdout

    def page(self, name: str) -> str:
        """The HTML of a notebook's page."""
        return (
            self.folder / "_build" / "html" / "notebooks" / f"{name}.html"
        ).read_text(encoding="utf-8")
