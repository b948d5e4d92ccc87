"""Formulas that a sentence spells in plain letters, such as ‖μ‖² or κ = 1, as TeX.

The build and the reader's browser set them alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

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


@cache
def formulas() -> re.Pattern[str]:
    """Compiled when a text may have one: a browser needs half a second for it."""
    return re.compile(grammar())


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
MARKED = re.compile(r"(\$[^$]+\$|`[^`]+`)")  # in Markdown, formulas and code


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


def split(text: str) -> list[tuple[str, bool]]:
    """A text in parts, each with whether it is a formula."""
    parts, end = [], 0
    for match in formulas().finditer(text) if TELLS.search(text) else ():
        if TELLS.search(match[0]):
            parts += [(text[end : match.start()], False), (match[0], True)]
            end = match.end()
    return [part for part in [*parts, (text[end:], False)] if part[0]]


def in_dollars(text: str) -> str:
    """A sentence in Markdown, with these formulas between dollars like the others."""
    parts = MARKED.split(text)
    parts[::2] = [
        "".join(f"${tex(part)}$" if formula else part for part, formula in split(plain))
        for plain in parts[::2]
    ]
    return "".join(parts)
