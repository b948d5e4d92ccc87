"""Interactive figures: live in a kernel, frames in the page, a still on paper."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import alt_text, described, svg

MAX_FRAMES = 60
LIVE_JS = Path(__file__).with_name("live.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Control:
    """One thing the reader can change; the built page thins a long range."""

    kind: str  # slider, choice or toggle
    values: tuple
    default: object
    label: str
    is_range: bool = False

    def __post_init__(self) -> None:
        if len(self.values) < 2:
            raise ValueError(
                f"a {self.kind} needs at least two values, such as [0, 0.5, 1], "
                f"not {self.values!r}"
            )
        if self.default not in self.values:
            raise ValueError(
                f"the starting value {self.default!r} is not among "
                f"{self.values[:3]} … {self.values[-1]}"
            )


def slider(start, stop=None, step=None, value=None, label: str = "") -> Control:
    """A slider from start to stop, both included, or over a list: slider([0, 0.1, 1]).

    `step` is 1 between whole numbers, otherwise a hundredth of the range;
    `value`, where it starts, is the first by default.
    """
    if stop is None:
        values = tuple(start) if np.iterable(start) else ()
    else:
        step = step or (
            1
            if isinstance(start, int) and isinstance(stop, int)
            else (stop - start) / 100
        )
        if not (stop > start and step > 0):
            raise ValueError(
                f"slider needs start < stop and step > 0, not {start}, {stop}, {step}"
            )
        values = [
            start + step * i
            for i in range(math.floor((stop - start) / step + 1e-9) + 1)
        ]
        values = tuple(v if isinstance(v, int) else float(f"{v:.12g}") for v in values)
    return Control(
        "slider",
        values,
        values[0] if value is None and values else value,
        label,
        is_range=stop is not None,
    )


def choice(values, value=None, label: str = "") -> Control:
    """A list from which one value is chosen; it starts at `value`, or at the first."""
    values = tuple(values)
    return Control(
        "choice", values, values[0] if value is None and values else value, label
    )


def toggle(value: bool = False, label: str = "") -> Control:
    """A switch, off unless `value` is true."""
    return Control("toggle", (False, True), value, label)


def explore(draw: Callable[..., Figure | Axes | None], **controls: Control) -> None:
    """Show `draw(name=value, …)` as an interactive figure with one to three controls.

    `draw` makes one matplotlib figure from its keyword arguments, and the same figure
    from the same values. The environment variable NOTEKIT_PLAYER chooses the form:
    `live` (ipywidgets, the default), `frames` (what the built page shows: at most 60
    precomputed frames) or `still` (the default frame).

    Raises ValueError for too many controls or frames, TypeError for something that is
    no control or no figure.
    """
    if not 1 <= len(controls) <= 3:
        raise ValueError(f"explore takes one to three controls, not {len(controls)}")
    for name, control in controls.items():
        if not isinstance(control, Control):
            raise TypeError(
                f"{name} must be made by slider, choice or toggle, not {control!r}"
            )
    labels = [
        control.label or name.replace("_", " ") for name, control in controls.items()
    ]
    mode = os.environ.get("NOTEKIT_PLAYER", "live")
    if mode == "live":
        _show_live(draw, controls, labels)
    elif mode == "still":
        display(
            _figure(draw, {name: control.default for name, control in controls.items()})
        )
    elif mode == "frames":
        plain = f"interactive figure: {', '.join(labels)}"
        display(
            {"text/html": _page(draw, controls, labels), "text/plain": plain}, raw=True
        )
    else:
        raise ValueError(f"NOTEKIT_PLAYER must be live, frames or still, not {mode!r}")


def _figure(draw: Callable, values: dict) -> Figure:
    """The figure for these values, closed, so that it is shown once and not kept."""
    result = draw(**values)
    figure = (
        result.figure
        if isinstance(result, Axes)
        else plt.gcf()
        if result is None
        else result
    )
    if not isinstance(figure, Figure):
        raise TypeError(
            f"the drawing function returned {type(result).__name__}; "
            "return the figure, its axes or nothing"
        )
    plt.close(figure)
    return figure


def _show_live(draw: Callable, controls: dict[str, Control], labels: list[str]) -> None:
    """Widgets, and the drawing on white, in the page of whatever runs the notebook."""
    alt = alt_text()  # of this cell; later the kernel answers to widgets
    widgets = dict(zip(controls, map(_widget, controls.values(), labels)))

    def show(**values) -> None:
        figure = _figure(draw, values)
        words = escape(alt or described(figure))
        paper = "background: #fff; color: #000; width: fit-content"
        html = f'<div role="img" aria-label="{words}" style="{paper}">'
        plain = f"{', '.join(f'{k} = {_text(v)}' for k, v in values.items())}: {words}"
        data = {"text/html": f"{html}{svg(figure)}</div>", "text/plain": plain}
        display(data, raw=True)

    output = ipywidgets.interactive_output(show, widgets)
    box = ipywidgets.VBox([*widgets.values(), output]).add_class("nk-live")
    script = {"text/html": f"<script>{LIVE_JS}</script>", "text/plain": ""}
    display(script, raw=True)
    display(box)


def _widget(control: Control, label: str) -> ipywidgets.Widget:
    if control.kind == "toggle":
        return ipywidgets.Checkbox(value=control.default, description=label)
    kind = (
        ipywidgets.SelectionSlider if control.kind == "slider" else ipywidgets.Dropdown
    )
    return kind(
        options=[(_text(value), value) for value in control.values],
        value=control.default,
        description=label,
    )


def _page(draw: Callable, controls: dict[str, Control], labels: list[str]) -> str:
    """One element: native controls, the default frame, and all frames.

    A frame is a list of numbers of lines, which the frames share. The page that shows
    the element loads player.css and player.js once.
    """
    to_svg = get_ipython().display_formatter.formatters["image/svg+xml"]
    selections = _selections(list(controls.values()))
    default = tuple(control.default for control in controls.values())
    still, lines, frames = "", {}, []
    for combination in itertools.product(*selections):
        text = to_svg(_figure(draw, dict(zip(controls, combination))))
        if text is None:
            raise ValueError(
                "figures are not set up; call nk.setup() at the top of the notebook"
            )
        still = text if combination == default else still
        frames.append([lines.setdefault(line, len(lines)) for line in text.split("\n")])
    data = json.dumps(
        {"lines": list(lines), "frames": frames},
        separators=(",", ":"),
        ensure_ascii=False,
    ).replace("</", r"<\/")
    fields = "".join(map(_field, controls.values(), labels, selections))
    cue = _cue(labels[0], selections[0])
    return (
        '<nk-player><div class="nk-controls" role="group" aria-label="Controls of the '
        f'figure" hidden>{cue}{fields}</div>'
        f'<div class="nk-stage" role="img">{still}</div>'
        f'<script type="application/json">{data}</script></nk-player>'
    )


def _selections(controls: list[Control]) -> list[tuple]:
    """The values that the page shows; ranges share what the limit leaves."""
    ranges = [control for control in controls if control.is_range]
    left = MAX_FRAMES / math.prod(
        len(control.values) for control in controls if not control.is_range
    )
    most = {}
    for rank, control in enumerate(
        sorted(ranges, key=lambda control: len(control.values))
    ):
        most[id(control)] = min(
            len(control.values), int(left ** (1 / (len(ranges) - rank)) + 1e-9)
        )
        left /= max(most[id(control)], 1)
    if left < 1 or min(most.values(), default=2) < 2:
        raise ValueError(
            f"the controls' values make more than {MAX_FRAMES} frames; give fewer"
        )
    return [
        _thin(control, most[id(control)]) if control.is_range else control.values
        for control in controls
    ]


def _thin(control: Control, most: int) -> tuple:
    """At most that many values, evenly spaced, both ends and the default among them."""
    positions = np.linspace(0, len(control.values) - 1, most).round().astype(int)
    default = control.values.index(control.default)
    if default not in positions:
        inner = positions[1:-1] if most > 2 else positions
        inner[np.abs(inner - default).argmin()] = default
    return tuple(control.values[position] for position in positions)


def _field(control: Control, label: str, values: tuple) -> str:
    """A labelled native control whose value is the index of a frame's value."""
    start, label, texts = (
        values.index(control.default),
        escape(label),
        [escape(_text(value)) for value in values],
    )
    if control.kind == "toggle":
        box = f'<input type="checkbox"{" checked" * start}>'
        return f"<label><span>{label}</span>{box}</label>"
    if control.kind == "choice":
        options = "".join(
            f'<option value="{i}"{" selected" * (i == start)}>{text}</option>'
            for i, text in enumerate(texts)
        )
        return f"<label><span>{label}</span><select>{options}</select></label>"
    return (
        f"<label><span>{label}</span>"
        f'<input type="range" min="0" max="{len(values) - 1}" value="{start}" '
        f'aria-valuetext="{texts[start]}" data-values="{"|".join(texts)}">'
        f'<span class="nk-value" aria-hidden="true">{texts[start]}</span></label>'
    )


def _cue(label: str, values: tuple) -> str:
    """What to try first."""
    texts = [escape(_text(value)) for value in (values[0], values[-1])]
    way = f"from {texts[0]} to {texts[1]}" if len(values) > 2 else "the other way"
    return f'<p class="nk-cue">Try it: set {escape(label)} {way}.</p>'


def _text(value) -> str:
    """How a value is shown and announced."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return f"{value:.6g}".replace("-", "−") if number else str(value)
