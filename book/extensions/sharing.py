"""Makes the picture that shows a page where its address is shared: its first drawing.

It must be a bitmap with an absolute address, so that there is one only if the site's is
known (repository.py). A page without a drawing has that of the landing page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import matplotlib
import resvg_py
from docutils import nodes
from figures import first_drawing
from sphinx.application import Sphinx

SIZE = (1200, 630)  # which the sites that show it ask for
MARGIN = 50
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # the same on all machines


@cache
def bitmap(drawing: str) -> bytes:
    """The drawing in the middle of a white card, as PNG."""
    width, height = SIZE
    head, _, rest = drawing.partition(">")
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head).removeprefix("<svg")
    inner = f'x="{MARGIN}" y="{MARGIN}" width="{width - 2 * MARGIN}"'
    card = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<svg {inner} height="{height - 2 * MARGIN}"{head}>{rest}</svg>'
    )
    return resvg_py.svg_to_bytes(
        svg_string=card,
        background="white",
        skip_system_fonts=True,
        font_dirs=[str(FONTS)],
        sans_serif_family="DejaVu Sans",
    )


def show(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write a page's picture, and tell the template which one to name."""
    if not app.config.html_baseurl:
        return
    pages = [page, app.config.root_doc] if doctree else [app.config.root_doc]
    for shown in pages:
        drawing, alt = first_drawing(app.env.get_doctree(shown))
        if drawing:
            name = f"_static/notes/{shown.replace('/', '-')}.png"
            file = Path(app.outdir) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bitmap(drawing))
            context["picture"] = (app.config.html_baseurl + name, *SIZE, alt)
            return


def setup(app: Sphinx) -> dict:
    """Register the hook."""
    app.connect("html-page-context", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
