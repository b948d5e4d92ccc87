"""Runs notebooks and stores their outputs, so that a second run changes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat

from kernels import run_all

LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",
}


def main(names: list[str]) -> int:
    """Run all of them; the exit code is the number of those that failed."""
    os.environ["NOTEKIT_PLAYER"] = "still"
    paths = [path for path in map(Path, names) if path.exists()]  # else a bare pattern
    failed = 0
    for number, run in enumerate(run_all(paths, timeout=600), start=1):
        print(f"[{number}/{len(paths)}] {run}", flush=True)
        if run.error:
            print(run.error, file=sys.stderr)
            failed += 1
            continue
        # Without the version of one machine's Python, and without live widgets.
        run.notebook.metadata["language_info"] = dict(LANGUAGE)
        run.notebook.metadata.pop("widgets", None)
        nbformat.write(run.notebook, run.path)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
