"""Seeds that move together, and a short training loop."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable

import numpy as np
import torch
from tqdm.auto import tqdm


def seeds(k: int) -> list[int]:
    """The first k seeds of this run; the environment variable NOTEKIT_SEED (a whole number, default 0) moves them all."""
    start = os.environ.get("NOTEKIT_SEED", "0")
    if not start.isdigit() or not isinstance(k, int) or k < 1:
        raise ValueError(
            f"seeds needs k of at least 1, not {k!r}, and NOTEKIT_SEED a whole number such as 7, not {start!r}"
        )
    return [int(seed) for seed in np.random.SeedSequence(int(start)).generate_state(k)]


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and torch; return a fresh NumPy generator with the same seed."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def fit(
    model: torch.nn.Module,
    loss: Callable[[torch.nn.Module, object], torch.Tensor],
    batches: Iterable,
    optimizer: torch.optim.Optimizer,
    epochs: int = 1,
    measure: Callable[[torch.nn.Module], dict[str, float]] | None = None,
    after_step: Callable[[], None] | None = None,
) -> dict[str, list[float]]:
    """Train in place; return the history: "loss" of every step, and what `measure(model)` gave after each epoch.

    `loss(model, batch)` returns a scalar tensor; `batches` is iterated once an epoch (a list, a DataLoader);
    `after_step` is called after each update (a schedule's step, a moving average of the weights).

    Raises ValueError if there is nothing to train on, FloatingPointError if the loss stops being finite.
    """
    if epochs < 1 or iter(batches) is batches or not len(batches):
        raise ValueError(
            "fit needs epochs of at least 1 and batches that are not empty and can be iterated anew: a list, a DataLoader"
        )
    history: dict[str, list[float]] = {"loss": []}
    live = (
        os.environ.get("NOTEKIT_PLAYER", "live") == "live"
    )  # a bar would otherwise be stored with the outputs
    for _ in tqdm(range(epochs), unit="epoch", leave=False, disable=not live):
        model.train()
        for batch in batches:
            optimizer.zero_grad()
            value = loss(model, batch)
            value.backward()
            optimizer.step()
            if after_step is not None:
                after_step()
            history["loss"].append(value.item())
            if not np.isfinite(history["loss"][-1]):
                raise FloatingPointError(
                    f"the loss became {value.item()} at step {len(history['loss'])}; lower the learning rate"
                )
        if measure is not None:
            model.eval()
            with torch.no_grad():
                for name, number in measure(model).items():
                    history.setdefault(name, []).append(float(number))
    return history
