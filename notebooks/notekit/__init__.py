"""What the notes share: verified derivations, judged claims, interactive figures, training, and one style."""

from .ledger import (
    Bound,
    ClaimError,
    Corrected,
    Identity,
    Measured,
    Refuted,
    Trials,
    claim,
)
from .player import choice, explore, slider, toggle
from .proof import DerivationError, derive
from .style import COLORS, apply_style
from .training import fit, seed_everything, seeds

__all__ = [
    "Bound",
    "ClaimError",
    "Corrected",
    "Identity",
    "Measured",
    "Refuted",
    "Trials",
    "claim",
    "choice",
    "explore",
    "slider",
    "toggle",
    "DerivationError",
    "derive",
    "COLORS",
    "apply_style",
    "fit",
    "seed_everything",
    "seeds",
    "setup",
]


def setup() -> None:
    """Prepare a notebook: the style of figures and mathematics, and one seed for Python, NumPy and torch."""
    apply_style()
    seed_everything(seeds(1)[0])
