"""Claims, the evidence that decides them, and the choices that they depend on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from typing import ClassVar, NamedTuple

from IPython import get_ipython
from IPython.display import display

from .proof import DerivationError, verify

if NUMPY := find_spec("numpy") and find_spec("scipy"):  # where not, Identity remains
    import numpy as np
    from scipy import stats

RUNS = ("sampled", "trained", "timed")  # where a value may come out by luck
CONFIDENCE = 0.95
LIMITS = ("tolerance", "at_most", "at_least", "margin")  # what a control must share


class ClaimError(AssertionError):
    """The evidence does not bear the claim out, or the control does not fail."""


class Judgement(NamedTuple):
    """Whether evidence holds (None: nothing was measured), and why."""

    holds: bool | None
    measured: str
    fails: str
    verdict: str = "checked"


@dataclass(kw_only=True)
class Evidence:
    """What all kinds share: `what` was measured, in words and units, and `how`.

    `how` is "computed", "sampled", "trained" or "timed".
    In a control, `what` names the case in which the claim is false.
    """

    what: str = ""
    how: str = ""
    repeated: ClassVar[bool] = False  # whether the kind is made for runs

    @property
    def needs_control(self) -> bool:
        """Whether the claim must show a case in which this evidence fails."""
        return self.repeated or self.how in RUNS


@dataclass
class Identity(Evidence):
    """Two SymPy expressions that are equal; `where` as in `derive`.

    Proved, or checked to 30 digits.
    """

    left: object
    right: object
    where: dict | None = None

    def judge(self) -> Judgement:
        """The judgement, as for every kind of evidence."""
        try:
            verdict = verify(self.left, "=", self.right, self.where)
        except DerivationError as error:
            return Judgement(False, str(error), "")
        return Judgement(
            True, str(verdict), "", "proved" if verdict.exact else "checked"
        )


@dataclass
class Measured(Evidence):
    """Numbers (any shape), each within `tolerance` (same units) of the expected."""

    value: object
    expected: object
    tolerance: float

    def judge(self) -> Judgement:
        """Fails if one value is too far away."""
        value = _numbers(self.value, "value")
        expected = _numbers(self.expected, "expected", finite=True)
        tolerance = _positive(self.tolerance, "tolerance")
        if expected.ndim and value.shape != expected.shape:
            raise ValueError(
                f"value has shape {value.shape}, expected has shape {expected.shape}; "
                "they must agree"
            )
        deviation = np.abs(value - expected)
        measured, fails = f"{value:.4g}" if not value.ndim else "", ""
        if value.ndim:
            measured = (
                f"{value.size} values within {deviation.max():.2g} of the expected"
            )
            fails = f"fails beyond {tolerance:.2g}"
        else:
            fails = f"expected {expected:.4g}, fails if more than {tolerance:.2g} away"
        return _judgement(value, bool(np.all(deviation <= tolerance)), measured, fails)


@dataclass
class Bound(Evidence):
    """Numbers (any shape), all at most `at_most`, at least `at_least`, or both."""

    value: object
    at_most: float | None = None
    at_least: float | None = None

    def judge(self) -> Judgement:
        """Fails if one value lies outside."""
        value = _numbers(self.value, "value")
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("a bound needs at_most, at_least or both")
        holds = bool(np.all(value >= (-np.inf if low is None else low)))
        holds &= bool(np.all(value <= (np.inf if high is None else high)))
        measured = f"{value.min():.4g}"
        if value.size > 1:
            measured += f" to {value.max():.4g} ({value.size} values)"
        limits = [f"below {low:.4g}"] if low is not None else []
        limits += [f"above {high:.4g}"] if high is not None else []
        return _judgement(value, holds, measured, f"fails {' or '.join(limits)}")


@dataclass
class Cases(Evidence):
    """Yes-or-no outcomes of one computation, {"name": outcome}; all must hold."""

    outcomes: dict[str, bool]

    def judge(self) -> Judgement:
        """Fails if one case does."""
        if not isinstance(self.outcomes, dict) or not self.outcomes:
            raise TypeError('cases are a dictionary of outcomes, {"name": True, …}')
        wrong = [name for name, outcome in self.outcomes.items() if not outcome]
        measured = f"{len(self.outcomes) - len(wrong)} of {len(self.outcomes)} hold"
        if wrong:
            measured += f", not {'; '.join(wrong)}"
        return Judgement(not wrong, measured, "fails if one does not")


@dataclass
class Trials(Evidence):
    """Independent repetitions, of which `at_least` (set before the run) succeed."""

    outcomes: Iterable[bool]
    at_least: int
    repeated = True

    def judge(self) -> Judgement:
        """Fails if too few succeed."""
        self.outcomes = outcomes = [bool(outcome) for outcome in self.outcomes]
        if not 1 <= self.at_least <= len(outcomes):
            raise ValueError(
                f"at_least must lie between 1 and the {len(outcomes)} outcomes, "
                f"not {self.at_least}"
            )
        measured = f"{sum(outcomes)} of {len(outcomes)}"
        holds = sum(outcomes) >= self.at_least
        return Judgement(holds, measured, f"fails below {self.at_least}", "observed")


@dataclass
class Difference(Evidence):
    """Paired runs, shape (pairs,): `first` exceeds `second` by `at_least` or more.

    The 95 % Student interval of the mean difference must not reach below `at_least`,
    the least effect that counts.
    """

    first: object
    second: object
    at_least: float
    repeated = True

    def judge(self) -> Judgement:
        """Fails if the interval reaches below the least effect."""
        least = float(_numbers(self.at_least, "at_least", finite=True))
        if least < 0:
            raise ValueError(
                f"at_least is {least:g}, but must be 0 or more; swap the two"
            )
        differences, low, _, measured = _paired(self.first, self.second)
        fails = f"fails if the interval reaches below {least:.4g}"
        return _judgement(
            differences, low >= least and low > 0, measured, fails, "observed"
        )


@dataclass
class Equivalent(Evidence):
    """Paired runs, shape (pairs,), that differ by no more than `margin`.

    The margin is set before the run.
    The 95 % Student interval of the mean difference must lie inside ±margin.
    """

    first: object
    second: object
    margin: float
    repeated = True

    def judge(self) -> Judgement:
        """Fails if the interval leaves the margin."""
        margin = _positive(self.margin, "margin")
        differences, low, high, measured = _paired(self.first, self.second)
        holds = bool(-margin <= low and high <= margin)
        fails = f"fails if the interval leaves ±{margin:.4g}"
        return _judgement(differences, holds, measured, fails, "observed")


@dataclass
class Corrected:
    """The original's statement is false as it stands; ours is a changed one."""

    original: str
    evidence: Evidence
    verdict: ClassVar[str] = "corrected"


class Refuted(Corrected):
    """The original's statement is false where it claims to hold."""

    verdict = "refuted"


class NotReproduced(Corrected):
    """A measurement of the original that our setting does not show."""

    verdict = "not reproduced"


KINDS = (Identity, Measured, Bound, Cases, Trials, Difference, Equivalent)
WAYS = ("computed", *RUNS)
MARKS = dict(proved="✓", checked="✓", observed="✓", corrected="△", refuted="✗")
MARKS |= {"not reproduced": "○", "not judged": "?", "failed": "!"}
_cells: dict[str, str] = {}  # claim id -> its cell, so that a cell can be run again
_settings: dict[str, tuple] = {}  # name -> the value in force and the default


def claim(id: str, sentence: str, evidence, source: str = "", control=None) -> None:
    """Judge a claim, show its verdict, and leave a record in the cell's output.

    `source` says where the original states it.
    `evidence` is one of KINDS, or one of these inside Corrected, Refuted or
    NotReproduced, with the original's statement.
    `control` is evidence of the same kind, with the same limits, on a case in which the
    claim is false; it must fail. Evidence from a run cannot do without one.

    In a reader's kernel a claim may be copied or worded anew: the later one counts.

    Raises ClaimError if the evidence fails or the control does not, ValueError for a
    malformed or repeated id, missing words or a missing control, TypeError for an
    unknown kind. With NOTEKIT_CLAIMS=record in the environment, a claim that fails
    is recorded instead. A timed claim that fails is not judged: a clock tells as much
    of the machine, and of its neighbours, as of the claim.
    """
    changed = isinstance(evidence, Corrected)
    inner, original = (
        (evidence.evidence, evidence.original) if changed else (evidence, "")
    )
    _check_words(id, sentence, inner, original if changed else "none")
    _check_control(id, inner, control)
    _check_setting()
    _check_cell(id, _this_cell(sentence))
    judgement = inner.judge()
    figure, verdict = _figure(inner, judgement), judgement.verdict
    if inner.how == "trained" and verdict == "checked":
        verdict = "observed"  # of some networks, not computed
    problem = None if judgement.holds else f"claim {id!r} fails: {sentence}\n{figure}"
    told = ""
    if control is not None:
        against = control.judge()
        told = f"{control.what or 'control'}: {against.measured}"
        if against.holds is False:
            told += ", fails as it must"
        else:
            why = "passes" if against.holds else "measured nothing"
            problem = (
                problem or f"the control of claim {id!r} {why}, but must fail: {told}"
            )
    verdict = evidence.verdict if changed else verdict
    if problem:
        verdict = "not judged" if inner.how == "timed" else "failed"
    if verdict == "failed" and os.environ.get("NOTEKIT_CLAIMS") != "record":
        raise ClaimError(problem)
    record = dict(
        id=id,
        sentence=sentence,
        source=source,
        kind=type(inner).__name__.lower(),
        how=inner.how,
        verdict=verdict,
        figure=problem if problem and judgement.holds else figure,
        control=told,
        original=original,
        settings={
            name: value
            for name, (value, default) in _settings.items()
            if value != default
        },
    )
    _show(record)


def forget() -> None:
    """Forget which claims there were, as a new kernel does."""
    _cells.clear()


def _show(record: dict) -> None:
    """One line for the page, and the record in the output's metadata."""
    verdict, sentence = record["verdict"], record["sentence"]
    if record["original"]:
        sentence = f"The original: *{record['original']}* Here: {sentence}"
    figure = record["figure"]
    if record["control"]:
        figure += f". Control, {record['control']}"
    kind, timed = f"nk-{verdict.replace(' ', '-')}", ""
    if record["how"] == "timed":
        kind, timed = f"{kind} nk-timed", "timed, "
    mark = f'<span class="nk-claim {kind}" id="claim-{record["id"]}">'
    mark += f"{MARKS[verdict]} {verdict}</span>"
    details = f'<span class="nk-figure">{escape(figure, quote=False)}</span>'
    plain = f"{timed}{verdict} {record['id']}: {sentence} [{figure}]"
    data = {"text/markdown": f"{mark} {sentence} {details}", "text/plain": plain}
    display(data, metadata={"notekit": record}, raw=True)


def setting(name: str, default, *, among: tuple):
    """A choice of the experiment: the default, unless the environment varies it.

    `among` lists the other values that a colleague might have chosen.
    NOTEKIT_SETTING="name=value" puts one of them in force.

    Raises ValueError for a value that is not listed; the first claim raises it for
    the name of a setting that the notebook does not have.
    """
    values = [default, *among]
    if not among or len(values) != len(set(values)):
        raise ValueError(
            f"setting {name!r} needs other values than {default!r}: among=(…,)"
        )
    wanted, text = _wanted()
    value = default
    if wanted == name:
        matches = [value for value in values if text in (str(value), repr(value))]
        if not matches:
            raise ValueError(
                f"setting {name!r} has no value {text}; "
                f"it has {', '.join(map(repr, values))}"
            )
        value = matches[0]
    _settings[name] = (value, default)
    return value


def _wanted() -> tuple[str, str]:
    """The name and the value that NOTEKIT_SETTING asks for, or nothing."""
    request = os.environ.get("NOTEKIT_SETTING", "")
    name, equals, text = request.partition("=")
    if request and not (name and equals and text):
        raise ValueError(f"NOTEKIT_SETTING must look like name=value, not {request!r}")
    return name.strip(), text.strip()


def _check_setting() -> None:
    name, _ = _wanted()
    if name and name not in _settings:
        there = ", ".join(_settings) or "none"
        raise ValueError(
            f"there is no setting {name!r} here; the settings are: {there}"
        )


def refused(call: Callable[[], object], error=(TypeError, ValueError)) -> str:
    """The message with which `call()` raises `error`; AssertionError if it does not."""
    try:
        result = call()
    except error as refusal:
        return str(refusal)
    raise AssertionError(f"nothing was refused; the result is {result!r}")


def _check_words(id: str, sentence: str, inner, original: str) -> None:
    """Refuse a claim that lacks words, or evidence of an unknown kind."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id):
        raise ValueError(
            f"claim id {id!r} must be lower-case words joined by hyphens, "
            "such as 'angle-variance'"
        )
    if not sentence.strip() or not original.strip():
        raise ValueError(
            f"claim {id!r} needs a sentence, and a corrected, refuted or not "
            "reproduced one the original's statement too"
        )
    if not isinstance(inner, KINDS):
        names = ", ".join(
            kind.__name__ for kind in (*KINDS, Corrected, Refuted, NotReproduced)
        )
        raise TypeError(
            f"claim {id!r} has evidence of type {type(inner).__name__}; "
            f"use one of {names}"
        )
    if inner.how not in ("", *WAYS):
        raise ValueError(f"how must be one of {', '.join(WAYS)}, not {inner.how!r}")
    if isinstance(inner, Identity):
        return
    if not inner.what.strip():
        raise ValueError(
            f"claim {id!r}: say with what=… in words and units what was measured"
        )
    if not (inner.how or inner.repeated):
        raise ValueError(
            f"claim {id!r}: say with how=… where the value comes from: "
            f"{', '.join(WAYS)}"
        )


def _check_control(id: str, inner, control) -> None:
    """Refuse a control that is missing or is judged by another measure."""
    if control is None:
        if inner.needs_control:
            raise ValueError(
                f"claim {id!r} rests on a run and needs a control: control=… with the "
                "same evidence on a case in which the claim is false"
            )
        return
    if type(control) is not type(inner):
        raise TypeError(
            f"the control of claim {id!r} must be {type(inner).__name__} as its "
            f"evidence is, not {type(control).__name__}"
        )
    if not control.what.strip():
        raise ValueError(
            f"the control of claim {id!r}: name with what=… the case that it is"
        )
    if isinstance(control, Difference) and _reordered(control):
        raise ValueError(
            f"the control of claim {id!r} compares numbers with themselves in another "
            "order, so that their mean difference is 0 whatever was measured; run a "
            "case in which the claim is false"
        )
    for name in LIMITS:
        ours, theirs = getattr(inner, name, None), getattr(control, name, None)
        if ours != theirs:
            raise ValueError(
                f"the control of claim {id!r} must have the same {name}, {ours}, "
                f"not {theirs}"
            )


def _reordered(pairs: Difference) -> bool:
    """Whether the second numbers of pairs are the first ones in some order."""
    first, second = _numbers(pairs.first, "first"), _numbers(pairs.second, "second")
    return np.array_equal(np.sort(first, axis=None), np.sort(second, axis=None))


def _check_cell(id: str, cell: str) -> None:
    """Refuse an id of another cell; a reader who tries something is only told."""
    if _cells.setdefault(id, cell) == cell:
        return
    if os.environ.get("NOTEKIT_PLAYER", "live") != "live":
        raise ValueError(
            f"claim id {id!r} is used twice in this notebook; give each claim its own"
        )
    _cells[id] = cell
    print(f"This claim takes the place of the one before it with the id {id!r}.")


def request() -> dict:
    """What asked the kernel to run this cell; nothing where there is no kernel."""
    shell = get_ipython()
    return (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}


def _this_cell(sentence: str) -> str:
    """What tells a claim run again from another: the cell, or else the sentence."""
    return request().get("metadata", {}).get("cellId") or sentence


def _figure(evidence: Evidence, judgement: Judgement) -> str:
    """What was measured and what would have failed, in one line."""
    words = f"{evidence.what}: " if evidence.what else ""
    return words + "; ".join(filter(None, [judgement.measured, judgement.fails]))


def _judgement(value, holds: bool, measured: str, fails: str, verdict: str = "checked"):
    """The judgement on numbers; NaN among them means that nothing was measured."""
    if np.isnan(value).any():
        return Judgement(None, "not a number", fails, verdict)
    return Judgement(bool(holds), measured, fails, verdict)


def _paired(first, second) -> tuple[np.ndarray, float, float, str]:
    """Differences of pairs, the ends of their mean's interval, and both in words."""
    first, second = _numbers(first, "first"), _numbers(second, "second")
    if first.ndim != 1 or first.shape != second.shape or len(first) < 3:
        raise ValueError(
            "first and second must hold at least three pairs, one value a run in the "
            f"same order; their shapes are {first.shape} and {second.shape}"
        )
    with np.errstate(invalid="ignore"):
        differences = first - second
    differences[~np.isfinite(differences)] = np.nan
    mean, half = differences.mean(), stats.sem(differences)
    half *= stats.t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1)
    low, high = mean - half, mean + half
    measured = f"{mean:.3g}, 95 % interval {low:.3g} to {high:.3g}, {len(first)} pairs"
    return differences, low, high, measured


def _numbers(value, name: str, finite: bool = False) -> np.ndarray:
    if not NUMPY:
        raise NotImplementedError(
            "evidence in numbers needs NumPy and SciPy, which are not here"
        )
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number or an array of numbers, not {value!r}"
        ) from None
    if not numbers.size:
        raise ValueError(f"{name} holds no number")
    if finite and not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, not {value!r}")
    return numbers


def _positive(value, name: str) -> float:
    """One finite positive number."""
    number = _numbers(value, name)
    if number.ndim or not 0 < number < np.inf:
        raise ValueError(f"{name} must be one finite positive number, not {value!r}")
    return float(number)
