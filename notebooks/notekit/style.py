"""One look for all figures, printed mathematics, and repeatable arithmetic."""

from __future__ import annotations

import base64
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path

import sympy as sp
from IPython import get_ipython
from IPython.display import Markdown, display

from .ledger import request

# Where there is SymPy alone, as in a reader's browser, tables remain.
if TORCH := find_spec("torch"):
    import torch
if FIGURES := find_spec("matplotlib"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

INK = "#010101"  # of notekit.mplstyle
# How matplotlib writes a tick or a short marker (circles, ten times as long, would make
# pages and slides heavy), and where it stands.
MARK = r'<path id="([^"]*)" d="([^"]{,60})"(?: style="([^"]*)")?/>'
USED = (
    r'<use xlink:href="#(?P<id>[^"]*)" x="(?P<x>[^"]*)" y="(?P<y>[^"]*)"'
    r'(?: style="(?P<style>[^"]*)")?/>'
)
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
    """Figures as small SVG, SymPy results as mathematics, repeatable arithmetic.

    torch gets one thread: small models are no slower, and notebooks run side by side.
    """
    sp.init_printing(use_latex="mathjax")
    if TORCH:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        # Filling fresh memory with NaN costs up to a tenth of the time.
        torch.utils.deterministic.fill_uninitialized_memory = False
    if not FIGURES:
        return
    shell = get_ipython()
    if hasattr(shell, "kernel"):
        # Whatever MPLBACKEND says; its formatters are replaced by ours.
        shell.enable_matplotlib("inline")
    if shell is not None:
        formatters = shell.display_formatter.formatters
        for formatter in formatters.values():
            formatter.pop(Figure, None)
        formatters["image/svg+xml"].for_type(Figure, svg)
        formatters["text/html"].for_type(Figure, picture)
    # From the default, whatever the reader's own matplotlibrc says.
    plt.style.use(["default", Path(__file__).with_name("notekit.mplstyle")])


def table(header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Show a table; its cells are Markdown, and a row has as many as the header.

    Raises ValueError for a row of another length.
    """
    header, rows = list(header), [list(row) for row in rows]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row needs {len(header)} cells, not {len(row)}: {row}")
    lines = [header, ["---"] * len(header), *rows]
    text = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    display(Markdown("\n".join(f"| {' | '.join(line)} |" for line in text)))


def label_lines(axes: Axes, gap: float = 1.3) -> None:
    """Write each line's label at its right end in its colour, in place of a legend.

    Call it last: labels are kept `gap` lines of text apart, by the limits as they are.
    """
    axes.figure.draw_without_rendering()  # settles limits and layout
    size, point = plt.rcParams["font.size"] * gap, axes.figure.dpi / 72
    lines = [line for line in axes.lines if not line.get_label().startswith("_")]
    ends = [
        axes.transData.transform(line.get_xydata()[-1])[1] / point for line in lines
    ]
    order = sorted(range(len(lines)), key=ends.__getitem__)
    places, floor = list(ends), -float("inf")
    for index in order:
        places[index] = floor = max(ends[index], floor + size)
    ceiling = axes.bbox.y1 / point
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - size
    for line, end, place in zip(lines, ends, places):
        axes.annotate(
            line.get_label(),
            line.get_xydata()[-1],
            xytext=(6, place - end),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            annotation_clip=False,
        )


def picture(figure: Figure) -> str | None:
    """The figure as an HTML image with alt text, for all viewers but the built page.

    They show no SVG of a notebook that they do not trust, no alt text, and no colour
    of the page: so it is a small PNG, the same bytes every time, on white.
    """
    if os.environ.get("NOTEKIT_PLAYER") == "frames":
        return None  # the page shows the SVG
    buffer, small = io.BytesIO(), io.BytesIO()
    figure.savefig(buffer, format="png", dpi=144, facecolor="white")
    with Image.open(buffer) as image:
        width = round(image.width * 96 / 144)  # as wide as the SVG
        # With fewer, a thin line on a map of colours takes the colours of the map.
        colors = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        colors.save(small, format="png", optimize=True)
    data = base64.b64encode(small.getvalue()).decode()
    alt = escape(alt_text() or described(figure))
    return f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'


def alt_text() -> str:
    """The alt text of the cell that runs, or nothing.

    It stands in the cell's metadata, which a kernel is not told, so it is looked up in
    the notebook's file: the one that Jupyter names, or those in this folder.
    """
    parent = request()
    cell_id = parent.get("metadata", {}).get("cellId")
    code = parent.get("content", {}).get("code", "").strip()
    if not (cell_id or code):
        return ""
    named = Path(os.environ.get("JPY_SESSION_NAME", ""))
    paths = [named] if named.is_file() else sorted(Path().glob("*.ipynb"))
    for cell in (cell for path in paths for cell in _cells(path)):
        same = "".join(cell.get("source", "")).strip() == code
        if same or (cell_id and cell.get("id") == cell_id):
            words = cell.get("metadata", {}).get("mystnb", {}).get("image", {})
            if words.get("alt"):
                return words["alt"]
    return ""


def described(figure: Figure) -> str:
    """What the axes of a figure are called, for one whose cell has no alt text."""
    names = [(axes.get_ylabel(), axes.get_xlabel()) for axes in figure.axes]
    called = [f"{y} against {x}" for y, x in names if x and y]
    return f"A figure: {', '.join(dict.fromkeys(called)) or 'without words'}."


def _cells(path: Path) -> Iterator[dict]:
    """The cells of a notebook's file; none if it cannot be read."""
    try:
        yield from json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return


def svg(figure: Figure) -> str:
    """The figure as a small SVG element: the same bytes every time.

    Its text has the page's font and colour.
    """
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
    # The style element, left out above, would have reached the whole page.
    text = text.replace("<svg", '<svg style="stroke-linejoin: round"', 1)
    referred = set(re.findall(r"#([\w-]+)", text))
    text = re.sub(
        r' id="([^"]*)"', lambda match: match[0] if match[1] in referred else "", text
    )
    text = re.sub(r' d="([^"]*)"', lambda match: f' d="{_short_path(match[1])}"', text)
    text = re.sub(
        r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _short_number, tag[0]), text
    )  # not the text between tags
    # Of a list of fonts each reader has another: text and formulas would differ.
    text = re.sub(r"font-family: 'DejaVu Sans'[^;\"]*", "font-family: sans-serif", text)
    text = re.sub(r"\s*\n\s*", "\n", text.replace(INK, "currentColor")).strip()
    # The built page; stored figures keep the groups, by which handouts find the axes.
    return _light(text) if os.environ.get("NOTEKIT_PLAYER") == "frames" else text


def _light(text: str) -> str:
    """SVG, a tag a line, without groups and turns that change nothing.

    They are more than half of what a browser has to read, lay out and paint. A tick
    is a plain path: used from elsewhere, each costs it a tree of elements.
    """
    marks = {id: (d, style) for id, d, style in re.findall(MARK, text)}

    def plain(used: re.Match[str]) -> str:
        if used["id"] not in marks:
            return used[0]
        d, own = marks[used["id"]]
        style = "; ".join(filter(None, (used["style"], own)))  # the later one counts
        place = f"translate({used['x']} {used['y']})"
        return f'<path d="{d}" transform="{place}" style="{style}"/>'

    text = re.sub(MARK + r"\n", "", re.sub(USED, plain, text))
    lines, named = [], []
    for line in re.sub(r' transform="rotate\(-0 [^"]*"', "", text).split("\n"):
        if line == "<g/>":
            continue
        if line.startswith("<g"):
            named.append(line != "<g>")
        if line == "<g>" or (line == "</g>" and not named.pop()):
            continue
        lines.append(line)
    return "\n".join(lines)


def _short_number(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _short_path(data: str) -> str:
    """Path data; long runs of lines as differences of tenths, which compress well."""
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
