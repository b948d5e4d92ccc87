"""Takes the frames of interactive figures out of the pages.

A reader who never comes to a figure does not load them; notekit's player.js finds them
by the attribute `frames`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from chinese import marked
from docutils import nodes
from sphinx.application import Sphinx

FRAMES = re.compile(
    r'<nk-player>(.*?)<script type="application/json">(.*?)</script>', re.DOTALL
)
NOTEKIT = Path(__file__).resolve().parents[2] / "notebooks" / "notekit"


def apart(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write each player's frames into a script, and name it in the page."""
    folder = Path(app.outdir) / "_static" / "frames"
    count = 0

    def put(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        name = f"{page.replace('/', '-')}-{count}.js"
        folder.mkdir(parents=True, exist_ok=True)
        frames = marked(match[2], drawing=True, quote=r"\"")
        text = f"(window.nkFrames ??= {{}})[{json.dumps(name)}] = {frames};\n"
        (folder / name).write_text(text, encoding="utf-8")
        address = context["pathto"](f"_static/frames/{name}", 1)
        return f'<nk-player frames="{address}">{match[1]}'

    context["body"] = FRAMES.sub(put, context.get("body", ""))
    if not count:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if "player.js" not in str(script.filename)
        ]


def bring_player(app: Sphinx) -> None:
    """Use notekit's script and style as they are."""
    app.config.html_static_path += [str(NOTEKIT / f"player.{s}") for s in ("js", "css")]
    app.add_js_file("player.js", loading_method="defer")
    app.add_css_file("player.css", priority=200)


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("builder-inited", bring_player, priority=100)
    app.connect("html-page-context", apart, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
