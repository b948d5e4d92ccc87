"""Packs the built site into one archive, and links the editions that are there.

An edition is a file that is made from the finished pages: book.pdf and a PDF file a
note (press.py), and offline.zip, which this program writes (make offline).
"""

from __future__ import annotations

import re
import shutil
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
BOOK, ARCHIVE = "book.pdf", "offline.zip"
ROOT = re.compile(r"url=([^\"']+)")  # in index.html, which leads there
# Where a page has this comment, links are put between it and a second one.
PLACE = re.compile(r"<!-- editions -->(?:.*?<!-- end -->)?", re.DOTALL)


def root(site: Path) -> str:
    """The first page of the book."""
    if not (site / "index.html").is_file():
        sys.exit(f"There is no site in {site}: run make book first.")
    return ROOT.search((site / "index.html").read_text(encoding="utf-8"))[1]


def link(site: Path, page: str, file: str, text: str) -> str:
    """A link from a page to an edition, with its size."""
    size = (site / file).stat().st_size / 1e6
    address = "../" * page.count("/") + file
    return f'<a href="{escape(address)}" title="{size:.1f} MB">{text}</a>'


def links(site: Path, page: str) -> str:
    """What a page offers: on the first one in a sentence, on others in the bar."""
    if page == root(site):
        words = {
            BOOK: "the whole book as PDF",
            ARCHIVE: "an archive that opens without a network",
        }
        there = [
            link(site, page, f, t) for f, t in words.items() if (site / f).exists()
        ]
        return f"Or take it with you: {' or '.join(there)}." if there else ""
    file = str(Path(page).with_suffix(".pdf").as_posix())
    return link(site, page, file, "PDF") if (site / file).exists() else ""


def refresh(site: Path) -> None:
    """Link every edition that is there, and none that is not."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        offered = links(site, path.relative_to(site).as_posix())
        inside = f"{offered}<!-- end -->" if offered else ""
        new = PLACE.sub("<!-- editions -->" + inside, text)
        if new != text:
            path.write_text(new, encoding="utf-8")


def pack(site: Path) -> Path:
    """Write the archive: one folder, in which index.html opens the book.

    Python for derivations is not in it, because a page opened as a file cannot run it.
    """
    root(site)
    left_out = shutil.ignore_patterns("live", "*.pdf", ARCHIVE)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "derive-check-run"
        shutil.copytree(site, copy, ignore=left_out)
        refresh(copy)
        made = shutil.make_archive(Path(folder) / "made", "zip", folder, copy.name)
        shutil.move(made, site / ARCHIVE)
    refresh(site)
    return site / ARCHIVE


if __name__ == "__main__":
    path = pack(SITE)
    print(f"The book to unpack and read without a network: {path}")
