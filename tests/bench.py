"""What the notebooks and the book cost: make bench.

Seconds on all cores and on one, if this system can hold a process to one, and the most
memory that a notebook's kernel and its children held.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from support import NOTEBOOKS, copy_of_the_book, make_book


def cost(notebook: Path, cores: list[int]) -> tuple[float, float]:
    """Seconds to run a notebook from a fresh kernel, and megabytes at the peak."""
    command = [Path(sys.executable).with_name("jupyter-execute"), notebook]
    start, peak, before = time.perf_counter(), 0, 0
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
        if client.returncode:
            log.seek(0)
            sys.exit(f"{log.read().decode()}\n{notebook.name} fails.")
    return time.perf_counter() - start, peak / 1e6


def resident(process: psutil.Process) -> int:
    """Bytes of a process in memory; none once it is gone."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    """Print one line a notebook, and two for the book, which is built in a copy."""
    known = hasattr(psutil.Process, "cpu_affinity")  # not on macOS
    one_core = psutil.Process().cpu_affinity()[:1] if known else []
    print(f"{'notebook':34}{'seconds':>8}{'MB':>8}{'on one core' * known:>13}")
    for path in NOTEBOOKS:
        seconds, megabytes = cost(path, [])
        print(f"{path.name:34}{seconds:8.1f}{megabytes:8.0f}", end="", flush=True)
        print(f"{cost(path, one_core)[0]:13.1f}" if known else "", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = copy_of_the_book(Path(name))
        for build in ("clean build of the book", "unchanged build of the book"):
            start = time.perf_counter()
            result = make_book(folder)
            if result.returncode:
                sys.exit(result.stdout)
            print(f"{build:34}{time.perf_counter() - start:8.1f}", flush=True)


if __name__ == "__main__":
    main()
