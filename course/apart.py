"""Grades a submission in two kernels: one for the student's cells, one for the tests.

nbgrader runs both in one kernel, where a cell can redefine what the tests use, or have
them skipped. Here a test cell runs in a kernel of its own, which starts from the locked
cells of the teacher's notebook; the names that it asks for and does not know, it takes
from the student's kernel, as wire.py says. That kernel is confined (confined.py), sees
neither the tests nor other submissions, and is ended when its time is over.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL
from time import monotonic

import psutil
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer, Unicode

HERE = Path(__file__).resolve().parent
WIRE = HERE / "wire.py"
MARK = "GRADED_SUBMISSION"  # in the environment of all that a submission starts
# What is kept of an output: text and pictures run no script in a grader's browser.
TEXT, PICTURES, BASE64 = "text/plain", ("image/png", "image/jpeg"), r"[A-Za-z0-9+/=\s]*"
LAND = f"""\
import sys, types
module = sys.modules["wire"] = types.ModuleType("wire")
exec(compile({WIRE.read_text(encoding="utf-8")!r}, "wire", "exec"), module.__dict__)
"""


def confinable() -> bool:
    """Whether this system can confine a process to a folder."""
    if sys.platform != "linux":
        return False
    from landlockpy import supported

    return supported()


class ConfinedKernelManager(AsyncKernelManager):
    """Starts a kernel that may write to one folder only."""

    folder = Unicode(help="the folder; empty for a kernel that is not confined")

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The kernel's command line."""
        command = super().format_kernel_cmd(extra_arguments)
        if not self.folder:
            return command
        return [sys.executable, str(HERE / "confined.py"), self.folder, *command]


def failure(name: str, words: str) -> NotebookNode:
    """The output of a cell that failed."""
    return new_output("error", ename=name, evalue=words, traceback=[f"{name}: {words}"])


def inert(data: dict[str, str]) -> dict[str, str]:
    """Of what a cell displays, the text and the pictures."""
    kept = {TEXT: data[TEXT]} if TEXT in data else {}
    pictures = {kind: str(data[kind]) for kind in PICTURES if kind in data}
    fit = {kind: raw for kind, raw in pictures.items() if re.fullmatch(BASE64, raw)}
    return kept | fit


def wanted(source: str) -> list[str]:
    """The names that a cell reads but does not set."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return sorted({node.id for node in names} - own - set(dir(builtins)))


class Judge:
    """The kernel in which tests run; one serves all submissions, and starts afresh."""

    def __init__(self) -> None:
        self.manager = KernelManager(transport_encryption="auto")
        quiet = os.environ | {"PYTHONWARNINGS": "ignore"}  # a warning counts as failure
        self.manager.start_kernel(env=quiet)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.run(f"import sys; sys.path.insert(0, {str(HERE)!r}); import wire")

    def end(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def start(self, set_up: list[str], connection: str, process: int) -> None:
        """Forget what was, run the locked cells, connect to a student's kernel."""
        self.run("get_ipython().reset(new_session=False)")
        self.run("import wire; 'notebook' in dir(wire) and wire.notebook.end()")
        for source in set_up:
            for output in self.run(source):
                if output.output_type == "error":
                    raise NbGraderException(f"A locked cell fails: {output.evalue}")
        notebook = f"wire.Notebook({connection!r}, {process}, known={{*globals()}})"
        self.run(f"import wire; wire.notebook = {notebook}")

    def run(
        self, source: str, timeout: float = 60, at_timeout=()
    ) -> list[NotebookNode]:
        """The outputs of a cell, at last an error if its time was over."""
        request = self.client.execute(source, allow_stdin=False)
        outputs, ends, end = [], list(at_timeout), monotonic() + timeout
        late = False
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0, end - monotonic()))
            except Empty:
                late = True
                if not ends:
                    self.manager.interrupt_kernel()
                    ends.append(self.manager.interrupt_kernel)
                ends.pop(0)()
                end = monotonic() + 5
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            with suppress(ValueError):  # a message that is no output
                outputs.append(output_from_msg(message))
        if late:
            outputs.append(failure("TimeoutError", "the time for this cell was over"))
        return outputs

    def test(self, source: str, timeout: float, at_timeout) -> list[NotebookNode]:
        """The outputs of a test cell; its unknown names are the student's."""
        lend = f"import wire; wire.notebook.lend({wanted(source)}, globals())"
        outputs = self.run(lend, timeout, at_timeout)
        return outputs or self.run(source, timeout, at_timeout)


class Apart(Execute):
    """In place of nbgrader's Execute: runs the tests apart from what they test."""

    unconfined = Bool(
        False,
        help="""Grade where submissions cannot be confined: on Windows and macOS, and on
        a Linux kernel without Landlock. Their code then runs with all your rights.""",
    ).tag(config=True)
    most_output = Integer(
        100_000, help="Characters of output that a cell may have."
    ).tag(config=True)

    judge: Judge | None = None  # of all submissions of this run

    def __init__(self, **settings) -> None:
        settings |= {"kernel_manager_class": ConfinedKernelManager}
        super().__init__(shutdown_kernel="immediate", **settings)

    def preprocess(self, nb: NotebookNode, resources, km=None):
        """Run a submitted notebook in a folder of its own."""
        if not (self.unconfined or confinable()):
            raise NbGraderException(
                "This system cannot confine what a submission does: grade on Linux 5.13"
                " or newer, for example in a virtual machine, or add --Apart.unconfined"
                "=True to run the submissions with all your rights."
            )
        self.printed, self.dead = Counter(), ""
        self.scratch = Path(tempfile.mkdtemp(prefix="graded-")).resolve()
        here = Path(resources["metadata"]["path"])
        shutil.copytree(
            here, self.scratch / "work", ignore=shutil.ignore_patterns("*.ipynb")
        )
        (self.scratch / "home").mkdir()
        try:
            return super().preprocess(nb, resources, km)
        finally:
            self.end_all()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def create_kernel_manager(self) -> ConfinedKernelManager:
        """The manager of the student's kernel."""
        self.km = super().create_kernel_manager()
        self.km.transport_encryption = "auto"
        if not self.unconfined:
            self.km.folder = str(self.scratch)
            self.km.transport = "ipc"  # without a network
        self.km.connection_file = str(self.scratch / "kernel.json")
        return self.km

    def start_new_kernel(self, **settings) -> None:
        """Start the student's kernel without what our environment may hold."""
        kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OMP_NUM_THREADS")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        home = str(self.scratch / "home")
        environment |= {"HOME": home, "USERPROFILE": home, "TMPDIR": home, "TEMP": home}
        environment |= {MARK: str(self.scratch), "NBGRADER_EXECUTION": "autograde"}
        environment |= {"IPYTHONDIR": f"{home}/ipython", "JUPYTER_RUNTIME_DIR": home}
        settings |= {"env": environment, "cwd": str(self.scratch / "work")}
        settings |= {
            "stdout": DEVNULL,
            "stderr": DEVNULL,
        }  # what is said beside Jupyter
        super().start_new_kernel(**settings)

    def on_first_cell(self, resources) -> None:
        """Prepare both kernels for a notebook."""
        which = resources["nbgrader"]
        with Gradebook(which["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(which["notebook"], which["assignment"])
            self.sources = {cell.name: cell.source for cell in notebook.source_cells}
            graded = {cell.name for cell in notebook.grade_cells}
            set_up = [
                cell.source
                for cell in notebook.source_cells
                if cell.locked and cell.cell_type == "code" and cell.name not in graded
            ]
        if Apart.judge is None:
            Apart.judge = Judge()
            atexit.register(Apart.judge.end)
        request = self.kc.execute(LAND, silent=True, store_history=False)
        self.wait_for_reply(request)
        process = self.km.provisioner.pid
        Apart.judge.start(set_up, self.km.connection_file, process)

    def preprocess_cell(self, cell: NotebookNode, resources, index: int):
        """Run a cell where it belongs."""
        if index == 0:
            self.on_first_cell(resources)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type != "code" and not utils.is_locked(cell):
            # Else HTML and links in a student's words could run scripts in a browser.
            words = SanitizeHTML().sanitize_html_tags(cell.source)
            cell.source = re.sub(r"\](?=:|\((?!attachment:))", "] ", words)
        if cell.cell_type != "code" or not cell.source.strip():
            return cell, resources
        if utils.is_grade(cell) and not utils.is_solution(cell):
            ends = (self.interrupt, self.end_all)
            cell.outputs = Apart.judge.test(self.sources[name], self.timeout, ends)
        elif self.dead:
            cell.outputs = [failure("DeadKernelError", self.dead)]
        else:
            try:
                return super().preprocess_cell(cell, resources, index)
            except (CellTimeoutError, DeadKernelError) as error:
                self.dead = "the notebook's process has ended"
                if isinstance(error, CellTimeoutError):
                    self.dead = "a cell ran too long and could not be interrupted"
                self.end_all()
                cell.outputs.append(failure(type(error).__name__, self.dead))
        return cell, resources

    def interrupt(self) -> None:
        """Interrupt what the student's kernel does."""
        with suppress(RuntimeError):
            run_sync(self.km.interrupt_kernel)()

    def end_all(self) -> None:
        """End all that the submission has started."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == str(self.scratch):
                    process.kill()

    def output(self, outs, msg, display_id, cell_index):
        """Keep text and pictures, and not too much of them."""
        content = msg["content"]
        if "data" in content:
            content |= {"data": inert(content["data"]), "metadata": {}}
        before = self.printed[cell_index]
        self.printed[cell_index] += len(json.dumps(content, default=str))
        if self.printed[cell_index] <= self.most_output:
            return super().output(outs, msg, display_id, cell_index)
        if before <= self.most_output:
            outs.append(new_output("stream", text="\nMore output is left out.\n"))
        return None
