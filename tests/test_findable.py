"""Statements about what search engines, and those to whom a page is recommended, are
told of it: in a small book whose address is known, and in the built site."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Browser

from support import SmallBook
from test_site import PAGES, SITE, QuietHandler, browser, parsed  # noqa: F401 (fixture)

ADDRESS = "https://reader.example/notes/"
ROOT = "book/intro.html"
DRAWN = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---
# A drawn book

Is one less than two?

```{code-cell}
---
mystnb:
  image: {alt: A line that rises from one to two and is not steep.}
  figure: {caption: A line.}
---
import matplotlib.pyplot as plt
import notekit as nk
nk.setup()
plt.plot([1, 2]);
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built book that knows its address, with a drawing on its first page."""
    book = SmallBook(tmp_path_factory.mktemp("findable"))
    book.list()
    config = book.folder / "_config.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("html:\n", f"html:\n  baseurl: {ADDRESS}\n", 1))
    (book.folder / "book" / "intro.md").write_text(DRAWN)
    (book.folder / "book" / "second.md").write_text("# Second\n\nTwo <b>follows</b>.\n")
    with (book.folder / "_toc.yml").open("a") as contents:
        contents.write("  - file: book/second\n")
    passed, output = book.build()
    assert passed, output
    return book.folder / "_build" / "html"


def head(site: Path, page: str) -> BeautifulSoup:
    """What a page says of itself."""
    return BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser").head


def told(site: Path, page: str) -> dict[str, str]:
    """Its Open Graph."""
    tags = head(site, page).select("meta[property^='og:']")
    assert len({tag["property"] for tag in tags}) == len(tags)
    return {tag["property"].removeprefix("og:"): tag["content"] for tag in tags}


@pytest.mark.parametrize("page", [ROOT, "book/second.html"])
def test_a_page_that_is_shared_shows_a_picture(site: Path, page: str) -> None:
    words = told(site, page)
    assert words["image"] == f"{ADDRESS}_static/notes/book-intro.png"
    assert words["image:alt"].startswith("A line that rises")
    assert words["url"] == ADDRESS + page
    file = site / words["image"].removeprefix(ADDRESS)
    picture = Image.open(io.BytesIO(file.read_bytes()))
    size = (words["image:width"], words["image:height"])
    assert tuple(map(str, picture.size)) == size
    colours = picture.convert("RGB").getcolors(maxcolors=100_000)
    assert (255, 255, 255) in {colour for _, colour in colours} and len(colours) > 10


def test_the_sitemap_lists_every_page_that_can_be_found(site: Path) -> None:
    sitemap = ElementTree.parse(site / "sitemap.xml")
    listed = [place.text for place in sitemap.iter() if place.tag.endswith("loc")]
    assert listed == [ADDRESS + page for page in (ROOT, "book/second.html")]
    for place in listed:
        page = place.removeprefix(ADDRESS)
        assert head(site, page).select_one("link[rel=canonical]")["href"] == place
    robots = (site / "robots.txt").read_text()
    assert f"Sitemap: {ADDRESS}sitemap.xml" in robots and "Allow: /" in robots


def test_data_name_the_book_and_its_chapters(site: Path) -> None:
    def data(page: str) -> dict:
        script = head(site, page).find("script", type="application/ld+json")
        return json.loads(script.string)

    book, chapter = data(ROOT), data("book/second.html")
    name = {"@type": "Book", "name": "Derive, Check, Run", "url": ADDRESS + ROOT}
    assert book.items() >= name.items() and chapter["isPartOf"] == name
    (listed,) = book["hasPart"]
    assert listed["position"] == 1 and listed["url"] == ADDRESS + "book/second.html"
    assert chapter.items() >= listed.items() and chapter["name"] == "Second"
    assert data("search.html")["@type"] == "WebPage"


# The page for an address at which there is nothing.


class Published(QuietHandler):
    """A server that has the site in a folder of its own, as GitHub Pages does."""

    def translate_path(self, path: str) -> str:
        below = urlsplit(path).path.removeprefix(urlsplit(ADDRESS).path.rstrip("/"))
        return super().translate_path(below if below != path else "/nothing")

    def send_error(self, code: int, *_: object, **__: object) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((Path(self.directory) / "404.html").read_bytes())


@contextmanager
def published(site: Path) -> Iterator[str]:
    """The address of a server that publishes the site."""
    handler = partial(Published, directory=site)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{urlsplit(ADDRESS).path}"
    server.shutdown()


@pytest.mark.parametrize("place", ["nothing.html", "notebooks/of/old/nothing"])
def test_an_address_at_which_there_is_nothing_leads_on(
    browser: Browser,  # noqa: F811
    site: Path,
    place: str,
) -> None:
    context, failed = browser.new_context(), []
    tab = context.new_page()
    with published(site) as home:
        tab.on("response", lambda r: r.status >= 400 and failed.append(r.url))
        tab.goto(home + place)
        assert tab.locator("h1").inner_text() == "There is no such page"
        assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
        assert tab.locator("select[name=theme]").is_visible()  # by the site's script
        assert failed == [home + place]  # and no file of the page's own
        for name in ("its first page", "Search the book"):
            tab.goto(home + place)
            tab.get_by_role("link", name=name).click()
            tab.wait_for_load_state()
            assert tab.locator("h1").inner_text() != "There is no such page"
    context.close()


def test_nobody_is_told_to_look_for_it(site: Path) -> None:
    said = head(site, "404.html")
    assert said.select_one("meta[name=robots]")["content"] == "noindex"
    assert not said.select_one("link[rel=canonical], meta[property='og:url']")


# The built site.


@pytest.mark.parametrize("page", PAGES)
def test_no_title_says_a_thing_twice(page: str) -> None:
    title = parsed(page).title.get_text()
    parts = re.split(r" [–|-] ", title)
    assert len(parts) == len(set(parts)) == (1 if page == ROOT else 2), title
    heading = parsed(page).h1.find(string=True, recursive=False)
    assert parts[0].split() == str(heading).split() or parsed(page).h1.select(".math")


@pytest.mark.parametrize("page", PAGES)
def test_the_foot_of_every_page_names_the_licences(page: str) -> None:
    foot = parsed(page).select_one("body > footer").get_text()
    assert "MIT" in foot and "CC BY 4.0" in foot


def test_the_book_names_all_its_chapters() -> None:
    script = parsed(ROOT).find("script", type="application/ld+json").string
    listed = [chapter["name"] for chapter in json.loads(script)["hasPart"]]
    links = parsed(ROOT).select("#contents li a")
    assert listed == [link.get_text() for link in links]


def test_pages_are_found_from_the_root_of_the_server() -> None:
    for tag in parsed("404.html").select("[href], [src]"):
        link = tag.get("href") or tag["src"]
        assert urljoin("/deep/below/", link) == link or link.startswith("#"), link
    assert (SITE / "robots.txt").is_file()
