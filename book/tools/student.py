"""Writes the notes for students: without solutions, with room for answers.

What is in the folder runs there: notekit and the data lie beside the notes. Of an
exercise, the folded solution and its code are removed. Checks, which hold the right
answers, and likely mistakes, which a derivation must know to answer a wrong line, are
packed, so that nobody reads them by accident.
"""

from __future__ import annotations

import ast
import base64
import re
import shutil
import sys
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from kernels import BUILD
from origin import github_name, site
from plain import Plain, equation_numbers, known_sources

sys.path.append(str(Path(__file__).resolve().parents[1] / "extensions"))
from download import NOTEBOOKS, helper, packages, tell_site  # noqa: E402

SECTION = re.compile(r"^## (.*?)\s*$", re.MULTILINE)
TITLE = re.compile(r"^### (.*)", re.MULTILINE)
SOLUTION = re.compile(r"^:::\{dropdown\} Solution.*?\n:::[ \t]*$", re.M | re.S)
WORDS = "*Your answer, in words and formulas:*"
CODE = "# Your answer, in code:"
PACKED = "# What judges your answer, packed, so that it gives nothing away.\n"
README = """\
# Notes with room for your answers

Make an environment for them, install what they need, and open them:

    python -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/jupyter lab

On Windows, `.venv\\Scripts` takes the place of `.venv/bin`.
Run a note from its top; your answers go into the cells that ask for them.
What checks an answer knows it, and is therefore packed: nobody reads it by accident.
"""


def tags(cell: NotebookNode) -> list[str]:
    """What a cell is tagged with."""
    return cell.metadata.get("tags", [])


def gives_away(statement: ast.stmt) -> bool:
    """Whether a statement is a check, or lists the likely mistakes of a derivation."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name.startswith("check_")
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(t, ast.Name) and t.id.startswith("slips") for t in targets)


def pack(source: str) -> str:
    """The code of a cell in which what gives an answer away cannot be read."""
    parts: dict[bool, list[str]] = {True: [], False: []}
    for statement in ast.parse(source).body:
        segment = ast.get_source_segment(source, statement)
        parts[gives_away(statement)].append(segment)
    data = base64.b64encode(zlib.compress("\n".join(parts[True]).encode(), 9)).decode()
    text = "\n".join(f'    "{line}"' for line in textwrap.wrap(data, 80))
    call = f"import base64, zlib\n\npacked = (\n{text}\n)\n"
    call += "exec(zlib.decompress(base64.b64decode(packed)))"
    return "\n".join([*parts[False], PACKED + call])


def with_room(parts: list[str]) -> Iterator[NotebookNode]:
    """The parts of a text, with a cell for an answer after each but the last."""
    for part in parts[:-1]:
        if part.strip():
            yield v4.new_markdown_cell(part.strip())
        yield v4.new_markdown_cell(WORDS, metadata={"tags": ["answer"]})
    if parts[-1].strip():
        yield v4.new_markdown_cell(parts[-1].strip())


def without_solution(cell: NotebookNode) -> list[NotebookNode]:
    """What stands in place of a cell of the exercises."""
    if cell.cell_type == "markdown":
        parts = SOLUTION.split(cell.source)
        return [cell] if len(parts) == 1 else list(with_room(parts))
    if not {"check", "your-turn"} & set(tags(cell)):
        return [v4.new_code_cell(CODE, metadata={"tags": ["answer"]})]
    if any(map(gives_away, ast.parse(cell.source).body)):
        return [NotebookNode(cell, source=pack(cell.source), outputs=[])]
    return [] if {"your-turn", "hide-cell"} <= set(tags(cell)) else [cell]


def student_copy(notebook: NotebookNode) -> None:
    """Take the solutions out of a note, and number the cells that come instead."""
    cells, section, title = [], "", ""
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        headings = SECTION.findall(text)
        title = [title, *TITLE.findall(text)][-1]
        if "Exercises" in [section, *headings]:
            room = without_solution(cell)
            paper = "On paper" in title  # what asks for words only
            cells += [cell for cell in room if not (paper and cell.source == CODE)]
        else:
            cells.append(cell)
        section = headings[-1] if headings else section
    known, new = {cell.id for cell in notebook.cells}, 0
    for cell in cells:
        if cell.get("id") not in known:
            new += 1
            cell.id = f"answer-{new}" if "answer" in tags(cell) else f"exercise-{new}"
    notebook.cells = cells


def write(folder: Path) -> None:
    """Write all notes, and what they need, into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    needed, version = helper()
    needed |= {"requirements.txt": packages(), "README.md": README.encode()}
    for name, data in needed.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    sources = known_sources()
    name = github_name(str(NOTEBOOKS))
    address = site(name) if name else ""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        numbers = equation_numbers(notebook)
        student_copy(notebook)
        Plain(numbers, sources, address).note(notebook)
        tell_site(notebook, address, version)
        nbformat.write(notebook, folder / path.name)


if __name__ == "__main__":
    write(BUILD / "student")
    print("The students' notebooks are ready: _build/student.")
