"""Makes what the page of search searches: the text of every section, in one script.

Formulas are in it as a reader sees them, and what is shown twice is in it once. The
engine, MiniSearch, runs in the browser and lies in book/static/search.
"""

from __future__ import annotations

import html
import json
import re
from fnmatch import fnmatch
from pathlib import Path

from docutils import nodes
from mathematics import display_form, typeset
from sphinx import addnodes
from sphinx.application import Sphinx

# What the notes say comes first.
WEIGHTS = {
    "book/claims": 0.2,
    "book/how-far": 0.2,
    "book/references": 0.3,
    "book/course/*": 0.5,
}
SILENT = (
    nodes.raw,
    nodes.comment,
    addnodes.toctree,
    addnodes.index,
    nodes.system_message,
)


def formula(node: nodes.Node) -> str:
    """What a formula looks like, without its tags."""
    display = isinstance(node, nodes.math_block)
    latex = display_form(node.astext()) if display else node.astext()
    found = re.search(r"<math.*?</math>", typeset(latex, display)[0], re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", found[0])) if found else ""


def gather(node: nodes.Node, texts: list[str], codes: list[str]) -> None:
    """Collect the text and the code of a node, but not those of sections inside."""
    if isinstance(node, (nodes.math, nodes.math_block)):
        space = " " if isinstance(node, nodes.math_block) else ""
        texts.append(f"{space}{formula(node)}{space}")
    elif isinstance(node, nodes.literal_block):
        codes.append(node.astext())
    elif isinstance(node, nodes.Text):
        texts.append(str(node))
    elif not isinstance(node, (*SILENT, nodes.section, nodes.title)):
        for child in node.children:
            gather(child, texts, codes)
        if isinstance(node, (nodes.TextElement, nodes.entry)):
            texts.append(" " if not isinstance(node, nodes.Inline) else "")


def plain(node: nodes.Node) -> str:
    """A heading as text."""
    texts: list[str] = []
    for child in node.children:
        gather(child, texts, [])
    return tidy(texts)


def tidy(texts: list[str]) -> str:
    """One line of text."""
    return " ".join("".join(texts).split())


def entries(app: Sphinx, doctree: nodes.document, docname: str) -> list[dict]:
    """Every section of a page, with where it is."""
    weight = next((w for name, w in WEIGHTS.items() if fnmatch(docname, name)), 1)
    address, found, title = app.builder.get_target_uri(docname), [], ""
    for section in doctree.findall(nodes.section):
        texts: list[str] = []
        codes: list[str] = []
        for child in section.children:
            gather(child, texts, codes)
        heading = next((plain(c) for c in section if isinstance(c, nodes.title)), "")
        title = title or heading
        entry = {
            "title": title if heading == title else "",
            "page": title,
            "section": "" if heading == title else heading,
            "text": tidy(texts),
            "code": tidy(codes),
            "address": f"{address}#{section['ids'][0]}" if section["ids"] else address,
            "weight": weight,
        }
        found.append(entry)
    return found


def collect(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep the sections of a page that is written."""
    if app.builder.format == "html":
        app.found_sections[docname] = entries(app, doctree, docname)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write all sections; without a page that was written the last ones stand."""
    if exception is None and app.found_sections:
        sections = sum(app.found_sections.values(), [])
        text = json.dumps(sections, ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir) / "_static" / "search" / "sections.js"
        path.write_text(f"const sections = {text};\n", encoding="utf-8")


def replace_engine(app: Sphinx) -> None:
    """Leave Sphinx's own search out."""
    app.found_sections = {}
    app.builder.search = False
    app.config.html_additional_pages["search"] = "search.html"


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("builder-inited", replace_engine)
    app.connect("doctree-resolved", collect, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
