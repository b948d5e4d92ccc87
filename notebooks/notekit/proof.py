"""Derivations whose every link is verified before it is shown."""

from __future__ import annotations

import _thread
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import sympy as sp
from IPython.display import display

# A numerical check compares this many digits at this many random points.
DIGITS, POINTS = 30, 5
SECONDS = 20.0  # after which SymPy counts as undecided
RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge"}
# The forms that evalf leaves alone.
LEFT_ALONE = (sp.Derivative, sp.Limit, sp.Subs, sp.UnevaluatedExpr)
# How SymPy says that it cannot handle an expression: undecided, not wrong.
GAVE_UP = (
    TimeoutError,
    NotImplementedError,
    ArithmeticError,
    AttributeError,
    TypeError,
    ValueError,
    sp.PolynomialError,
)
SIMPLIFIERS = (
    sp.expand,
    sp.simplify,
    sp.factor,
    lambda e: sp.simplify(sp.expand_func(e)),
    lambda e: sp.gammasimp(e.rewrite(sp.gamma)),
    lambda e: sp.simplify(e.rewrite(sp.exp)),
)


class DerivationError(AssertionError):
    """A link of a derivation, or an identity, does not hold."""


class Verdict(NamedTuple):
    """How a relation was established: exactly, or at `points` random points."""

    exact: bool
    points: int = 0

    def __str__(self) -> str:
        return (
            "exact"
            if self.exact
            else f"to {DIGITS} digits"
            + (f" at {self.points} random points" if self.points > 1 else "")
        )


def derive(start, *links, where: dict | None = None, goal=None, mistakes=()):
    """Verify and show a chain of relations; return its last expression.

    Each link is `(expression, "reason")`, an equality with the line before it,
    or `("<=" or ">=", expression, "reason")`.
    Explicit matrices are compared entry by entry.
    `where` restricts symbols to intervals: `{theta: (0, sp.pi)}`.
    A link is tried at random points that respect assumptions and `where`, then exactly;
    if SymPy cannot decide it, the line says that it was checked numerically.
    With a `goal`, the form that the last line must have, a chain may stop before it.
    `mistakes` are wrong lines that are likely, each `(expression, "what is wrong")`.

    Raises DerivationError for a wrong link (with a point at which it fails), ValueError
    for a malformed or undecidable one, TypeError for something that is no expression.
    """
    if not links and goal is None:
        raise ValueError(
            'derive needs at least one link: derive(start, (expression, "reason"), …)'
        )
    previous = start = _expression(start, "the start")
    mistakes = [_mistake(mistake) for mistake in mistakes]
    rows, plain = [("", start, "")], [str(start)]
    for number, link in enumerate(links, 1):
        relation, expression, reason = (
            ("=", *link)[-3:]
            if isinstance(link, tuple) and len(link) in (2, 3)
            else ("", 0, "")
        )
        if relation not in RELATIONS or not isinstance(reason, str):
            raise ValueError(
                f'step {number} must be (expression, "reason") or '
                f'("<=", expression, "reason"), not {link!r}'
            )
        name = f"step {number} ({reason})"
        expression = _expression(expression, name)
        if new := expression.free_symbols - start.free_symbols:
            raise ValueError(
                f"{name} has unbound symbols, which the start does not contain: "
                f"{', '.join(map(str, new))}"
            )
        try:
            verdict = verify(previous, relation, expression, where, name)
        except DerivationError as error:
            known = _known_mistake(expression, mistakes, where)
            raise DerivationError(f"{error}{known}") from None
        rows.append(
            (
                f"${RELATIONS[relation]}$",
                expression,
                reason if verdict.exact else f"{reason} *(checked {verdict})*",
            )
        )
        plain.append(f"{relation} {expression}    [{reason}; {verdict}]")
        previous = expression
    metadata = {}
    if goal is not None:
        goal = _expression(goal, "the goal")
        verify(start, "=", goal, where, "the goal")
        reached = previous == goal
        told = "the goal is reached" if reached else "the goal, not reached yet"
        rows.append((r"$\checkmark$" if reached else "$?$", goal, f"*{told}*"))
        plain.append(f"? {goal}    [{told}]")
        metadata = {"goal_reached": reached}
    data = {"text/markdown": _table(rows), "text/plain": "\n".join(plain)}
    display(data, metadata=metadata, raw=True)
    return previous


def verify(
    left,
    relation: str,
    right,
    where: dict | None = None,
    name: str = "the identity",
    prove: bool = True,
) -> Verdict:
    """Establish `left relation right`.

    Exactly if SymPy can, otherwise to 30 digits at random points; at once so, if it
    need not `prove` what can be evaluated.
    Raises DerivationError with both sides and a witness point if it is false,
    ValueError if it can be neither proved nor evaluated.
    """
    left, right = _expression(left, name), _expression(right, name)
    if getattr(left, "shape", ()) != getattr(right, "shape", ()):
        raise DerivationError(
            f"{name} compares different shapes\n  left:  {left}\n  right: {right}"
        )
    if hasattr(left, "shape"):
        verdicts = [
            verify(*pair, where, name, prove)
            for pair in zip(left, [relation] * len(left), right)
        ]
        return min(
            verdicts,
            key=lambda verdict: (verdict.exact, verdict.points),
            default=Verdict(True),
        )
    if left == right:
        return Verdict(True)
    points = 0
    for point in _points(left.free_symbols | right.free_symbols, where or {}):
        a, b = _evaluate(left, point), _evaluate(right, point)
        if a is None or b is None:
            continue
        points += 1
        if not _holds(a, relation, b):
            at = (
                ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
                or "there are no free symbols"
            )
            sides = f"  left:  {left}\n         = {sp.N(a, 15)}\n"
            sides += f"  right: {right}\n         = {sp.N(b, 15)}\n  at:    {at}"
            raise DerivationError(
                f"{name} does not hold: left {relation} right fails\n{sides}"
            )
    if (prove or not points) and _proves(left, relation, right):
        return Verdict(True)
    if not points:
        sides = f"  left:  {left}\n  right: {right}"
        raise ValueError(
            f"{name} can be neither proved nor evaluated; give smaller steps, or "
            f"assumptions and `where` intervals under which both sides "
            f"are numbers\n{sides}"
        )
    return Verdict(False, points)


def _mistake(mistake) -> tuple:
    """A likely wrong line, once it is one."""
    if not (
        isinstance(mistake, tuple) and len(mistake) == 2 and isinstance(mistake[1], str)
    ):
        raise ValueError(
            f'a mistake must be (expression, "what is wrong"), not {mistake!r}'
        )
    return _expression(mistake[0], "a mistake"), mistake[1]


def _known_mistake(expression, mistakes, where: dict | None) -> str:
    """What is wrong with a wrong line, if it is one of the likely ones."""
    for wrong, reason in mistakes:
        with suppress(DerivationError, ValueError):
            verify(expression, "=", wrong, where)
            return f"\n  likely: {reason}"
    return ""


def _proves(left: sp.Expr, relation: str, right: sp.Expr) -> bool:
    """Whether SymPy settles the relation within the time limit."""
    with suppress(*GAVE_UP), _time_limit():
        difference = (right - left if relation == "<=" else left - right).doit()
        for simplify in SIMPLIFIERS:
            with suppress(*GAVE_UP):
                form = simplify(difference)
                if form == 0 if relation == "=" else form.is_nonnegative:
                    return True
    return False


def _holds(a: sp.Expr, relation: str, b: sp.Expr) -> bool:
    slack = sp.Float(10, DIGITS + 10) ** -DIGITS * max(1, abs(a), abs(b))
    if relation == "=":
        return bool(abs(a - b) <= slack)
    return bool(
        a.is_real and b.is_real and (a - b if relation == "<=" else b - a) <= slack
    )


def _evaluate(expression: sp.Expr, point: dict) -> sp.Expr | None:
    """The value at the point to more digits than are compared, or None."""
    with suppress(*GAVE_UP), _time_limit():
        if expression.has(*LEFT_ALONE):
            value = expression.subs(point).doit()
        else:  # of a power of a fraction SymPy would factor integers, a minute long
            point = {s: v if s.is_integer else v.n(60) for s, v in point.items()}
            value = expression.subs(point)
        value = value.evalf(DIGITS + 10, chop=True)
        if all(part.is_Float or part.is_Rational for part in value.as_real_imag()):
            return value
    return None


def _points(symbols: set[sp.Symbol], where: dict) -> Iterator[dict]:
    """Random points that satisfy all assumptions; an empty one without symbols."""
    rng = random.Random(int(os.environ.get("NOTEKIT_SEED", "0")))
    for _ in range(POINTS if symbols else 1):
        yield {
            symbol: _draw(symbol, where.get(symbol), rng)
            for symbol in sorted(symbols, key=str)
        }


def _draw(symbol: sp.Symbol, interval: tuple | None, rng: random.Random) -> sp.Expr:
    low, high = map(
        sp.sympify, interval or ((-12, 12) if symbol.is_integer else (-4, 4))
    )
    for _ in range(1000):
        fraction = sp.Rational(rng.randint(1, 9972), 9973)
        if symbol.is_integer:
            value = sp.ceiling(low) + sp.floor(
                fraction * (sp.floor(high) - sp.ceiling(low) + 1)
            )
        else:
            value = low + (high - low) * fraction
            if symbol.is_extended_real is None and interval is None:
                value += sp.I * sp.Rational(rng.randint(1, 9972), 9973)
        if all(
            getattr(value, f"is_{fact}", None) in (holds, None)
            for fact, holds in symbol.assumptions0.items()
        ):
            return value
    raise ValueError(
        f"no admissible value of {symbol} lies between {low} and {high}; "
        f"give where={{{symbol}: (low, high)}}"
    )


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raise TimeoutError in the main thread after SECONDS, on every platform."""
    expired = threading.Event()
    timer = threading.Timer(SECONDS, lambda: (expired.set(), _thread.interrupt_main()))
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if expired.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


def _expression(value, name: str):
    with suppress(sp.SympifyError):
        value = sp.sympify(value, strict=True)
    if isinstance(value, sp.MatrixBase):
        return value.as_immutable()
    if not isinstance(value, sp.Expr):
        raise TypeError(
            f"{name} must be a SymPy expression, a number or an explicit matrix, "
            f"not {value!r}"
        )
    return value


def _table(rows: list[tuple[str, sp.Expr, str]]) -> str:
    """A Markdown table: relation, expression, reason."""
    # A bar inside mathematics would end its column.
    latex = [
        sp.latex(expression).replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        for _, expression, _ in rows
    ]
    lines = [
        f"| {relation or ' '} | $\\displaystyle {math}$ | {reason} |"
        for (relation, _, reason), math in zip(rows, latex)
    ]
    return "\n".join([lines[0], "|---:|:---|:---|", *lines[1:]])
