"""Statements about the exercises: what each note sets, and what each check answers."""

import ast
import io
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from copy import deepcopy
from functools import cache
from numbers import Number
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import sympy as sp
import torch
from nbformat import NotebookNode, v4
from test_live import done

import student
from support import NOTEBOOKS, ROOT, read

HEADING = re.compile(r"^### (★+) (.*)$", re.MULTILINE)
KINDS = {"on paper": "on paper", "in SymPy": "SymPy", "in PyTorch": "PyTorch"}
FOLDED = re.compile(r"\A:::\{dropdown\} (Hint|Solution)\b")


def tags(cell: NotebookNode) -> list[str]:
    """What a cell is tagged with."""
    return cell.metadata.get("tags", [])


class Exercise(NamedTuple):
    """The cells of an exercise, and what each of them is."""

    name: str
    stars: str
    cells: list[NotebookNode]

    def place(self, kind: str) -> int:
        """Where the first cell of a kind stands; behind all if there is none."""
        kinds = map(kind_of, self.cells)
        return next((i for i, k in enumerate(kinds) if k == kind), len(self.cells))

    def code(self, kind: str) -> str:
        """The code of the last cell of a kind."""
        found = [cell.source for cell in self.cells if kind_of(cell) == kind]
        return found[-1] if found else ""


def kind_of(cell: NotebookNode) -> str:
    """What a cell of an exercise is."""
    if cell.cell_type == "markdown":
        folded = FOLDED.search(cell.source)
        return folded[1] if folded else "statement"
    if "check" in tags(cell):
        return "check" if "hide-cell" in tags(cell) else "call"
    return "answer"


def exercises(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a note, but for derivations, which answer by themselves."""
    found: list[Exercise] = []
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if sections := re.findall(r"^## (.*)$", cell.source, re.MULTILINE):
                inside = sections[-1] == "Exercises"
            heading = HEADING.search(cell.source)
            if inside and heading:
                found.append(Exercise(heading[2], heading[1], []))
        if inside and found:
            found[-1].cells.append(cell)
    return [exercise for exercise in found if "Your turn" not in exercise.name]


def tagged() -> list[Path]:
    """The notes that have checks."""
    return [
        path for path in NOTEBOOKS if any("check" in tags(c) for c in read(path).cells)
    ]


# What exercises must be: each rule yields sentences that say where they are not.


def there_are_four_of_all_grades(notebook: NotebookNode) -> Iterator[str]:
    found = [exercise.stars for exercise in exercises(notebook)]
    if len(found) < 4 or {"★", "★★", "★★★"} - set(found):
        yield f"at least four exercises from ★ to ★★★ are wanted, not {found}"


def there_is_one_of_each_kind(notebook: NotebookNode) -> Iterator[str]:
    texts = [e.cells[e.place("statement")].source for e in exercises(notebook)]
    for kind, word in KINDS.items():
        if not any(word.lower() in text.lower() for text in texts):
            yield f"no exercise says that it is {kind}"


def hint_check_and_solution_follow(notebook: NotebookNode) -> Iterator[str]:
    for e in exercises(notebook):
        places = [e.place(kind) for kind in ("statement", "Hint", "check", "call")]
        places.append(min(e.place("Solution"), e.place("answer")))
        if places != sorted(set(places)) or places[-1] >= len(e.cells):
            yield f"{e.name}: a hint, a check, its call, then the solution are wanted"


def the_call_waits_for_an_answer(notebook: NotebookNode) -> Iterator[str]:
    for e in exercises(notebook):
        name = defined(e.code("check"))
        if not name or e.code("call") != f"{name}(...)":
            yield f"{e.name}: a cell with the call {name or 'check_'}(...) is wanted"


def the_solution_ends_with_its_check(notebook: NotebookNode) -> Iterator[str]:
    for e in exercises(notebook):
        last = e.code("answer").splitlines()[-1:]
        name = defined(e.code("check"))
        if not (last and last[0].startswith(f"assert {name}(")):
            yield f"{e.name}: the solution must end with assert {name}(…)"


def three_mistakes_are_known(notebook: NotebookNode) -> Iterator[str]:
    for e in exercises(notebook):
        nodes = ast.walk(ast.parse(e.code("check")))
        calls = [n for n in nodes if isinstance(n, ast.Call) and len(n.args) == 4]
        told = [n.args[3] for n in calls if ast.unparse(n.func) == "nk.check"]
        if not (told and isinstance(told[0], ast.Dict) and len(told[0].keys) >= 3):
            yield f"{e.name}: the check must know three mistakes"


RULES = (
    there_are_four_of_all_grades,
    there_is_one_of_each_kind,
    hint_check_and_solution_follow,
    the_call_waits_for_an_answer,
    the_solution_ends_with_its_check,
    three_mistakes_are_known,
)


def defined(source: str) -> str:
    """The name of the check that a cell defines."""
    found = re.search(r"^def (check_\w+)\(", source, re.MULTILINE)
    return found[1] if found else ""


some_checks = pytest.mark.skipif(not tagged(), reason="no note at all has checks")


@some_checks
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises(path: Path, rule) -> None:
    assert not list(rule(read(path)))


def sound_notebook() -> NotebookNode:
    """A notebook whose exercises break no rule."""

    def cell(source: str, *names: str) -> NotebookNode:
        return v4.new_code_cell(source, metadata={"tags": [*names]})

    cells = [v4.new_markdown_cell("## Exercises")]
    kinds = ("★ On paper", "★ In SymPy", "★★ In PyTorch", "★★★ Prove it")
    for number, kind in enumerate(kinds):
        check = f"check_{number}"
        known = '{"One.": 1, "Two.": 2, "Three.": 3}'
        body = f'def {check}(x):\n    return nk.check(x, "a number", 0, {known})'
        cells += [
            v4.new_markdown_cell(f"### {kind}\n\nFind it."),
            v4.new_markdown_cell(":::{dropdown} Hint\nLook.\n:::"),
            cell(body, "check", "hide-cell"),
            cell(f"{check}(...)", "check"),
            v4.new_markdown_cell(":::{dropdown} Solution\nIt is zero.\n:::"),
            cell(f"assert {check}(0)", "hide-cell"),
        ]
    return v4.new_notebook(cells=cells)


SPOILED = {
    there_are_four_of_all_grades: lambda nb: nb.cells[1].update(source="Find it."),
    there_is_one_of_each_kind: lambda nb: nb.cells[7].update(source="### ★ By hand"),
    hint_check_and_solution_follow: lambda nb: nb.cells.insert(2, nb.cells.pop(5)),
    the_call_waits_for_an_answer: lambda nb: nb.cells[4].update(source="check_0(0)"),
    the_solution_ends_with_its_check: lambda nb: nb.cells[6].update(source="x = 0"),
    three_mistakes_are_known: lambda nb: nb.cells[3].update(
        source=nb.cells[3].source.replace(', "Three.": 3', "")
    ),
}


@pytest.mark.parametrize("rule", SPOILED, ids=lambda rule: rule.__name__)
def test_rule_accepts_sound_exercises_and_refuses_spoiled_ones(rule) -> None:
    notebook = sound_notebook()
    assert not list(rule(notebook))
    spoiled = deepcopy(notebook)
    SPOILED[rule](spoiled)
    assert list(rule(spoiled))


# What the checks answer. Only the cells run that a check needs.


@cache
def checks(path: Path) -> dict:
    """The names of a note that its checks need, and the checks."""
    from analysis import interface

    cells = [c for c in read(path).cells if c.cell_type == "code" and c.source.strip()]
    found = [c for e in exercises(read(path)) for c in e.cells if kind_of(c) == "check"]
    places = [i for i, cell in enumerate(cells) if cell in found]
    wanted, todo = set(places), list(places)
    while todo:
        for name in interface(cells[todo.pop()].source)[0]:
            before = range(places[0])
            binders = [i for i in before if name in interface(cells[i].source)[1]]
            if new := set(binders[-1:]) - wanted:
                wanted |= new
                todo += new
    scope = {"__name__": "__main__"}
    with chdir(path.parent), redirect_stdout(io.StringIO()):
        for place in sorted(wanted):
            exec(compile(cells[place].source, path.stem, "exec"), scope)
    return scope


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells find notekit, and draw nothing."""
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    monkeypatch.syspath_prepend(ROOT / "book" / "tools" / "live")
    monkeypatch.setitem(os.environ, "MPLBACKEND", "agg")


ANSWERS = tomllib.loads((ROOT / "tests" / "answers.toml").read_text(encoding="utf-8"))


def expr(text: str, names: str) -> sp.Expr:
    """An expression of symbols without assumptions."""
    return sp.sympify(text, {name: sp.Symbol(name) for name in names.split()})


def seeded() -> torch.Generator:
    """The same draws for every call."""
    return torch.Generator().manual_seed(0)


def descended(power: float, size=torch.abs) -> torch.Tensor:
    """64 directions in 16 dimensions after descent on a power of their cosines."""
    vectors = torch.randn(64, 16, generator=seeded()).requires_grad_()
    descent = torch.optim.Adam([vectors], lr=0.02)
    for _ in range(400):
        units = vectors / vectors.norm(dim=1, keepdim=True)
        cosines = size(units @ units.T - 2 * torch.eye(64)).fill_diagonal_(-9)
        descent.zero_grad()
        (power * cosines).flatten().logsumexp(0).div(power).backward()
        descent.step()
    return vectors


def merged_in_tree(first: int = 1, by_level: bool = False):
    """A function that counts the updates of merging pairwise, rightly or wrongly."""

    def count(tables: list[dict]) -> tuple[int, int]:
        total, chain, depths = 0, 0, [0] * len(tables)
        while len(tables) > 1:
            pairs = [tables[i : i + 2] for i in range(0, len(tables), 2)]
            costs = [sum(map(len, pair[first:])) for pair in pairs]
            below = [max(depths[i : i + 2]) for i in range(0, len(tables), 2)]
            depths = [cost + depth for cost, depth in zip(costs, below)]
            chain += max(costs)
            total += sum(costs)
            tables = [{k: 1 for table in pair for k in table} for pair in pairs]
        return total, chain if by_level else max(depths)

    return count


def chosen(share: float = 1, centred: bool = True):
    """A function that enumerates the choices of three of six, rightly or wrongly."""

    def moments(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        subsets = torch.combinations(torch.arange(6), 3)
        rows = torch.zeros(20, 6).double().scatter_(1, subsets, 1)
        weights = (rows @ scores).softmax(0)
        mean = weights @ rows
        rows = rows - mean * centred
        return mean / share, rows.T @ (weights[:, None] * rows)

    return moments


def turned(length: float = 0.1, rate: float = 500, frozen: bool = False) -> list[float]:
    """Losses 1 − cos of descent in the plane: first, second, and after 200 steps."""
    weights = length * torch.tensor([np.cos(0.2), np.sin(0.2)])
    losses = []
    for _ in range(201):
        weights = weights.detach().requires_grad_()
        loss = 1 - weights[0] / weights.norm()
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, weights)
        weights = weights.detach() - rate * slope
        weights = length * weights / weights.norm() if frozen else weights
    return [losses[0], losses[1], losses[200]]


def attending(table: torch.Tensor, kind=lambda table: table) -> torch.nn.Module:
    """A module whose attention is a table of a kind."""
    module = torch.nn.Module()
    module.table = kind(table)
    module.forward = lambda x: module.table.softmax(-1) @ x
    return module


# What stands in place of expr in the page, and what is not there.
EXPR = "expr = lambda text, names: sp.sympify(text, dict(zip(names.split(), "
EXPR += "map(sp.Symbol, names.split()))))"
OURS = re.compile(r"\(\)|\b(np|torch|efficiency)\b")
WRITES = (expr, seeded, descended, merged_in_tree, chosen, turned, attending)


def reply(scope: dict, check: str, answer: str) -> str:
    """What a check prints for an answer, which is code that a student might write."""
    words = {function.__name__: function for function in WRITES}
    value = eval(answer, {"sp": sp, "np": np, "torch": torch, **scope, **words})
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = scope[check](value)
    assert printed.getvalue() == result.sentence + "\n"
    assert bool(result) == (result.sentence == "✓ Right.")
    return result.sentence


def forms(value) -> Iterator[str]:
    """How an answer may be written; small whole numbers give nothing away."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        for part in value:
            yield from forms(part)
    elif isinstance(value, sp.Expr):
        yield from {str(value), str(sp.simplify(value)), sp.latex(value)}
    elif isinstance(value, Number) and not (value == int(value) and abs(value) < 10):
        yield from {f"{value:.{digits}g}" for digits in (2, 3, 4, 6)} | {str(value)}


CASES = [
    pytest.param(path, check, id=f"{path.stem}-{check}")
    for path in tagged()
    for check in [defined(exercise.code("check")) for exercise in exercises(read(path))]
]


@pytest.mark.parametrize("path, check", CASES)
def test_a_check_knows_what_students_answer(path: Path, check: str) -> None:
    scope, answers = checks(path), ANSWERS[path.stem][check]
    assert reply(scope, check, answers["right"]) == "✓ Right."
    replies = [reply(scope, check, answer) for answer, _ in answers["wrong"]]
    for told, (_, words) in zip(replies, answers["wrong"]):
        assert told.startswith("✗ ") and words in told
    assert len(set(replies)) >= 3


@pytest.mark.parametrize("path, check", CASES)
def test_a_check_answers_the_same_in_a_copy_for_students(
    path: Path, check: str
) -> None:
    scope, answers = {**checks(path)}, ANSWERS[path.stem][check]
    sources = [exercise.code("check") for exercise in exercises(read(path))]
    (source,) = [source for source in sources if defined(source) == check]
    exec(student.pack(source), scope)
    assert scope[check] is not checks(path)[check]
    for answer in (answers["right"], answers["wrong"][0][0]):
        assert reply(scope, check, answer) == reply(checks(path), check, answer)


ODD = (
    "None",
    "'banana'",
    "[]",
    "(1, 2, 3, 4, 5)",
    "float('nan')",
    "sp.Symbol('q')",
    "1e300",
)
ODD += (
    "lambda *given: None",
    "lambda *given: 1 / 0",
    "{}",
    "object()",
    "-77.7",
    "True",
)


@pytest.mark.parametrize("path, check", CASES)
def test_a_check_answers_whatever_it_is_given(path: Path, check: str) -> None:
    scope = checks(path)
    assert reply(scope, check, "...").startswith(
        "… No answer yet. Put in place of the dots "
    )
    for answer in ODD:
        told = reply(scope, check, answer)
        assert told.startswith("✗ ") and told.count("\n") == 0, answer


@pytest.mark.parametrize("path, check", CASES)
def test_no_sentence_gives_the_answer_away(path: Path, check: str) -> None:
    answers = ANSWERS[path.stem][check]
    asked = ["...", *ODD, *(answer for answer, _ in answers["wrong"])]
    told = " ".join(reply(checks(path), check, answer) for answer in asked)
    words = {function.__name__: function for function in WRITES}
    right = eval(answers["right"], {"sp": sp, "np": np, **checks(path), **words})
    for form in forms(right):
        assert not re.search(rf"(?<![\w.]){re.escape(form)}(?![\w.]*\d)", told), form


@some_checks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_live_check_answers_in_the_page(path: Path) -> None:
    cells = [c for c in read(path).cells if c.cell_type == "code" and c.source.strip()]
    earlier = [{"source": c.source, "live": "live" in tags(c)} for c in cells]
    jobs = []
    for place, cell in enumerate(cells):
        right = ANSWERS[path.stem].get(defined(cell.source), {}).get("right", "()")
        if "live" in tags(cell) and not OURS.search(right):
            call = f"{EXPR}\n{defined(cell.source)}({right})"
            jobs.append({"source": call, "earlier": earlier[: place + 1]})
    assert jobs
    for shown in done(jobs):
        assert shown == [{"text": "✓ Right.\n"}]
