"""Answers to exercises: right, one of the known mistakes, or not yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import sympy as sp

from .proof import DerivationError, verify


@dataclass(frozen=True)
class Reply:
    """Whether an answer is right, and the sentence that was printed."""

    right: bool
    sentence: str

    def __bool__(self) -> bool:
        return self.right

    def _ipython_display_(self) -> None:
        """Nothing: the sentence stands there already."""


class Unfit(TypeError):
    """An answer of another kind than the one that is asked for."""


def check(
    answer,
    wanted: str,
    right,
    mistakes: dict[str, object] | None = None,
    *,
    tolerance: float = 1e-9,
    on: Iterable[tuple] | None = None,
    where: dict | None = None,
) -> Reply:
    """Print one sentence on an answer: right, what is wrong with it, or not yet.

    `wanted` says in words what the answer must be: "a number, the mean".
    `right` is a number, a nest of numbers (list, array, tensor), a SymPy expression
    with `where` as in `derive`, or a test: a function that says whether an answer is
    right. Numbers may differ by `tolerance`, symbols are known by their names.
    `mistakes` are wrong answers that are likely, {"What is wrong.": wrong answer}, of
    the same forms as `right`. In a nest, `...` stands for anything.
    With `on`, a list of arguments, the answer is a function: what it returns for each
    is compared, and the others are functions too, or lists of what they return.

    No sentence shows `right`. Raises TypeError for mistakes that are not so given.
    """
    mistakes = {} if mistakes is None else mistakes
    if not (isinstance(mistakes, dict) and all(isinstance(m, str) for m in mistakes)):
        raise TypeError(
            'mistakes are a dictionary of wrong answers, {"What is wrong.": 0, …}'
        )
    sentence = _sentence(answer, wanted, right, mistakes, tolerance, on, where)
    print(sentence)
    return Reply(sentence == RIGHT, sentence)


RIGHT = "✓ Right."
NOT_YET = "✗ Not yet, and it is none of the mistakes that this check knows."


def _sentence(answer, wanted, right, mistakes, tolerance, on, where) -> str:
    if answer is ...:
        return f"… No answer yet. Put in place of the dots {wanted}."
    unfit = f"✗ This check takes {wanted}; the answer is {_kind(answer)}."
    if on is not None:
        if not callable(answer):
            return unfit
        cases = [case if isinstance(case, tuple) else (case,) for case in on]
        try:
            answer = _returned(answer, cases)
        except Exception as error:  # a student's function may raise anything
            return f"✗ The function raises {_told(error)}"
        right = _returned(right, cases)
        mistakes = {told: _returned(wrong, cases) for told, wrong in mistakes.items()}
        unfit = f"✗ This check takes {wanted}; this function returns something else."
    try:
        if _same(answer, right, tolerance, where):
            return RIGHT
        for told, wrong in mistakes.items():
            if _same(answer, wrong, tolerance, where):
                return f"✗ {told}"
    except Unfit:
        return unfit
    return NOT_YET


def _returned(function, cases: list[tuple]) -> list:
    """What a function returns for each case, if it is not already a list of that."""
    return [function(*case) for case in cases] if callable(function) else function


def _same(given, other, tolerance: float, where: dict | None) -> bool:
    """Whether an answer is that value, or passes that test."""
    if other is ...:
        return True
    if isinstance(other, Callable) and not isinstance(other, sp.Basic):
        try:
            return bool(other(given))
        except Exception as error:  # it was written for answers of the right kind
            raise Unfit from error
    given, other = (
        value.tolist() if hasattr(value, "tolist") else value
        for value in (given, other)
    )
    if isinstance(other, list | tuple):
        if not isinstance(given, list | tuple) or len(given) != len(other):
            raise Unfit
        same = [_same(*pair, tolerance, where) for pair in zip(given, other)]
        return all(same)
    if isinstance(other, bool | str):
        if type(given) is not type(other):
            raise Unfit
        return given == other
    with suppress(sp.SympifyError):
        given = sp.sympify(given, strict=True)
    if not isinstance(given, sp.Expr):
        raise Unfit
    other = sp.sympify(other)
    # A student's x is the note's, whatever it was assumed to be.
    named = {symbol.name: symbol for symbol in other.free_symbols | set(where or ())}
    given = given.xreplace({s: named.get(s.name, s) for s in given.free_symbols})
    if given.free_symbols | other.free_symbols:
        given = sp.nsimplify(given, rational=True)  # 0.5 is a half to all digits
        with suppress(DerivationError, ValueError):
            verify(given, "=", other, where, prove=False)
            return True
        return False
    with suppress(TypeError, ValueError, OverflowError):
        return abs(complex(given) - complex(other)) <= tolerance
    return False


def _kind(value) -> str:
    """What a value is, in a few words."""
    kind = f"of type {type(value).__name__}"
    if shape := getattr(value, "shape", None):
        return f"{kind} and shape {tuple(shape)}"
    return (
        f"{kind} and length {len(value)}" if isinstance(value, list | tuple) else kind
    )


def _told(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
