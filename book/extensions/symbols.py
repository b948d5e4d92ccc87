"""Sets formulas that a sentence spells in plain letters, such as ‖μ‖² or κ = 1, like
those between dollars.

What code prints, headings and lists of sources stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

from docutils import nodes
from sphinx.application import Sphinx

UP, DOWN = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢₙₜ"
GREEK = "(?!μs\\b)[Α-Ωα-ωϕ∂∇½]"
NAME = r"(?<![A-Za-z])(?:log|ln|exp|sin|cos|KL)(?![A-Za-z_])"
# A letter is no word of a sentence, and no part of a name or of a compound.
LETTER = (
    r"(?<![A-Za-z_.'’\d])[A-Za-z]\u0302?(?![A-Za-z_'’\d-]|(?<=[aAI]) [^−+·=<>≤≥≈×±/~])"
)
NUMBER = r"(?<![A-Za-z_.,\d])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![A-Za-z_]{2})"
SCRIPTS = f"[{UP}{DOWN}′″]*"
BETWEEN = r"(?: ?[+−·×/±=<>≤≥≈~] ?| ‖ |(?<!\d) (?=[^\W\dAIa_∂½]|∂|½)|)"


def grammar(depth: int = 2) -> str:
    """A pattern of formulas with as many brackets inside each other."""
    inside = grammar(depth - 1) if depth else "[^\\W_]"
    listed = f"{inside}(?:[,;] {inside})*+"
    group = rf"[(\[]{listed}[)\]]|‖{inside}‖"
    item = f"[±−√]*(?:{NUMBER}|{NAME}|{LETTER}|{GREEK}|{group}){SCRIPTS}"
    return f"(?:{item}(?:{BETWEEN}{item})*+)"


FORMULA = re.compile(grammar())
# What makes a formula of it: a number or a letter alone is none.
TELLS = re.compile(
    rf"(?!½){GREEK}|[{UP}{DOWN}\u0302′″‖√]|[A-Za-z]·|(?:log|ln|exp) "
    r"|(?<![^\W\d_])[A-Za-z] [=<>≤≥≈] "
)
WORDS = {
    **{"≤": r"\le ", "≥": r"\ge ", "≈": r"\approx ", "~": r"\sim ", "−": "-"},
    **{"·": r"\cdot ", "×": r"\times ", "±": r"\pm ", "½": r"\tfrac12 ", "‖": r"\|"},
    **{"∂": r"\partial ", "∇": r"\nabla ", "ε": r"\varepsilon ", "λ": r"\lambda "},
    **{"φ": r"\varphi ", "ϕ": r"\phi ", "′": "'", "″": "''"},
}
PLAIN = (
    *(nodes.literal, nodes.literal_block, nodes.raw, nodes.math, nodes.math_block),
    *(nodes.title, nodes.citation, nodes.footnote, nodes.comment),
)


def word(symbol: str) -> str:
    """The TeX of one character."""
    if symbol in WORDS or ord(symbol) < 0x370:
        return WORDS.get(symbol, symbol)
    name = unicodedata.name(symbol).split()[-1].lower()
    return f"\\{name.capitalize() if symbol.isupper() else name} "


def script(match: re.Match[str]) -> str:
    """Raised or lowered characters."""
    text = unicodedata.normalize("NFKC", match[0]).replace("−", "-")
    return ("^" if match[0][0] in UP else "_") + f"{{{text}}}"


def tex(formula: str) -> str:
    """The TeX of a formula in plain letters."""
    text = re.sub(rf"[{UP}]+|[{DOWN}]+", script, formula)
    text = re.sub(r"√\(([^()]*)\)|√(\w)", r"\\sqrt{\1\2}", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "{,}", text)
    text = re.sub(r"(?:\b1|(\d))e([+-]?)0*(\d+)", r"\1\\cdot 10^{\2\3}", text)
    text = re.sub(r"(?<!\d)\\cdot 10", "10", text).replace("^{+", "^{")
    text = re.sub(NAME, r"\\operatorname{\g<0>}", text)
    text = re.sub("(.)\u0302", r"\\hat \1", text)
    return "".join(map(word, text))


def typeset(text: str) -> list[nodes.Node]:
    """A text as text and formulas."""
    parts: list[nodes.Node] = []
    end = 0
    for match in FORMULA.finditer(text):
        if TELLS.search(match[0]):
            parts += [nodes.Text(text[end : match.start()])]
            parts += [nodes.math(text=tex(match[0]))]
            end = match.end()
    return [part for part in [*parts, nodes.Text(text[end:])] if part.astext()]


def in_sentence(text: nodes.Text) -> bool:
    """Whether a text is neither code nor a formula, a heading or a source."""
    above = text.parent
    if above is None:  # the words of a drawing, which figures.py has put there
        return False
    while above and not isinstance(above, PLAIN):
        above = above.parent
    return not above


def treat(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Typeset the formulas of a page."""
    for text in filter(in_sentence, list(doctree.findall(nodes.Text))):
        text.parent.replace(text, typeset(str(text)))


def setup(app: Sphinx) -> dict:
    """Register the hook, after claims stand on their page."""
    app.connect("doctree-resolved", treat, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
