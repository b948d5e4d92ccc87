"""Ships one style sheet, with the rules that some page uses, and no script of a theme.

The themes bring 700 kB of CSS and scripts for what this book does not show. A rule is
kept if every class and id that it names stands in a page or in a script of ours.
In code, what has no colour of its own is no element of its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import tinycss2
from docutils import nodes
from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # below the listed ones
FOREIGN = re.compile(
    r"documentation_options|doctools|sphinx_highlight|clipboard|copybutton|design-tabs"
    r"|sphinx-book-theme|pydata-sphinx-theme|bootstrap"
)
UNUSED = (
    "scripts",
    "styles",
    "vendor",
    "images",
    "*.png",
    "*.gif",
    "mystnb.*.css",
    "sphinx-design.min.css",
    "sbt-webpack-macros.html",
    "webpack-macros.html",
    "*clipboard*",
    "copybutton*",
    "check-solid.svg",
    "copy-button.svg",
    "design-tabs.js",
    "locales",
)
COLOURLESS = {Name, Punctuation, Text, Text.Whitespace}  # in both styles of code
WORD = re.compile(r"[\w-]+")
TAGS = re.compile(r"<([a-zA-Z][\w-]*)")
NAMES = re.compile(r"""\s(?:class|id)=["']([^"']*)["']""")
FUNCTIONS = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
ADDRESS = re.compile(r"""url\((?!['"]?(?:data:|\#))['"]?""")
DECLARED = re.compile(r"(--[\w-]+)\s*:(?![^{};]*\{)[^;{}]*(;|(?=\}))")
VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")


class Coloured(HtmlFormatter):
    """Code whose elements are those that have a colour: half as many."""

    def _get_css_classes(self, ttype) -> str:
        return "" if ttype in COLOURLESS else super()._get_css_classes(ttype)


def ours_only(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Take the scripts that come with themes and extensions off the page's list."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if script.filename and not FOREIGN.search(str(script.filename))
    ]


def used(folder: Path) -> set[str]:
    """Every class, id and tag of the pages, and every word of the scripts."""
    names = {"html", "body"}
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        names.update(tag.lower() for tag in TAGS.findall(text))
        names.update(word for each in NAMES.findall(text) for word in each.split())
    static = folder / "_static"
    for script in [*static.glob("*.js"), *static.glob("*/search.js")]:
        names.update(WORD.findall(script.read_text(encoding="utf-8")))
    return names


def matches(selector: str, names: set[str]) -> bool:
    """Whether all classes, ids and tags that a selector asks for occur."""
    bare = FUNCTIONS.sub("", re.sub(r"\[[^]]*\]", "", selector)).replace("\\", "")
    asked = re.findall(r"[.#]([\w-]+)|(?:^|[\s>+~(])([a-zA-Z][\w-]*)", bare)
    return all((name or tag.lower()) in names for name, tag in asked)


def selectors(prelude: list) -> list[str]:
    """The alternatives of a rule, which commas part."""
    parts: list[list] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def trimmed(rules: Iterable, names: set[str]) -> str:
    """The rules that can apply."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            wanted = [each for each in selectors(rule.prelude) if matches(each, names)]
            if wanted:
                body = tinycss2.serialize(rule.content).strip()
                kept.append(f"{','.join(wanted)}{{{body}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            if text := trimmed(inner, names):
                head = tinycss2.serialize(rule.prelude)
                kept.append(f"@{rule.at_keyword}{head}{{{text}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword != "charset":
            kept.append(rule.serialize())
    return "\n".join(kept)


def without_unused_variables(css: str) -> str:
    """The style without variables that nothing reads."""
    read = set(VARIABLE.findall(css))

    def if_read(match: re.Match[str]) -> str:
        return match[0] if match[1] in read else ""

    shorter = DECLARED.sub(if_read, css)
    return css if shorter == css else without_unused_variables(shorter)


def bundle(app: Sphinx, exception: Exception | None) -> None:
    """Write the one style sheet and remove what it was made from."""
    if exception is not None or not hasattr(app.builder, "globalcontext"):
        return  # no page was written
    static, texts = Path(app.outdir) / "_static", []
    listed = [str(css.filename) for css in app.builder.globalcontext["css_files"]]
    for name in [*THEME, *(each.removeprefix("_static/") for each in listed)]:
        text = (static / name.partition("?")[0]).read_text(encoding="utf-8")
        folder = Path(name).parent.as_posix()
        texts.append(ADDRESS.sub(rf"\g<0>{folder}/", text))
    rules = tinycss2.parse_stylesheet("\n".join(texts), True, True)
    rules = [rule for rule in rules if "fontawesome" not in rule.serialize()]
    css = without_unused_variables(trimmed(rules, used(Path(app.outdir))))
    (static / "site.css").write_text(css + "\n", encoding="utf-8")
    for path in [path for pattern in UNUSED for path in static.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    PygmentsBridge.html_formatter = Coloured
    app.connect("html-page-context", ours_only, priority=900)
    # after the theme has written the colours of code
    app.connect("build-finished", bundle, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
