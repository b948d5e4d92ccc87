"""Runs cells in a reader's browser, in place of a kernel.

What a cell shows becomes plain data, which the page turns into text and formulas.
"""

from __future__ import annotations

import ast
import builtins
import io
import json
import sys
import threading
import traceback
import zipimport
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from types import ModuleType, SimpleNamespace

from analysis import Cell, builds_on, differs
from formulas import in_dollars

# What a page can show at once: characters of TeX and of text, and outputs.
ROOM = {"TeX": 20_000, "text": 10_000}
OUTPUTS = 50

# The importer asks for a module's code twice, for its place and to run it.
zipimport._get_module_code = lru_cache(1)(zipimport._get_module_code)

shown: list[dict] = []  # what the cell has shown so far
taken = dict.fromkeys(ROOM, 0)  # how much of the room
page = SimpleNamespace()  # what the page wants to be told
here = ""  # the cell that runs, by which notekit knows it


class Markdown(str):
    """Text that is Markdown; of it, notekit's tables are understood."""


def display(*values, metadata: dict | None = None, raw: bool = False) -> None:
    """Show values, as IPython's function of this name does."""
    facts = metadata or {}
    for value in values:
        flush()
        if "notekit" in facts:
            show(claim(facts["notekit"]))
        elif raw:
            table = rows(value["text/markdown"], columns=3)
            show(
                {"table": table, "goal": facts.get("goal_reached"), "derivation": True}
            )
        elif isinstance(value, Markdown):
            show({"table": rows(value)})
        elif hasattr(value, "_ipython_display_"):  # it says itself what it shows
            value._ipython_display_()
        else:
            show(formula(value))


def show(item: dict) -> None:
    """Show one more output, if there is room for it."""
    if len(shown) < OUTPUTS:
        shown.append(item)
    elif len(shown) == OUTPUTS:
        shown.append({"text": f"More than {OUTPUTS} outputs are not shown."})


def fits(text: str, kind: str) -> bool:
    """Whether there is room for this too, which is then taken."""
    room = ROOM[kind] - taken[kind]
    if len(text) <= room:
        taken[kind] += len(text)
    return len(text) <= room


def too_long(text: str) -> str:
    """What stands in the place of what does not fit."""
    return f"too long to show: {len(text) / 1000:.0f} kB"


def cut(text: str) -> str:
    """The text, or its beginning if there is no room for more."""
    if fits(text, "text"):
        return text
    return f"{text[: ROOM['text'] // 10]}… ({too_long(text)})"


def claim(record: dict) -> dict:
    """A claim with its mark."""
    from notekit.ledger import MARKS

    told = ("sentence", "original", "figure", "control")
    words = {name: in_dollars(cut(record[name])) for name in told if record.get(name)}
    return {"claim": record | words | {"mark": MARKS[record["verdict"]]}}


def rows(table: str, columns: int = 0) -> list[list[str]]:
    """The cells of a Markdown table without the line below its head.

    The last of a known number of columns may hold bars.
    """
    lines = [line.strip()[1:-1] for line in table.splitlines()]
    del lines[1]
    bar = "\0"  # a bar that does not end a cell
    cells = [
        [
            cell.replace(bar, "|").strip()
            for cell in line.replace(r"\|", bar).split("|", columns - 1)
        ]
        for line in lines
    ]
    return [
        [
            in_dollars(cell) if fits(cell, "TeX") else f"*{too_long(cell)}*"
            for cell in line
        ]
        for line in cells
    ]


def formula(value) -> dict:
    """A value as TeX if SymPy can write it so, otherwise as text."""
    import sympy as sp

    known = (sp.Basic, sp.MatrixBase, int, float)

    def printable(part) -> bool:
        """Whether SymPy's printing, as notebooks have it, makes a formula of it."""
        if isinstance(part, dict):
            return all(map(printable, [*part.keys(), *part.values()]))
        if isinstance(part, list | tuple | set | frozenset):
            return all(map(printable, part))
        return isinstance(part, known) and not isinstance(part, bool)

    if not printable(value):
        return {"text": cut(repr(value))}
    tex = rf"\displaystyle {sp.latex(value)}"  # as on the page
    return {"latex": tex} if fits(tex, "TeX") else {"text": too_long(tex)}


def flush() -> None:
    """Show what was printed."""
    if text := printed.getvalue():
        show({"text": cut(text)})
    printed.seek(0)
    printed.truncate()


printed = io.StringIO()


def play_ipython() -> None:
    """Let notekit find what it needs of IPython."""
    shell = SimpleNamespace(get_parent=lambda: {"metadata": {"cellId": here}})
    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: shell
    module.display, module.Markdown = display, Markdown
    sys.modules |= {"IPython": package, "IPython.display": module}
    builtins.display = display


def keep_time(alarm) -> None:
    """Let threads, which a browser's Python lacks, tell the time all the same.

    `alarm(seconds, call)` calls back in the middle of a computation; `alarm()` does not
    any more.
    """
    threading.Timer.start = lambda timer: alarm(timer.interval, timer.function)
    threading.Timer.cancel = lambda timer: alarm()


def leave_out_units() -> None:
    """Let SymPy find no units of physics where it asks for them.

    Its first simplification would load 17 modules, half a second, to see that there
    are none.
    """
    import sympy as sp

    units = ModuleType("sympy.physics.units", "not in this browser")
    units.Quantity = units.Unit = type("Quantity", (sp.Symbol,), {})
    sys.modules[units.__name__] = units


def prepare(alarm, begun) -> None:
    """Import what cells need; SymPy gets less time than the page gives a cell.

    `begun()` tells the page that the earlier cells are done.
    """
    page.begun = begun
    play_ipython()
    keep_time(alarm)
    leave_out_units()
    from notekit import proof

    proof.SECONDS = 8.0


def execute(source: str, scope: dict) -> None:
    """Run a cell's code and show its last expression, as a kernel does."""
    tree = ast.parse(source, "cell")
    last = tree.body[-1:]
    if last and isinstance(last[0], ast.Expr):
        tree.body.pop()
        exec(compile(tree, "cell", "exec"), scope)
        value = eval(compile(ast.Expression(last[0].value), "cell", "eval"), scope)
        if value is not None and not source.rstrip().endswith(";"):
            display(value)
    else:
        exec(compile(tree, "cell", "exec"), scope)
    flush()


def define(source: str, scope: dict) -> None:
    """Run a cell of the page for what it defines: the build has verified its links.

    notekit itself has no such switch, because a note must not verify less.
    """
    from notekit import ledger, proof

    verify = proof.verify
    proof.verify = ledger.verify = lambda *_: proof.Verdict(True)
    try:
        exec(compile(source, "cell", "exec"), scope)
    finally:
        proof.verify = ledger.verify = verify


def complaint(error: BaseException) -> str:
    """What is wrong, in the words of the error, and in which line of the cell."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, SyntaxError):
        return f"{name} in line {error.lineno}: {error.msg}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "cell"
    ]
    place = f" in line {lines[0]}" if lines else ""
    return f"{name}{place}: {text}"


def clear() -> None:
    """Forget what was shown."""
    flush()
    shown.clear()
    taken.update(dict.fromkeys(ROOM, 0))


def name(position: int, cells: list[Cell]) -> str:
    """How a cell is called in an error that a later one meets."""
    number = sum(cell.live for cell in cells[: position + 1])
    if cells[position].printed:
        return f"Live cell {number}, which you have changed: "
    if differs(cells[position], cells[:position]):
        return f"Live cell {number}, which builds on what you have changed: "
    return f"Live cell {number}: "


def run(request: str) -> str:
    """Run a cell after those that it builds on; JSON in, JSON out.

    In: `source`; and `earlier`, cells with `source`, `live` and, if the reader has
    changed it, the `printed` text. Those that differ from the page are verified again.
    Out: a list of what is shown, each a text, a formula, a table, a claim or an error.
    """
    global here
    from notekit import ClaimError, DerivationError, ledger

    job = json.loads(request)
    cells = [Cell(**cell) for cell in job["earlier"]]
    scope = {"__name__": "__main__"}
    at = None  # the earlier cell that runs
    ledger.forget()
    clear()
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            order, _ = builds_on(job["source"], cells)
            for at, source in order.items():
                here = f"cell {at}"
                again = differs(cells[at], cells[:at])
                (execute if again else define)(source, scope)
            at, here = None, f"cell {len(cells)}"
            clear()
            page.begun()
            execute(job["source"], scope)
        except BaseException as error:  # a reader's code may raise anything
            flush()
            text = (
                complaint(error) if at is None else name(at, cells) + complaint(error)
            )
            unfinished = at is None and isinstance(error, SyntaxError)
            false = isinstance(error, ClaimError | DerivationError)
            shown.append(
                {"error": text[:4000], "unfinished": unfinished, "false": false}
            )
    return json.dumps(shown)
