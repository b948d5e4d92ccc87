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
from contextlib import redirect_stderr, redirect_stdout
from types import ModuleType, SimpleNamespace

from analysis import Cell, builds_on

shown: list[dict] = []  # what the cell has shown so far
here = ""  # the cell that runs, by which notekit knows it


class Markdown(str):
    """Text that is Markdown; of it, notekit's tables are understood."""


def display(*values, metadata: dict | None = None, raw: bool = False) -> None:
    """Show values, as IPython's function of this name does."""
    for value in values:
        flush()
        if metadata and "notekit" in metadata:
            shown.append({"claim": metadata["notekit"]})
        elif raw:
            shown.append({"table": rows(value["text/markdown"]), "derivation": True})
        elif isinstance(value, Markdown):
            shown.append({"table": rows(value)})
        else:
            shown.append(formula(value))


def rows(table: str) -> list[list[str]]:
    """The cells of a Markdown table without the line below its head."""
    lines = [line.strip()[1:-1] for line in table.splitlines()]
    del lines[1]
    bar = "\0"  # a bar that does not end a cell
    return [
        [cell.replace(bar, "|").strip() for cell in line.replace(r"\|", bar).split("|")]
        for line in lines
    ]


def formula(value) -> dict:
    """A value as TeX if SymPy can write it so, otherwise as text."""
    import sympy as sp

    known = isinstance(value, sp.Basic | sp.MatrixBase)
    return {"latex": sp.latex(value)} if known else {"text": repr(value)}


def flush() -> None:
    """Show what was printed."""
    if text := printed.getvalue():
        shown.append({"text": text})
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


def prepare(alarm) -> None:
    """Import what cells need; SymPy gets less time than the page gives a cell."""
    play_ipython()
    keep_time(alarm)
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
    """Run a cell of the page for what it defines: the build has verified its links."""
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


def run(request: str) -> str:
    """Run a cell after those that it builds on; JSON in, JSON out.

    In: `source`; and `earlier`, cells with `source`, `live` and `changed` (by the
    reader). Out: a list of what is shown, each a text, a formula, a table, a claim or
    an error.
    """
    global here
    job = json.loads(request)
    scope = {"__name__": "__main__"}
    shown.clear()
    before = ""
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            cells = [Cell(cell["source"], cell["live"]) for cell in job["earlier"]]
            order, _ = builds_on(job["source"], cells)
            for position, source in order.items():
                here, changed = f"cell {position}", job["earlier"][position]["changed"]
                before = "An earlier cell, which you have changed: " if changed else ""
                (execute if changed else define)(source, scope)
            before = ""
            here = f"cell {len(cells)}"
            shown.clear()
            flush()
            shown.clear()
            execute(job["source"], scope)
        except BaseException as error:  # a reader's code may raise anything
            flush()
            shown.append({"error": before + complaint(error)})
    return json.dumps(shown)
