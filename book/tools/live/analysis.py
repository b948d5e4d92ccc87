"""Which names the code of a cell needs and binds, and which cells it builds on.

Used by the build, which says which cells can run in a browser, and in the browser.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

BUILTINS = frozenset(dir(builtins)) | {"display"}
# What there is in a browser, of modules and of notekit.
MODULES = {
    *("collections", "dataclasses", "decimal", "fractions", "functools", "itertools"),
    *("math", "mpmath", "notekit", "numbers", "operator", "random", "re", "statistics"),
    *("string", "sympy", "typing"),
}
NOTEKIT = {
    *("ClaimError", "Corrected", "DerivationError", "Identity", "NotReproduced"),
    *("Refuted", "check", "claim", "derive", "refused", "table"),
}


# Methods that change what they belong to, so that a cell builds on the one that calls.
CHANGERS = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop"),
    *("popitem", "remove", "reverse", "setdefault", "sort", "subtract", "update"),
}


class Cell(NamedTuple):
    """The code of a cell, whether it runs in a browser, and the text that the reader
    has replaced, if that is so."""

    source: str
    live: bool
    printed: str = ""


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """A scope and all scopes inside it."""
    yield table
    for child in table.get_children():
        yield from scopes(child)


def changes(statement: ast.stmt) -> set[str]:
    """The names whose objects a statement changes, as `rows[0] = 1` changes rows."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            node = node.value.func
            if not (isinstance(node, ast.Attribute) and node.attr in CHANGERS):
                continue
        elif not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            continue
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
            if isinstance(node, ast.Name):
                found.add(node.id)
    return found


def names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The global names that a statement uses, and those that it binds."""
    top = symtable.symtable(ast.unparse(statement), "cell", "exec")
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for scope in scopes(top):
        inside = (symbol for symbol in scope.get_symbols() if symbol.is_referenced())
        used |= {symbol.get_name() for symbol in inside if symbol.is_global()}
    bound = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        used -= bound  # by a loop for its body, by a function for itself
    grown = (node for node in ast.walk(statement) if isinstance(node, ast.AugAssign))
    targets = {node.target.id for node in grown if isinstance(node.target, ast.Name)}
    used |= targets & bound
    return used - BUILTINS, bound | changes(statement) & used


@cache
def interface(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell needs from earlier ones, and those that it binds."""
    needed: set[str] = set()
    bound: set[str] = set()
    for statement in ast.parse(source).body:
        used, new = names(statement)
        needed |= used - bound
        bound |= new
    return needed, bound


@cache
def import_lines(source: str) -> list[tuple[str, set[str]]]:
    """The statements of a cell that import, and the names that each binds."""
    return [
        (ast.unparse(statement), names(statement)[1])
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
    ]


def imports(source: str, wanted: set[str]) -> str:
    """The statements of a cell that import wanted names."""
    return "\n".join(line for line, bound in import_lines(source) if bound & wanted)


def builds_on(source: str, earlier: list[Cell]) -> tuple[dict[int, str], set[str]]:
    """What must run before a cell, by position, and the names that nothing gives it.

    Of a cell that does not run in a browser only the imports are taken. One that is
    half-written binds what its printed text binds.
    """
    wanted, _ = interface(source)
    chosen: dict[int, str] = {}
    for position, cell in reversed(list(enumerate(earlier))):
        code = cell.source if cell.live else imports(cell.source, wanted)
        try:
            needed, bound = interface(code)
        except SyntaxError:
            needed, bound = interface(cell.printed)
        if bound & wanted:
            chosen[position] = code
            wanted = wanted - bound | needed
    return dict(sorted(chosen.items())), wanted


def differs(cell: Cell, earlier: list[Cell]) -> bool:
    """Whether a cell was changed, or builds on one that was, now or as printed."""
    if cell.printed or not any(other.printed for other in earlier):
        return bool(cell.printed)
    page = [Cell(other.printed or other.source, other.live) for other in earlier]
    chosen = [builds_on(cell.source, cells)[0] for cells in (earlier, page)]
    return any(earlier[position].printed for position in chosen[0] | chosen[1])


def modules(source: str) -> set[str]:
    """The modules that a cell imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or ".").partition(".")[0])
    return found


def of_notekit(source: str) -> set[str]:
    """What a cell takes from notekit, as nk.NAME."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "nk"
    }


def obstacles(source: str, earlier: list[Cell]) -> list[str]:
    """What keeps a cell from running in a browser, in words; nothing if it can."""
    found = [f"imports {name}" for name in sorted(modules(source) - MODULES)]
    found += [f"uses nk.{name}" for name in sorted(of_notekit(source) - NOTEKIT)]
    for name in sorted(interface(source)[0]):
        binders = [cell for cell in earlier if name in interface(cell.source)[1]]
        last = binders[-1] if binders else Cell("", True)
        if not last.live and (
            not (line := imports(last.source, {name})) or modules(line) - MODULES
        ):
            found.append(f"needs {name} of a cell that does not run in a browser")
        elif not binders:
            found.append(f"needs {name}, which no earlier cell defines")
    return found
