"""What the notes share: proofs, claims, interactive figures, training, style."""

import sys

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

if sys.platform != "emscripten":  # a reader's browser has SymPy alone
    from .player import choice, explore, slider, toggle
    from .training import Best, best, fit, fit_together, seed_everything, seeds

__all__ = [
    "COLORS", "Best", "Bound", "Cases", "ClaimError", "Corrected", "DerivationError",
    "Difference", "Equivalent", "Identity", "Measured", "NotReproduced", "Refuted",
    "Trials", "apply_style", "best", "choice", "claim", "derive", "explore", "fit",
    "fit_together", "label_lines", "refused", "seed_everything", "seeds", "setting",
    "setup", "slider", "table", "toggle",
]  # fmt: skip


def setup() -> None:
    """Prepare a notebook: one style, and one seed for Python, NumPy and torch."""
    apply_style()
    seed_everything(seeds(1)[0])
