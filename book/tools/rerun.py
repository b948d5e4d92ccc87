"""Runs notebooks and stores their outputs, so that a second run changes nothing.

It also stores what all notes share and one file says: the first cell, which finds
notekit, and which cells are folded (clean.py).
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbformat

from clean import tidy
from kernels import BUILD, hold, run_all
from origin import github_name, site

NOTES = Path(__file__).resolve().parents[2] / "notebooks"
FIRST_CELL = Path(__file__).with_name("first_cell.py")
FIRST_ID = "finds-notekit"  # the cell's id in every note


def put_first_cell(path: Path) -> None:
    """Make the first code cell of a note the one that finds notekit."""
    notebook = nbformat.read(path, as_version=4)
    source = FIRST_CELL.read_text(encoding="utf-8").strip()
    old = next((cell.source for cell in notebook.cells if cell.id == FIRST_ID), "")
    known = re.search(r"^    find_notekit\((\"[^\"]+\"|)", old, re.MULTILINE)
    name = github_name(str(NOTES))
    address = known[1] if known else ""
    if name and not address:  # a fork keeps the address that is there
        address = f'"{site(name)}"'
    source = source.replace("find_notekit()", f"find_notekit({address})")
    notebook.cells[:] = [cell for cell in notebook.cells if cell.id != FIRST_ID]
    cell = nbformat.v4.new_code_cell(source, id=FIRST_ID)
    cell.metadata["tags"] = ["remove-cell"]  # the page has nothing to find
    kinds = [cell.cell_type for cell in notebook.cells]
    notebook.cells.insert(kinds.index("code"), cell)
    write(notebook, path)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all: a full disk must not cut a source."""
    part = path.with_suffix(".part")
    try:
        nbformat.write(notebook, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def main(names: list[str]) -> int:
    """Run all of them; the exit code is the number of those that failed."""
    with hold(BUILD):
        return run_and_store(names)


def run_and_store(names: list[str]) -> int:
    """Run all of them, in a folder where nobody else does."""
    os.environ["NOTEKIT_PLAYER"] = "still"
    paths = [path for path in map(Path, names) if path.exists()]  # else a bare pattern
    for path in paths:
        if path.resolve().parent == NOTES:
            put_first_cell(path)
    failed = 0
    for number, run in enumerate(run_all(paths, timeout=600), start=1):
        print(f"[{number}/{len(paths)}] {run}", flush=True)
        if run.error:
            print(run.error, file=sys.stderr)
            failed += 1
            continue
        write(tidy(run.notebook), run.path)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
