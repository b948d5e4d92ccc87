"""Runs notebooks and stores their outputs in them, so that a second run changes nothing: make notebooks."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",
}


def rerun(path: Path, store: bool = True) -> float:
    """Run a notebook from a fresh kernel in its folder, and store its outputs; return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    seconds = time.perf_counter() - start
    notebook.metadata["language_info"] = dict(
        LANGUAGE
    )  # without the version of one machine's Python
    notebook.metadata.pop("widgets", None)
    if store:
        nbformat.write(notebook, path)
    return seconds


def main(names: list[str]) -> int:
    """Run all of them; the exit code is the number of those that failed."""
    os.environ["NOTEKIT_PLAYER"] = "still"
    failed = 0
    for path in map(Path, names):
        if not path.exists():
            continue  # a pattern that matched nothing
        print(f"{path} …", end=" ", flush=True)
        try:
            print(f"{rerun(path):.1f} s")
        except CellExecutionError as error:
            print(f"failed\n{error}")
            failed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
