"""Runs notebooks side by side, each in a fresh kernel: as many at once as cores."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from traceback import format_exception_only
from typing import NamedTuple

import joblib
import nbformat
import psutil
from filelock import FileLock, Timeout
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

BUILD = Path(__file__).resolve().parents[2] / "_build"
# What a kernel and its client say to each other is encrypted; else it prints a notice.
ENCRYPTED = Config(KernelManager={"transport_encryption": "auto"})


class Run(NamedTuple):
    """A notebook that was run; the seconds and the most memory, in bytes, that its
    kernel held after a cell; and what went wrong, if anything did."""

    path: Path
    notebook: NotebookNode
    seconds: float
    memory: int
    error: str

    def __str__(self) -> str:
        """For example: notebooks/adax.ipynb, 31.2 s."""
        name = f"{self.path.parent.name}/{self.path.name}"
        return f"{name}{' failed' * bool(self.error)}, {self.seconds:.1f} s"


def read(path: Path) -> NotebookNode:
    """The notebook at path, which may be written as Markdown."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    return read_myst_markdown_notebook(path.read_text(encoding="utf-8"))


def run(path: Path, timeout: int) -> Run:
    """Run a notebook in its folder, up to a cell that raises or takes longer."""
    notebook, held, error = read(path), [0], None
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook,
        timeout=timeout,
        resources=folder,
        coalesce_streams=True,
        record_timing=False,
        config=ENCRYPTED,
    )

    def weigh(**cell: object) -> None:
        held.append(memory(client.km.provisioner.pid))

    client.on_cell_executed = weigh
    start = time.perf_counter()
    try:
        client.execute()
    except Exception as problem:  # a cell raised, or the kernel died or did not start
        error = problem
    seconds = time.perf_counter() - start
    words = format_exception_only(error) if error else []
    return Run(path, notebook, seconds, max(held), "".join(words))


def memory(kernel: int) -> int:
    """The bytes that a kernel and what it has started hold now."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(kernel)
        return sum(map(resident, [process, *process.children(recursive=True)]))
    return 0


def resident(process: psutil.Process) -> int:
    """Bytes of a process in memory; none once it is gone."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def kill_kernels() -> None:
    """End all processes that this one has started."""
    for kernel in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            kernel.kill()


def hold(folder: Path) -> AbstractContextManager:
    """Lock a folder of builds until the end of a with statement, or of this process."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(folder / ".lock").acquire(timeout=0)
    except Timeout:
        sys.exit("Another build works in this folder: wait for its end and try again.")


def quiet_environment() -> None:
    """Keep what a user has set for other programs from changing or failing a run."""
    for name in ("MPLBACKEND", "MATPLOTLIBRC", "PYTHONWARNINGS", "PYTHONSTARTUP"):
        os.environ.pop(name, None)
    ours = BUILD / "ipython"  # without a user's startup files
    ours.mkdir(parents=True, exist_ok=True)
    os.environ["IPYTHONDIR"] = str(ours)
    try:
        tempfile.TemporaryFile(dir=Path.home()).close()
    except (OSError, RuntimeError):  # read-only, or there is none
        os.environ["HOME"] = home = tempfile.mkdtemp(prefix="notekit-home-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    # The first import makes a list of fonts, and may say so; every one complains if the
    # list cannot be kept where it should be.
    fonts = [sys.executable, "-c", "import matplotlib.font_manager"]
    says = partial(subprocess.run, fonts, stdout=subprocess.DEVNULL, stderr=-1)
    if says().stderr and says().stderr:
        os.environ["MPLCONFIGDIR"] = str(BUILD / "matplotlib")
        says()


def run_all(paths: Sequence[Path], timeout: int) -> Iterator[Run]:
    """Run notebooks, and yield each as it ends.

    A kernel has one thread, however many run, so that its sums have the same rounding.
    The pool is of threads, which only wait for kernels: they share one list of ports,
    and nobody waits for them when the program is interrupted.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    quiet_environment()
    logging.getLogger("traitlets").setLevel(logging.WARNING)  # else a line a start
    with ThreadPool(joblib.cpu_count()) as pool:
        try:
            yield from pool.imap_unordered(partial(run, timeout=timeout), paths)
        except BaseException:  # Ctrl+C: kernels would complain that nobody listens
            kill_kernels()
            raise
