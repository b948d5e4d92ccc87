"""A reader runs cells again: every cell of every note twice in a row, and once more
after all have run. With NOTEKIT_AGAIN=all, long cells too, which takes half an hour."""

import os
import re
import time
from copy import deepcopy
from multiprocessing.pool import ThreadPool
from pathlib import Path

import joblib
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from kernels import ENCRYPTED
from support import NOTEBOOKS, read

LONG = float("inf") if os.environ.get("NOTEKIT_AGAIN") == "all" else 0.5  # seconds


class Reader(NotebookClient):
    """A kernel in which a reader runs the cells of a note."""

    def press(self, index: int, when: str) -> list[str]:
        """Run a cell; what it raised, if it did."""
        try:
            self.execute_cell(self.nb.cells[index], index)
        except CellExecutionError as error:
            words = re.sub(r"\x1b\[[\d;]*m", "", f"{error.ename}: {error.evalue}")
            return [f"cell {index}, {when}: {words[:300]}"]
        return []

    def play(self) -> list[str]:
        """Run every cell twice, and once more when all have run; what went wrong."""
        cells = enumerate(self.nb.cells)
        code = [index for index, cell in cells if cell.cell_type == "code"]
        problems, short = [], []
        with self.setup_kernel():
            for index in code:
                start = time.monotonic()
                problems += self.press(index, "the first time")
                if time.monotonic() - start < LONG:
                    short.append(index)
                    problems += self.press(index, "twice in a row")
            for index in short:
                problems += self.press(index, "after all have run")
        return problems


def play(path: Path) -> list[str]:
    """What went wrong in a note."""
    folder = {"metadata": {"path": str(path.parent)}}
    notebook = deepcopy(read(path))
    return Reader(notebook, timeout=600, resources=folder, config=ENCRYPTED).play()


@pytest.fixture(scope="module")
def problems() -> dict[Path, list[str]]:
    """What went wrong in each note; as many run at once as there are cores."""
    with pytest.MonkeyPatch.context() as patch, ThreadPool(joblib.cpu_count()) as pool:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("NOTEKIT_CLAIMS", "record")  # samples drawn anew may be unlucky
        return dict(zip(NOTEBOOKS, pool.map(play, NOTEBOOKS)))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_can_be_run_again(path: Path, problems: dict) -> None:
    assert not problems[path], "\n".join(problems[path])
