"""A reader runs cells again.

No cell may read a name that a cell before it sets and one after it sets anew. And with
CELLS_AGAIN=all, which takes half an hour, every cell of every note runs twice in a row,
and once more after all have run.
"""

import ast
import os
import re
import symtable
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from multiprocessing.pool import ThreadPool
from pathlib import Path

import joblib
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from kernels import ENCRYPTED
from rerun import FIRST_CELL, FIRST_ID
from support import NOTEBOOKS, code_cells, read

every_note = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


# By reading: names.


def own_names(code: str) -> tuple[set[str], set[str]]:
    """The notebook's names that code reads and sets, also inside its functions."""
    top = symtable.symtable(code, "cell", "exec")
    found, inside = (set(), set()), [top]
    while inside:
        table = inside.pop()
        inside += table.get_children()
        for name in table.get_symbols():
            if table is top or name.is_global():
                if name.is_referenced():
                    found[0].add(name.get_name())
                if name.is_assigned() or name.is_imported():
                    found[1].add(name.get_name())
    return found


def in_order(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement; of a loop or a with first the head, and then what is inside."""
    heads = []
    if isinstance(statement, ast.For):
        heads = [(statement.target, statement.iter)]
    elif isinstance(statement, ast.With):
        heads = [(item.optional_vars, item.context_expr) for item in statement.items]
    else:
        yield statement
    for target, value in heads:
        yield ast.Assign([target], value, lineno=0) if target else ast.Expr(value)
    if heads:
        for inner in [*statement.body, *getattr(statement, "orelse", [])]:
            yield from in_order(inner)


def read_and_set(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads before it sets them, and those that it sets."""
    read_first, known = set(), set()
    tree = ast.parse(TransformerManager().transform_cell(source))
    for statement in (part for whole in tree.body for part in in_order(whole)):
        reads, sets = own_names(ast.unparse(statement))
        read_first |= reads - known
        known |= sets
    return read_first, known


def declared(source: str) -> dict[str, str]:
    """The symbols that a cell makes, by name, with their letter and assumptions."""
    found = {}
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        call = getattr(node, "value", None)
        if not isinstance(node, ast.Assign) or not isinstance(call, ast.Call):
            continue
        plain = call.args and isinstance(call.args[0], ast.Constant)
        if plain and ast.unparse(call.func) in ("sp.Symbol", "sp.symbols"):
            names = re.findall(r"[\w']+", ast.unparse(node.targets[0]))
            letters = ast.literal_eval(call.args[0]).split()
            given = ", ".join(map(ast.unparse, call.keywords))
            found |= {name: f"{a}, {given}" for name, a in zip(names, letters)}
    return found


def set_anew(sources: list[str]) -> Iterator[str]:
    """Where a cell reads a name that a cell before it sets, and one after it too.

    A symbol may be made again: it is the same one, if its assumptions are.
    """
    cells = [read_and_set(source) for source in sources]
    symbols = [declared(source) for source in sources]
    values = defaultdict(set)
    for number, ((_, sets), made) in enumerate(zip(cells, symbols, strict=True)):
        for name in sets:
            values[name].add(made.get(name, number))
    for index, (reads, _) in enumerate(cells):
        before = set().union(*(sets for _, sets in cells[:index]))
        after = set().union(*(sets for _, sets in cells[index + 1 :]))
        for name in sorted(reads & before & after):
            if len(values[name]) == 1:
                continue
            yield f"{name}, read in code cell {index}, is set before it and after it"


@every_note
def test_no_cell_reads_what_a_later_cell_sets_anew(path: Path) -> None:
    found = list(set_anew([cell.source for cell in code_cells(read(path))]))
    assert not found, "\n".join(found)


FINE = ["x = 1", "print(x)", "for y in (x, 2):\n    print(y)", "y = 3\nprint(y)"]


@pytest.mark.parametrize("later", ["x = 2", "for x in (1, 2): pass", "import x"])
def test_a_name_that_is_set_anew_is_found(later: str) -> None:
    assert not list(set_anew(FINE))
    found = list(set_anew([*FINE, later]))
    assert len(found) == 2 and all(text.startswith("x, read in") for text in found)
    inside = ["x = 1", "def f():\n    return x", later]
    assert len(list(set_anew(inside))) == 1


@pytest.mark.parametrize(
    "later, same",
    [
        ('y, x = sp.symbols("y x", real=True)', True),
        ('x = sp.Symbol("x")', False),
        ('x = sp.Symbol("z", real=True)', False),
        ('y, x = sp.symbols("y x", positive=True)', False),
        ('x = sp.Symbol("x", real=True) + 1', False),
    ],
)
def test_a_symbol_may_be_made_again(later: str, same: bool) -> None:
    sources = ['x = sp.Symbol("x", real=True)', "square = x**2", later]
    assert bool(list(set_anew(sources))) != same


@every_note
def test_no_cell_takes_a_name_of_the_first_cell(path: Path) -> None:
    tree = ast.parse(FIRST_CELL.read_text(encoding="utf-8"))
    imports = ast.Import, ast.ImportFrom  # of the same modules
    own = [ast.unparse(part) for part in tree.body if not isinstance(part, imports)]
    sets = own_names("\n".join(own))[1]
    cells = [cell for cell in code_cells(read(path)) if cell.id != FIRST_ID]
    assert not sets & set().union(*(read_and_set(cell.source)[1] for cell in cells))


# By running.


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
        problems = []
        with self.setup_kernel():
            for index in code:
                problems += self.press(index, "the first time")
                problems += self.press(index, "twice in a row")
            for index in code:
                problems += self.press(index, "after all have run")
        return problems


def play(path: Path) -> list[str]:
    """What went wrong in a note."""
    folder = {"metadata": {"path": str(path.parent)}}
    notebook = deepcopy(read(path))
    reader = Reader(notebook, timeout=600, resources=folder, config=ENCRYPTED)
    try:
        return reader.play()
    except Exception as error:  # the kernel died, or a cell took too long
        return [f"{path.stem}: {type(error).__name__}: {error}"[:300]]


@pytest.fixture(scope="module")
def problems() -> dict[Path, list[str]]:
    """What went wrong in each note; as many run at once as there are cores."""
    with pytest.MonkeyPatch.context() as patch, ThreadPool(joblib.cpu_count()) as pool:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("NOTEKIT_CLAIMS", "record")  # samples drawn anew may be unlucky
        return dict(zip(NOTEBOOKS, pool.map(play, NOTEBOOKS)))


@pytest.mark.skipif(
    os.environ.get("CELLS_AGAIN") != "all",
    reason="every cell three times takes half an hour: CELLS_AGAIN=all",
)
@pytest.mark.timeout(3600)
@every_note
def test_every_cell_can_be_run_again(path: Path, problems: dict) -> None:
    assert not problems[path], "\n".join(problems[path])
