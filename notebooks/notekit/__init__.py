"""What the notes share: proofs, claims, answers, figures, training, checks, style."""

from importlib.util import find_spec

from .answers import check
from .ledger import (
    Bound,
    Cases,
    ClaimError,
    Corrected,
    Difference,
    Equivalent,
    Identity,
    Measured,
    NotReproduced,
    Refuted,
    Trials,
    claim,
    refused,
    setting,
)
from .proof import DerivationError, derive
from .style import COLORS, apply_style, label_lines, table

# A reader's browser has SymPy alone.
if find_spec("numpy"):
    from .inputs import reals, whole
if all(map(find_spec, ("numpy", "matplotlib", "ipywidgets"))):
    from .player import choice, explore, slider, toggle
if TRAINING := all(map(find_spec, ("numpy", "torch", "tqdm"))):
    from .training import Stream, best, fit, fit_together, seed_everything, seeds

__all__ = [
    "COLORS", "Bound", "Cases", "ClaimError", "Corrected", "DerivationError",
    "Difference", "Equivalent", "Identity", "Measured", "NotReproduced", "Refuted",
    "Stream", "Trials", "apply_style", "best", "check", "choice", "claim", "derive",
    "explore", "fit", "fit_together", "label_lines", "reals", "refused", "seeds",
    "setting", "setup", "slider", "table", "toggle", "whole",
]  # fmt: skip


def setup() -> None:
    """Prepare a notebook: one style, and one seed for Python, NumPy and torch."""
    apply_style()
    if TRAINING:
        seed_everything(seeds(1)[0])


def __getattr__(name: str):
    """Say why something is not here, if it is notekit's."""
    missing = "needs a package that is not here: NumPy, Matplotlib or PyTorch"
    why = missing if name in _ALL else "is not a name of notekit"
    raise AttributeError(f"notekit.{name} {why}")


_ALL = (*__all__,)
__all__[:] = [name for name in _ALL if name in globals()]  # for import *
