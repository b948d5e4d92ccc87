"""Tells search engines which pages there are: sitemap.xml, and robots.txt.

A sitemap holds whole addresses, so that there is one only where the site's is known.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from sphinx.application import Sphinx

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write both beside the pages."""
    if exception or app.builder.format != "html":
        return
    out, site = Path(app.outdir), app.config.html_baseurl
    lines = ["User-agent: *", "Allow: /"]
    if site:
        pages = ElementTree.Element("urlset", xmlns=SCHEMA)
        for page in sorted(app.env.found_docs):
            place = ElementTree.SubElement(ElementTree.SubElement(pages, "url"), "loc")
            place.text = site + app.builder.get_target_uri(page)
        file = ElementTree.ElementTree(pages)
        file.write(out / "sitemap.xml", encoding="utf-8", xml_declaration=True)
        lines.append(f"Sitemap: {site}sitemap.xml")
    (out / "robots.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the hook."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
