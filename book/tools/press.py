"""Prints the built site: the whole book as one PDF file, and each note as one.

Chromium prints; it makes the outline, the links and the tags for who hears the file.
The table of contents gets its page numbers from a print before: one a chapter, and if
a number is not right in the book then, one of the book.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

import pypdfium2
from playwright.sync_api import Browser, Route, sync_playwright

from editions import BOOK, SITE, refresh, root

HOST = "http://book.invalid/"  # which only this program answers, with files of the site
SUBTITLE = "Executable notes on deep learning"
STYLE = Path(__file__).with_name("press.css")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "PDF files are printed by Chromium: install it (on Debian: apt-get install "
    "chromium; elsewhere: python -m playwright install chromium) and try again."
)
CODE = ("all", "some", "none")
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
ATTRIBUTE = re.compile(r'(\s(?:id|href|xlink:href|src|aria-labelledby))="([^"]*)"')
OWN_ADDRESS = re.compile(r"(url\(&?(?:quot;)?)#")
HEADINGS = """() => [...document.querySelectorAll("article h1, article h2")]
    .filter(heading => heading.checkVisibility())
    .map(heading => {
        const copy = heading.cloneNode(true);
        copy.querySelectorAll(".headerlink").forEach(link => link.remove());
        const level = Number(heading.tagName[1]);
        return [level, heading.closest("[id]").id, copy.innerHTML];
    })"""


def chromium(browsers: object) -> str:
    """The program that prints, installed by itself or by Playwright."""
    for path in (*map(shutil.which, PROGRAMS), browsers.executable_path):
        if path and Path(path).exists():
            return path
    sys.exit(NO_BROWSER)


@dataclass(frozen=True)
class Site:
    """The finished pages of a book."""

    folder: Path

    @cached_property
    def pages(self) -> list[str]:
        """Their addresses, in the order of reading."""
        found = [root(self.folder)]
        while following := re.search(
            r'<link rel="next" href="([^"]+)"', self[found[-1]]
        ):
            found.append(normpath(join(dirname(found[-1]), unescape(following[1]))))
        return found

    def __getitem__(self, page: str) -> str:
        return (self.folder / page).read_text(encoding="utf-8")

    def part(self, page: str, pattern: str) -> str:
        """What a pattern's group finds in a page, or nothing."""
        found = re.search(pattern, self[page], re.DOTALL)
        return found[1].strip() if found else ""

    def title(self, page: str) -> str:
        """What a page is called, as HTML."""
        return self.part(page, "<title>(.*?)(?: – .*?)?</title>")

    def published(self, page: str) -> str:
        """The address of a page on the published site, or nothing."""
        return unescape(self.part(page, '<link rel="canonical" href="([^"]+)"'))

    def parts(self) -> dict[str, str]:
        """The captions of the book's parts, by the first page of each."""
        start = self.pages[0]
        contents = self.part(start, r'<nav id="contents"(.*?)</nav>')
        found = re.findall(
            r'class="caption"[^>]*>(.*?)</p>.*?<a[^>]*href="([^"#]+)"', contents, re.S
        )
        words = {normpath(join(dirname(start), page)): text for text, page in found}
        return {page: re.sub("<[^>]*>", "", text) for page, text in words.items()}

    def chapter(self, page: str, inside: list[str]) -> str:
        """The text of a page, with anchors and links for a document of these pages."""

        def put(match: re.Match[str]) -> str:
            name, value = match[1], unescape(match[2])
            if name.strip() in ("id", "aria-labelledby"):
                words = [f"{page}.{word}" for word in value.split()]
                return f'{name}="{escape(" ".join(words))}"'
            if name == " src":
                return f'{name}="/{escape(normpath(join(dirname(page), value)))}"'
            target = self.target(page, value, inside)
            return f'{name}="{escape(target)}"' if target else ""

        def rewrite(tag: re.Match[str]) -> str:
            text = ATTRIBUTE.sub(put, tag[0]).replace(' loading="lazy"', "")
            return OWN_ADDRESS.sub(rf"\g<1>#{page}.", text)

        text = TAG.sub(rewrite, self.part(page, "<article[^>]*>(.*)</article>"))
        return f'<article class="bd-article" id="{page}">{text}</article>'

    def target(self, page: str, link: str, inside: list[str]) -> str:
        """Where a link of a page leads from paper: into the document, to a site, or not
        at all."""
        parts = urlsplit(link)
        if parts.scheme:
            return link
        path = normpath(join(dirname(page), parts.path)) if parts.path else page
        if path in inside:
            return f"#{path}.{parts.fragment}" if parts.fragment else f"#{path}"
        here = self.published(page)
        end = f"#{parts.fragment}" if parts.fragment else ""
        return here.removesuffix(page) + path + end if here else ""

    def document(self, pages: list[str], code: str, front: str = "") -> str:
        """A document of some pages; one without a front says where it comes from."""
        first = self.pages[0] if front else pages[0]
        style = STYLE.read_text(encoding="utf-8")
        if front:
            style += "@page :first { @bottom-center { content: none; } }"
        else:
            words = json.dumps(unescape(self.origin(first)), ensure_ascii=False)
            style += f"@page :first {{ @top-left {{ content: {words}; }} }}"
        texts = "".join(self.chapter(page, pages) for page in pages)
        return (
            f'<!doctype html><html lang="en" data-theme="light" data-code="{code}">'
            f'<meta charset="utf-8"><title>{self.title(first)}</title>'
            f'<link rel="stylesheet" href="/_static/site.css"><style>{style}</style>'
            f"<body>{front}<main>{texts}</main>"
        )

    def state(self, page: str) -> list[str]:
        """From which commit a page is built and where it is published, if known."""
        commit = self.part(page, r"<footer[^>]*>[^<]*?, (built from [^<]*\w)")
        return [text for text in (commit.capitalize(), self.published(page)) if text]

    def origin(self, page: str) -> str:
        """A line that says from which book, and from where, a page is."""
        return " · ".join([self.title(self.pages[0]), *self.state(page)])

    def cover(self) -> str:
        """The first sheet of the book."""
        start = self.pages[0]
        lines = [SUBTITLE, *self.state(start)]
        texts = "".join(f"<p>{line}</p>" for line in lines if line)
        return f'<section class="cover"><h1>{self.title(start)}</h1>{texts}</section>'

    def contents(self, headings: list[list], numbers: list[int]) -> str:
        """The table of contents, from headings and the sheets that they are on."""
        lines, parts = [], self.parts()
        for (level, anchor, text), number in zip(headings, numbers, strict=True):
            page = next(p for p in self.pages if anchor.startswith(f"{p}."))
            kind = "chapter" if level == 1 else "section"
            if level == 1 and page in parts:
                lines.append(f'<li class="part">{parts[page]}</li>')
            line = f'<a href="#{anchor}">{text}</a><span>{number}</span>'
            lines.append(f'<li class="{kind}">{line}</li>')
        listed = f"<h1>Contents</h1><ol>{''.join(lines)}</ol>"
        # without the look of a text, Chromium puts this heading into the outline twice
        return f'<nav class="bd-article listed">{listed}</nav>'


@dataclass(frozen=True)
class Press:
    """A browser that prints documents which are made of a site's files."""

    site: Site
    browser: Browser
    code: str = "some"

    def print(self, document: str, to: Path) -> list[list]:
        """Write a PDF file; chapters and sections: level, anchor and HTML of each."""

        def answer(route: Route) -> None:
            path = urlsplit(route.request.url).path[1:]
            if not path:
                route.fulfill(body=document, content_type="text/html; charset=utf-8")
            elif (file := self.site.folder / path).is_file():
                route.fulfill(path=file)
            else:
                route.abort()

        tab = self.browser.new_page()
        tab.route("**/*", answer)
        tab.goto(HOST)
        tab.emulate_media(media="print")
        tab.evaluate("document.fonts.ready.then(() => true)")
        headings = tab.evaluate(HEADINGS)
        tab.pdf(path=to, format="A4", print_background=True, outline=True, tagged=True)
        tab.close()
        return headings

    def chapter(self, page: str) -> tuple[list[list], list[int], int]:
        """Print one page; its headings, the sheet of each, and how many there are."""
        first = page == self.site.pages[0]  # which is not for itself
        path = self.site.folder / (BOOK if first else Path(page).with_suffix(".pdf"))
        headings = self.print(self.site.document([page], self.code), path)
        return headings, sheets(path), count(path)

    def book(self) -> Path:
        """Print every page alone and the whole book."""
        path, site = self.site.folder / BOOK, self.site
        headings, numbers, total = [], [], 0
        for page in site.pages:
            print(f"printing {page}", flush=True)
            found, on, length = self.chapter(page)
            headings += found
            numbers += [total + number for number in on]
            total += length
        print("printing the book", flush=True)
        front = site.cover() + site.contents(headings, numbers)
        self.print(site.document([], self.code, front), path)
        numbers = [count(path) + number for number in numbers]
        for _ in range(3):
            front = site.cover() + site.contents(headings, numbers)
            self.print(site.document(site.pages, self.code, front), path)
            if (printed := sheets(path)[2:]) == numbers:
                return path
            numbers = printed
        sys.exit("The page numbers of the contents do not settle.")


def sheets(path: Path) -> list[int]:
    """On which sheet of a PDF file each chapter and section begins, from 1."""
    with pypdfium2.PdfDocument(path) as file:
        entries = [entry for entry in file.get_toc() if entry.level < 2]
        return [entry.get_dest().get_index() + 1 for entry in entries]


def count(path: Path) -> int:
    """How many sheets a PDF file has."""
    with pypdfium2.PdfDocument(path) as file:
        return len(file)


@contextmanager
def press(folder: Path, code: str = "some") -> Iterator[Press]:
    """A press for the site in a folder."""
    with sync_playwright() as playwright:
        program = chromium(playwright.chromium)
        browser = playwright.chromium.launch(executable_path=program)
        yield Press(Site(folder), browser, code)
        browser.close()


if __name__ == "__main__":
    code = os.environ.get("CODE", "some")
    if code not in CODE:
        sys.exit(f"CODE={code}: it is one of {', '.join(CODE)}.")
    with press(SITE, code) as printer:
        path = printer.book()
    refresh(SITE)
    print(f"The whole book: {path}; beside each note, the note.")
