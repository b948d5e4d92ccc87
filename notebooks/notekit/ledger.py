"""Claims and the evidence that decides them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from IPython import get_ipython
from IPython.display import display

from .proof import DerivationError, verify


class ClaimError(AssertionError):
    """The evidence does not bear the claim out."""


@dataclass
class Identity:
    """Two SymPy expressions that are equal; `where` as in `derive`. Proved, or checked to 30 digits."""

    left: object
    right: object
    where: dict | None = None

    def judge(self) -> tuple[str, str]:
        """Verdict and figure; raises ClaimError, as for every kind of evidence."""
        try:
            verdict = verify(self.left, "=", self.right, self.where)
        except DerivationError as error:
            raise ClaimError(str(error)) from None
        return ("proved" if verdict.exact else "checked"), str(verdict)


@dataclass
class Measured:
    """Measured values (any shape), each within `tolerance` of the expected one, in the same units."""

    value: object
    expected: object
    tolerance: float

    def judge(self) -> tuple[str, str]:
        value, expected = (
            _numbers(self.value, "value"),
            _numbers(self.expected, "expected"),
        )
        tolerance = _numbers(self.tolerance, "tolerance")
        if tolerance.ndim or not tolerance > 0:
            raise ValueError(
                f"tolerance must be one positive number, not {self.tolerance!r}"
            )
        if expected.ndim and value.shape != expected.shape:
            raise ValueError(
                f"value has shape {value.shape}, expected has shape {expected.shape}; they must agree"
            )
        deviation = np.abs(value - expected)
        if value.ndim:
            figure = f"{value.size} values, largest deviation {deviation.max():.2g}, tolerance {tolerance:.2g}"
        else:
            figure = (
                f"measured {value:.4g}, expected {expected:.4g} within {tolerance:.2g}"
            )
        return _decide(bool(np.all(deviation <= tolerance)), "checked", figure)


@dataclass
class Bound:
    """Measured values (any shape), all of them at most `at_most` and at least `at_least`; one of the two may be left out."""

    value: object
    at_most: float | None = None
    at_least: float | None = None

    def judge(self) -> tuple[str, str]:
        value, holds, figures = _numbers(self.value, "value"), True, []
        if self.at_most is not None:
            holds &= bool(np.all(value <= self.at_most))
            figures.append(
                f"{'largest' if value.ndim else 'measured'} {value.max():.4g}, at most {float(self.at_most):.4g}"
            )
        if self.at_least is not None:
            holds &= bool(np.all(value >= self.at_least))
            figures.append(
                f"{'smallest' if value.ndim else 'measured'} {value.min():.4g}, at least {float(self.at_least):.4g}"
            )
        if not figures:
            raise ValueError("a bound needs at_most, at_least or both")
        return _decide(holds, "checked", "; ".join(figures))


@dataclass
class Trials:
    """Outcomes of repeated trials, of which at least `at_least` must be true; set the threshold before the run."""

    outcomes: Iterable[bool]
    at_least: int

    def judge(self) -> tuple[str, str]:
        outcomes = [bool(outcome) for outcome in self.outcomes]
        if not 1 <= self.at_least <= len(outcomes):
            raise ValueError(
                f"at_least must lie between 1 and the {len(outcomes)} outcomes, not {self.at_least}"
            )
        return _decide(
            sum(outcomes) >= self.at_least,
            "observed",
            f"{sum(outcomes)} of {len(outcomes)}; {self.at_least} needed",
        )


@dataclass
class Corrected:
    """The original's statement holds after a change: the claim's sentence is ours, and `evidence` bears it out."""

    original: str
    evidence: Identity | Measured | Bound | Trials


class Refuted(Corrected):
    """The original's statement does not hold: the claim's sentence is ours, and `evidence` bears it out."""


EVIDENCE = (Identity, Measured, Bound, Trials)
MARKS = {
    "proved": "✓",
    "checked": "✓",
    "observed": "✓",
    "corrected": "△",
    "refuted": "✗",
}
_cells: dict[
    str, str
] = {}  # claim id -> the cell it stands in, so that a cell can be run again


def claim(id: str, sentence: str, evidence, source: str = "") -> None:
    """Judge a claim, show its verdict in one line, and leave a record in the cell's output.

    `source` says where the original states it. `evidence` is an Identity, Measured, Bound or Trials,
    or one of these inside Corrected or Refuted, with the original's statement.

    Raises ClaimError if the evidence fails, ValueError for a malformed or repeated id or a missing statement,
    TypeError for an unknown kind of evidence.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id):
        raise ValueError(
            f"claim id {id!r} must be lower-case words joined by hyphens, such as 'angle-variance'"
        )
    changed = isinstance(evidence, Corrected)
    inner, original = (
        (evidence.evidence, evidence.original) if changed else (evidence, "")
    )
    if not sentence.strip() or (changed and not original.strip()):
        raise ValueError(
            f"claim {id!r} needs a sentence, and a corrected or refuted one the original's statement too"
        )
    if not isinstance(inner, EVIDENCE):
        names = ", ".join(kind.__name__ for kind in (*EVIDENCE, Corrected, Refuted))
        raise TypeError(
            f"claim {id!r} has evidence of type {type(inner).__name__}; use one of {names}"
        )
    if _cells.setdefault(id, _this_cell(sentence)) != _this_cell(sentence):
        raise ValueError(
            f"claim id {id!r} is used twice in this notebook; give each claim an id of its own"
        )
    try:
        verdict, figure = inner.judge()
    except ClaimError as error:
        raise ClaimError(f"claim {id!r} fails: {sentence}\n{error}") from None
    verdict = type(evidence).__name__.lower() if changed else verdict
    statement = f"The original: *{original}* Here: {sentence}" if changed else sentence
    record = dict(
        id=id, sentence=sentence, source=source, kind=type(inner).__name__.lower()
    )
    record.update(verdict=verdict, figure=figure, original=original)
    mark = f'<span class="nk-claim nk-{verdict}" id="claim-{id}">{MARKS[verdict]} {verdict}</span>'
    markdown = f'{mark} {statement} <span class="nk-figure">{figure}</span>'
    plain = f"{verdict} {id}: {statement} [{figure}]"
    display(
        {"text/markdown": markdown, "text/plain": plain},
        metadata={"notekit": record},
        raw=True,
    )


def _this_cell(sentence: str) -> str:
    """What tells a claim run again from a second one: the cell's id, or the sentence where a front end sends none."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId") or sentence


def _decide(holds: bool, verdict: str, figure: str) -> tuple[str, str]:
    if not holds:
        raise ClaimError(figure)
    return verdict, figure


def _numbers(value, name: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number or an array of numbers, not {value!r}"
        ) from None
