"""Gives every page a strict Content-Security-Policy: it runs and loads what the site
brings, and a script inside the page only if it was there when the page was built."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

INLINE = re.compile(
    r"<script(?![^>]*\s(?:src|type=\"application/))[^>]*>(.*?)</script>", re.DOTALL
)
HANDLER = re.compile(
    r"""<[a-z][^<>]*?\s(on[a-z]+)=["']|href=["']javascript:""", re.IGNORECASE
)
CHARSET = re.compile(r'<meta charset="utf-8"[^>]*>')

logger = logging.getLogger(__name__)


def policy(page: str) -> str:
    """What a page may do."""
    digests = dict.fromkeys(
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in INLINE.findall(page)
    )
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    return "; ".join(
        [
            "default-src 'self'",
            # WebAssembly, and nothing else that is made from text, for Pyodide, which
            # judges what a reader writes into a derivation
            f"script-src 'self' 'wasm-unsafe-eval' {scripts}".strip(),
            # formulas and drawings say their sizes in style attributes
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ]
    )


def protect(app: Sphinx, exception: Exception | None) -> None:
    """Write the policy into every page; what it would stop is a warning."""
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for match in HANDLER.finditer(page):
            name = path.relative_to(app.outdir)
            logger.warning("%s runs a script in an attribute: %s", name, match[0])
        if "Content-Security-Policy" not in page:
            words = f'http-equiv="Content-Security-Policy" content="{policy(page)}"'
            page = CHARSET.sub(rf"\g<0>\n<meta {words}>", page, count=1)
            path.write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the hook, after all others that change pages."""
    app.connect("build-finished", protect, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
