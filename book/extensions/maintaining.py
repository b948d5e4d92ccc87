"""Makes the page for those who keep the book running, from what the build itself knows:
what the notes cost, how their claims fared, with which versions.

It is linked at the foot of every page and stands in no contents.
"""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jupyter_cache import get_cache
from ledger import VERDICTS, judged
from reach import runs
from sphinx.application import Sphinx

from kernels import read

PAGE = "maintaining"
NEEDS = Path(__file__).resolve().parents[2] / "requirements.txt"


def cost(app: Sphinx, path: Path) -> dict:
    """What execution.py measured when a note's outputs were made, if it did."""
    cache = get_cache(app.env.mystnb_config.execution_cache_path)
    try:
        return cache.match_cache_notebook(read(path)).data
    except KeyError:
        return {}


def row(app: Sphinx, docname: str) -> dict:
    """What is known of one note."""
    path = Path(app.env.doc2path(docname))
    found, measured = runs(path), cost(app, path)
    return {
        "page": docname,
        "seconds": measured.get("execution_seconds"),
        "megabytes": measured.get("memory", 0) / 1e6 or None,
        "count": Counter(record["verdict"] for record in app.env.claims[docname]),
        "tried": found and [len(found["seeds"]), len(found["settings"])],
        "failed": len(found["failed"]) if found else 0,
    }


def versions() -> dict[str, str]:
    """What is installed of what requirements.txt lists."""
    found = {"Python": platform.python_version()}
    for name in re.findall(r"^([\w.-]+)==", NEEDS.read_text("utf-8"), re.MULTILINE):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def make(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """The page."""
    rows = [row(app, docname) for docname in judged(app.env)]
    total = sum((each["count"] for each in rows), Counter())
    context = {
        "title": "For maintainers",
        "rows": rows,
        "verdicts": [word for word in VERDICTS if total[word]],
        "total": total,
        "versions": versions(),
    }
    yield PAGE, context, f"{PAGE}.html"


def setup(app: Sphinx) -> dict:
    """Register the hook."""
    app.connect("html-collect-pages", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
