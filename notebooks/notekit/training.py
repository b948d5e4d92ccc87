"""Seeds that move together, short training loops, and the best value of a grid."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap
from tqdm.auto import tqdm

Batches = Iterable  # a list, a DataLoader: has a length and can be iterated anew


class Stream:
    """As many batches an epoch as `steps`, each drawn anew by `draw()`."""

    def __init__(self, draw: Callable[[], object], steps: int) -> None:
        self.draw, self.steps = draw, steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[object]:
        return (self.draw() for _ in range(self.steps))


def seeds(k: int) -> list[int]:
    """The first k seeds of this run.

    The environment variable NOTEKIT_SEED (a whole number, default 0) moves them all.
    """
    start = os.environ.get("NOTEKIT_SEED", "0")
    if not start.isdigit() or not isinstance(k, int) or k < 1:
        raise ValueError(
            f"seeds needs k of at least 1, not {k!r}, and NOTEKIT_SEED a whole number "
            f"such as 7, not {start!r}"
        )
    return [int(seed) for seed in np.random.SeedSequence(int(start)).generate_state(k)]


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and torch; return a fresh NumPy generator of the same seed."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def fit(
    model: torch.nn.Module,
    loss: Callable[[torch.nn.Module, object], torch.Tensor],
    batches: Batches,
    optimizer: torch.optim.Optimizer,
    epochs: int = 1,
    measure: Callable[[torch.nn.Module], dict[str, float]] | None = None,
    after_step: Callable[[], None] | None = None,
) -> dict[str, list[float]]:
    """Train in place; return every step's "loss" and what was measured.

    `loss(model, batch)` returns a scalar tensor; `batches` is iterated once an epoch;
    `measure(model)` is called after each epoch, `after_step` after each update
    (a schedule's step, a moving average of the weights).

    Raises ValueError if there is nothing to train on, FloatingPointError if the loss
    stops being finite.
    """
    _check_batches(batches, epochs)
    history: dict[str, list[float]] = {"loss": []}
    for _ in _progress(epochs):
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
                    f"the loss became {value.item()} at step {len(history['loss'])}; "
                    "lower the learning rate"
                )
        if measure is not None:
            model.eval()
            with torch.no_grad():
                for name, number in measure(model).items():
                    history.setdefault(name, []).append(float(number))
    return history


class _Apply(torch.nn.Module):
    """A model that functions are applied to; functional_call can swap its state."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, function: Callable, arguments: tuple) -> object:
        return function(self.model, *arguments)


def fit_together(
    models: Sequence[torch.nn.Module],
    loss: Callable[..., torch.Tensor],
    batches: Batches,
    optimizer: Callable[[list[torch.Tensor]], torch.optim.Optimizer],
    epochs: int = 1,
    *,
    rates: Sequence[float] | None = None,
    variants: object = None,
    per_model: bool = False,
    schedule: Callable[[torch.optim.Optimizer], object] | None = None,
    measure: Callable[..., dict[str, torch.Tensor]] | None = None,
) -> dict[str, np.ndarray]:
    """Train models of one architecture in place, side by side, as `fit` does each.

    Their parameters are stacked along a new first axis (models, …), and one step of
    vmap moves them all (torch.func: stack_module_state, functional_call).
    `loss(model, batch)` returns the scalar of one model, in terms that vmap knows.
    `batches` are shared; with `per_model`, every tensor of a batch is (models, …).
    `variants`, a tensor or nest of tensors (models, …), is what else the models differ
    in; `loss` and `measure` get a model's own entry as their last argument.
    `optimizer(parameters)` builds one optimiser that works element by element (SGD,
    Adam); `rates` (models,) multiplies each model's updates, its weight decay too.
    `schedule(optimizer)` builds a learning-rate schedule, stepped after each update.

    Returns "loss" (steps, models), NaN from where a model diverged, and what
    `measure(model)`, a dictionary of scalar tensors, gave after each epoch
    (epochs, models).
    Raises ValueError if there is nothing to train or the rates do not fit.
    """
    _check_batches(batches, epochs)
    if not models:
        raise ValueError("fit_together needs at least one model")
    if rates is not None and len(rates) != len(models):
        raise ValueError(f"there are {len(rates)} rates for {len(models)} models")
    template = _Apply(models[0])
    state = stack_module_state([_Apply(model) for model in models])
    trained = [value for value in state[0].values() if value.requires_grad]
    scales = [_beside(rates, value) for value in trained if rates is not None]
    optimise = optimizer(trained)
    scheduled = schedule(optimise) if schedule is not None else None
    own = () if variants is None else (variants,)

    def together(function: Callable, *batch: object) -> object:
        """function(model, *batch, own variant) of every model, stacked."""
        axes = (0 if per_model else None,) * len(batch) + (0,) * len(own)

        def one(state: tuple, arguments: tuple) -> object:
            return functional_call(template, state, (function, arguments))

        mapped = vmap(one, in_dims=(0, axes or None), randomness="different")
        return mapped(state, (*batch, *own))

    history: dict[str, list[list[float]]] = {"loss": []}
    for _ in _progress(epochs):
        template.train()
        for batch in batches:
            optimise.zero_grad()
            values = together(loss, batch)
            values.sum().backward()
            before = [value.detach().clone() for value, _ in zip(trained, scales)]
            optimise.step()
            with torch.no_grad():  # multiply each model's update by its rate
                for value, old, scale in zip(trained, before, scales):
                    value.sub_(old).mul_(scale).add_(old)
            if scheduled is not None:
                scheduled.step()
            # As numbers: small tensors that stay tear the memory to pieces.
            history["loss"].append(values.tolist())
        if measure is not None:
            template.eval()
            with torch.no_grad():
                for name, value in together(measure).items():
                    history.setdefault(name, []).append(value.tolist())
    with torch.no_grad():
        for index, model in enumerate(models):
            applied = _Apply(model)
            for kind, stacked in zip(
                (applied.named_parameters, applied.named_buffers), state
            ):
                for name, tensor in kind():
                    tensor.copy_(stacked[name][index])
    result = {name: np.array(values, dtype=float) for name, values in history.items()}
    diverged = np.logical_or.accumulate(~np.isfinite(result["loss"]))
    result["loss"][diverged] = np.nan
    return result


def _beside(rates: Sequence[float], stacked: torch.Tensor) -> torch.Tensor:
    """A rate for each model, of the stacked parameter's type, (models, 1, …)."""
    return torch.as_tensor(rates, dtype=stacked.dtype).reshape(
        -1, *[1] * (stacked.ndim - 1)
    )


def _check_batches(batches: Batches, epochs: int) -> None:
    if epochs < 1 or iter(batches) is batches or not len(batches):
        raise ValueError(
            "training needs epochs of at least 1 and batches that are not empty and "
            "can be iterated anew: a list, a DataLoader"
        )


def _progress(epochs: int) -> Iterable[int]:
    """A bar for a reader who waits; it would otherwise be stored with the outputs."""
    live = os.environ.get("NOTEKIT_PLAYER", "live") == "live"
    return tqdm(range(epochs), unit="epoch", leave=False, disable=not live)


class Best(NamedTuple):
    """The best value of a grid, its score and place, and the curve {value: score}."""

    value: float
    score: float
    index: int
    curve: dict[float, float]


def best(
    grid: Sequence[float],
    scores: object,
    goal: str = "lowest",
    *,
    low_end: str = "",
    high_end: str = "",
) -> Best:
    """The value of an increasing grid with the lowest or highest score.

    `scores` has shape (values,) or (values, seeds), whose mean counts; NaN, a run that
    diverged, is worse than any number. Of equal scores the middle-most counts.
    With two hyper-parameters, each has its turn: best(rates, scores.min(axis=1)).

    Raises ValueError if the best value stands at an end of the grid, unless `low_end`
    or `high_end` says in words why nothing can lie beyond it.
    """
    values, scores = np.asarray(grid, dtype=float), np.asarray(scores, dtype=float)
    if values.ndim != 1 or len(values) < 3 or not (np.diff(values) > 0).all():
        raise ValueError(
            f"the grid must hold at least three increasing values, not {grid!r}"
        )
    if scores.ndim not in (1, 2) or len(scores) != len(values):
        raise ValueError(
            f"scores must have shape ({len(values)},) or ({len(values)}, seeds), "
            f"not {scores.shape}"
        )
    if goal not in ("lowest", "highest"):
        raise ValueError(f"goal must be 'lowest' or 'highest', not {goal!r}")
    mean = scores.mean(axis=1) if scores.ndim == 2 else scores
    costs = np.nan_to_num(
        mean if goal == "lowest" else -mean, nan=np.inf, posinf=np.inf
    )
    if np.isinf(costs).all():
        raise ValueError("every value of the grid diverged")
    ties = np.flatnonzero(costs == costs.min())
    index = int(ties[np.abs(ties - (len(values) - 1) / 2).argmin()])
    curve = {float(value): float(score) for value, score in zip(values, mean)}
    ends = {
        0: ("smaller", "low_end", low_end),
        len(values) - 1: ("larger", "high_end", high_end),
    }
    beyond, name, reason = ends.get(index, ("", "", "inside"))
    if not reason.strip():
        shown = ", ".join(f"{value:.3g}: {score:.4g}" for value, score in curve.items())
        raise ValueError(
            f"the best value, {values[index]:.3g}, stands at the grid's end; add "
            f"{beyond} values, or say by {name}=… why there are none. Curve: {shown}"
        )
    return Best(float(values[index]), float(mean[index]), index, curve)
