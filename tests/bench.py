"""What the notebooks and the book cost: make bench.

Seconds on all cores, the least and the most of three runs, for on a shared machine
others slow some of them down; the most memory that a notebook's kernel and its children
held; and if this system can hold a process to one core, the seconds on one, and until
the first figure is shown there.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from support import NOTEBOOKS, ROOT, copy_of_the_book, make_book

sys.path.append(str(ROOT / "book" / "tools"))
RUNS = 3


def play(notebook: Path) -> None:
    """Run a notebook; print the seconds to its first figure and to its end."""
    start, shown = time.perf_counter(), []

    def note_figure(cell: nbformat.NotebookNode, **_: object) -> None:
        data = [output.get("data", {}) for output in cell.get("outputs", [])]
        if not shown and any("image/svg+xml" in kinds for kinds in data):
            shown.append(time.perf_counter() - start)

    folder = {"metadata": {"path": str(notebook.parent)}}
    NotebookClient(
        nbformat.read(notebook, as_version=4),
        timeout=600,
        resources=folder,
        on_cell_executed=note_figure,
    ).execute()
    print(f"seconds: {shown[0] if shown else 'nan'} {time.perf_counter() - start}")


def cost(notebook: Path, cores: list[int]) -> tuple[float, float, float]:
    """Seconds to run a notebook from a fresh kernel, to its first figure, and MB.

    The kernel's start counts, the start of the client that runs it does not.
    """
    from kernels import resident  # late: a process that is timed does without it

    command = [sys.executable, __file__, notebook]
    peak, before = 0, 0
    with tempfile.TemporaryFile() as log:
        client = psutil.Popen(
            command,
            env={**os.environ, "NOTEKIT_PLAYER": "still"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        if cores:
            client.cpu_affinity(cores)  # its children inherit it
        while client.poll() is None:
            now = sum(map(resident, client.children(recursive=True)))
            # A child that is being started shows its parent's memory for an instant.
            peak = max(peak, min(before, now))
            before = now
            time.sleep(0.05)
        log.seek(0)
        said = log.read().decode()
        if client.returncode:
            sys.exit(f"{said}\n{notebook.name} fails.")
    told = re.search(r"^seconds: (\S+) (\S+)$", said, re.MULTILINE)
    if told is None:
        sys.exit(f"{said}\n{notebook.name} told no seconds.")
    return float(told[2]), float(told[1]), peak / 1e6


def main() -> None:
    """Print one line a notebook, and two for the book, which is built in a copy."""
    known = hasattr(psutil.Process, "cpu_affinity")  # not on macOS
    one_core = psutil.Process().cpu_affinity()[:1] if known else []
    heads = f"{'on one core':>13}{'first figure':>14}" if known else ""
    print(f"{'notebook':34}{'seconds':>8}{'to':>8}{'MB':>8}{heads}")
    for path in NOTEBOOKS:
        seconds, _, megabytes = zip(*(cost(path, []) for _ in range(RUNS)))
        print(f"{path.name:34}{min(seconds):8.1f}{max(seconds):8.1f}", end="")
        print(f"{max(megabytes):8.0f}", end="", flush=True)
        seconds, first, _ = cost(path, one_core) if known else (0, 0, 0)
        print(f"{seconds:13.1f}{first:14.1f}" if known else "", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of_the_book(Path(name))
        for build in ("clean build of the book", "unchanged build of the book"):
            start = time.perf_counter()
            result = make_book(folder)
            if result.returncode:
                sys.exit(result.stdout)
            print(f"{build:34}{time.perf_counter() - start:8.1f}", flush=True)


if __name__ == "__main__":
    play(Path(sys.argv[1])) if sys.argv[1:] else main()
