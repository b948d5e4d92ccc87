"""One look for all figures, printed mathematics, and repeatable arithmetic."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import sympy as sp
import torch
from IPython import get_ipython
from matplotlib.figure import Figure

INK = "#010101"  # of notekit.mplstyle
# The style's colours by name.
COLORS = dict(
    blue="#0072b2",
    orange="#d55e00",
    green="#009e73",
    pink="#cc79a7",
    brown="#a6761d",
    grey="#808080",
)


def apply_style() -> None:
    """Figures as small SVG, SymPy results as mathematics, torch on two threads with repeatable arithmetic."""
    sp.init_printing(use_latex="mathjax")
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    if (shell := get_ipython()) is not None:
        plt.close(
            plt.figure()
        )  # switches the inline backend on, whose formatters ours then replace
        for formatter in shell.display_formatter.formatters.values():
            formatter.pop(Figure, None)
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, svg)
    plt.style.use(Path(__file__).with_name("notekit.mplstyle"))


def svg(figure: Figure) -> str:
    """The figure as a small SVG element: the same bytes every time, text in the page's font and colour."""
    buffer = io.StringIO()
    figure.savefig(
        buffer,
        format="svg",
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    text = buffer.getvalue()
    text = re.sub(
        r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>",
        "",
        text[text.index("<svg") :],
        flags=re.DOTALL,
    )
    text = text.replace(
        "<svg", '<svg style="stroke-linejoin: round"', 1
    )  # the style element would have reached the whole page
    referred = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(
        r' id="([^"]*)"', lambda match: match[0] if match[1] in referred else "", text
    )
    text = re.sub(r' d="([^"]*)"', lambda match: f' d="{_short_path(match[1])}"', text)
    text = re.sub(
        r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _short_number, tag[0]), text
    )  # not the text between tags
    text = re.sub(r"font: ([^;\"]*?)'[^\"]*sans-serif", r"font: \1sans-serif", text)
    return re.sub(r"\s*\n\s*", "\n", text.replace(INK, "currentColor")).strip()


def _short_number(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _short_path(data: str) -> str:
    """Path data; a long run of straight lines as differences to a tenth of a point, which compress well."""
    words = data.split()
    if len(words) < 30 or set(words[::3]) - {"M", "L"}:
        return " ".join(words)
    points = [
        (round(float(x), 1), round(float(y), 1))
        for x, y in zip(words[1::3], words[2::3], strict=True)
    ]
    steps = [
        (x, y) if word == "M" else (x - x0, y - y0)
        for word, (x, y), (x0, y0) in zip(words[::3], points, [(0, 0), *points])
    ]
    return "".join(
        f"{word if word == 'M' else 'l'}{x:.4g} {y:.4g}"
        for word, (x, y) in zip(words[::3], steps)
    ).replace(" -", "-")
