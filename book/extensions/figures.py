"""Holds figures to two rules: each has alt text and a caption, and a drawing takes the
page's text colour.

A figure is an output that is an image, or raw HTML that holds an element with
role="img". Its words are in the cell's metadata: mystnb.image.alt and
mystnb.figure.caption.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)
NAMED = re.compile(r'role="img" aria-label="([^"]+)"')
INK = "#1c1c1c"  # on the white card that pictures of pages have in both themes
SPACES = {"": "http://www.w3.org/2000/svg", ":xlink": "http://www.w3.org/1999/xlink"}

logger = logging.getLogger(__name__)


def is_figure(node: nodes.Node) -> bool:
    """Whether the node shows a picture."""
    return (
        isinstance(node, nodes.image)
        or isinstance(node, nodes.raw)
        and 'role="img"' in node.astext()
    )


def is_cell(node: nodes.Node) -> bool:
    """Whether the node is a code cell with its outputs."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def first_drawing(doctree: nodes.document) -> tuple[str, str]:
    """The first drawing of a page, fit for a file of its own, and its words, if any."""
    for node in doctree.findall(is_figure):
        words = NAMED.search(node.astext())
        if words and (drawing := DRAWING.search(node.astext())):
            svg = drawing[0].replace("currentColor", INK)
            head = svg.partition(">")[0]
            missing = [f'xmlns{name}="{at}"' for name, at in SPACES.items()]
            missing = [
                space for space in missing if space.split("=")[0] + "=" not in head
            ]
            svg = svg.replace("<svg", " ".join(["<svg", *missing]), 1)
            return svg, html.unescape(words[1])
    return "", ""


def own_ids(svg: str, prefix: str) -> str:
    """The same drawing with ids that no other drawing on the page has."""
    for name in set(re.findall(r'\sid=\\?"([^"\\]+)', svg)):
        svg = re.sub(
            rf'(id=\\?"|#){re.escape(name)}(?=\\?"|\))', rf"\g<1>{prefix}-{name}", svg
        )
    return svg


def inline(image: nodes.image, folder: Path, alt: str, prefix: str) -> nodes.raw:
    """An SVG file as part of the page, so that currentColor is the text's colour."""
    svg = (folder / image["uri"].lstrip("/")).read_text(encoding="utf-8")
    svg = own_ids(svg[svg.index("<svg") :], prefix)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}"', 1)
    return nodes.raw("", f'<div class="drawing">{svg}</div>', format="html")


def name_in_html(text: str, alt: str, caption: str, prefix: str) -> str:
    """Raw HTML in which what has role="img", and the controls, have a name."""
    label = f'role="img" aria-label="{html.escape(alt)}"'
    first = html.escape(re.split(r"(?<=\w)\. ", re.sub(r"[$*`\\]", "", caption))[0])
    text = text.replace("Controls of the figure", f"Controls: {first}", 1)
    return own_ids(
        re.sub(r'role="img"(?![^>]*aria-label)', lambda _: label, text), prefix
    )


def treat_cell(app: Sphinx, docname: str, cell: nodes.container) -> None:
    """Check and inline the figures of one cell."""
    figures = list(cell.findall(is_figure))
    if not figures:
        return
    words = cell["cell_metadata"].get("mystnb", {})
    alt = str(words.get("image", {}).get("alt", "")).strip()
    caption = str(words.get("figure", {}).get("caption", "")).strip()
    place = f"{docname}, cell {cell['cell_index'] + 1}"
    for text, what in (
        (alt, "alt text (mystnb.image.alt)"),
        (caption, "caption (mystnb.figure.caption)"),
    ):
        if not text:
            logger.warning(
                "%s: a figure without %s in its cell's metadata",
                place,
                what,
                location=cell,
                type="figures",
            )
    bundles = [
        node
        for node in cell.findall(nodes.container)
        if node.get("nb_element") == "mime_bundle"
    ]
    if (
        sum(any(bundle.findall(is_figure)) for bundle in bundles) > 1
        or caption
        and len(bundles) > 1
    ):
        logger.warning(
            "%s: a cell shows one figure and nothing else, or its caption repeats",
            place,
            location=cell,
            type="figures",
        )
    for number, node in enumerate(figures):
        prefix = f"f{cell['cell_index']}-{number}"
        if isinstance(node, nodes.raw):
            node.children = [
                nodes.Text(name_in_html(node.astext(), alt, caption, prefix))
            ]
        elif node["uri"].endswith(".svg"):
            node.replace_self(inline(node, Path(app.srcdir), alt, prefix))


def treat_page(app: Sphinx, doctree: nodes.document) -> None:
    """Check every figure of a page that is read; images in prose need alt text too."""
    docname = app.env.docname
    for cell in list(doctree.findall(is_cell)):
        treat_cell(app, docname, cell)
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning(
                "%s: the image %s has no alt text",
                docname,
                image["uri"],
                location=image,
                type="figures",
            )


def setup(app: Sphinx) -> dict:
    """Register the check before Sphinx collects the images to copy."""
    app.connect("doctree-read", treat_page, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
