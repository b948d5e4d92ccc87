"""Checks of what a reader passes to a note's functions."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np

# A bool would count as 0 or 1, a duration as its days; buffers are bytes, not numbers.
NO_NUMBERS = {bool, np.bool_, np.timedelta64, memoryview, bytearray}


def whole(value: object, name: str, least: int = 1, most: int | None = None) -> int:
    """The value as an int from `least` to `most`, NumPy's integers too.

    Raises TypeError for what is no whole number (bool, float, text), ValueError for
    what is out of range.
    """
    span = f"of at least {least}" if most is None else f"from {least} to {most}"
    right = f"{name} must be a whole number {span}, not {value!r:.60}"
    if type(value) in NO_NUMBERS or not isinstance(value, Integral):
        raise TypeError(right)
    if value < least or (most is not None and value > most):
        raise ValueError(right)
    return int(value)


def reals(value: object, name: str) -> np.ndarray:
    """Real numbers as an array of 64-bit floats, of the value's shape.

    value: a number, nested lists, an array or a tensor, which is detached; whole
    numbers of any size and fractions too; what is beyond the floats becomes ±inf.
    Raises TypeError for anything else: bool (in a list, too), text, complex, masked or
    ragged data.
    """
    wrong = f"{name} must be a real number or an array of them, not {value!r:.60}"
    try:
        if hasattr(value, "detach"):  # a tensor; half precision is unknown to NumPy
            value = value.detach().cpu()
            value = (value.double() if value.is_floating_point() else value).numpy()
        if type(value) is np.ndarray and value.dtype.kind in "iuf":
            return value.astype(float)
        items = np.array(value, dtype=object)
        parts = [value, *items.flat, *_members(value)]
        odd = isinstance(value, np.ma.MaskedArray) or {*map(type, parts)} & NO_NUMBERS
        odd = odd or not all(isinstance(item, Real) for item in items.flat)
    except (TypeError, ValueError, RuntimeError):  # ragged, sparse, without data
        raise TypeError(wrong) from None
    if odd:
        raise TypeError(wrong)
    floats = [_nearest(item) for item in items.flat]
    return np.array(floats, dtype=float).reshape(items.shape)


def _members(value: object) -> list:
    """What lists and tuples hold, at any depth; NumPy would unpack a masked array."""
    if not isinstance(value, list | tuple):
        return []
    return [*value, *(part for item in value for part in _members(item))]


def _nearest(number: Real) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number or a fraction beyond 1.8e308
        return float("inf") if number > 0 else float("-inf")
