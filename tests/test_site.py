"""Statements about every page of the built site (make book), most of them tried in a real browser."""

import gzip
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from support import NOTEBOOKS, ROOT, SITE, claims, read

REDIRECT = re.compile(
    r"""http-equiv=["']?refresh["']? content=["']0; *url=([^"']+)""", re.IGNORECASE
)
FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [
    page
    for page in FILES
    if not REDIRECT.search((SITE / page).read_text(encoding="utf-8"))
]
THEMES = ("light", "dark")
WIDTHS = (1280, 360)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
}
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
OTHER_HOSTS = re.compile(
    r"jsdelivr|unpkg\.com|cdnjs|cloudflare|googleapis|require(?:\.min)?\.js|mathjax",
    re.IGNORECASE,
)
FILE_NAME = re.compile(r"[0-9a-f]{12,}|\.(?:png|svg|jpe?g)$")
PICTURES = "img, svg[role=img], [role=img]"

every_page = pytest.mark.parametrize("page", PAGES)


def test_the_site_is_built() -> None:
    assert PAGES, (
        "there is no page in _build/html: run make book, or make test, which does"
    )


def test_a_browser_is_installed() -> None:
    assert CHROMIUM, (
        "the site is tested in Chromium: install it (on Debian: apt-get install chromium) and run make test again"
    )


# A browser, a server, and what a visit to a page finds.


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the built site is served while its tests run."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietHandler, directory=SITE)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium, which finds no other host."""
    if not CHROMIUM:
        pytest.skip("no Chromium: see test_a_browser_is_installed")
    with sync_playwright() as playwright:
        arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Visit:
    """What one visit to a page found wrong."""

    violations: list[str]
    too_wide: list[str]
    console: list[str]
    foreign: list[str]


Visitor = Callable[[str, str, int], Visit]  # of a page, in a theme, at a width


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Visitor:
    """Visit a page in a theme at a width; once, however many tests ask."""
    axe = Axe()

    @cache
    def once(page: str, theme: str, width: int) -> Visit:
        context = browser.new_context(
            color_scheme=theme, viewport={"width": width, "height": 800}
        )
        tab = context.new_page()
        console: list[str] = []
        foreign: list[str] = []
        tab.on(
            "console",
            lambda message: (
                message.type == "error"
                and console.append(f"{message.text} {message.location['url']}")
            ),
        )
        tab.on("pageerror", lambda error: console.append(str(error)))
        tab.on(
            "request",
            lambda request: own(request.url, address) or foreign.append(request.url),
        )
        tab.goto(address + page)
        shown = tab.evaluate("document.documentElement.dataset.theme")
        assert shown == theme, (
            f"{page}: a reader who prefers {theme} sees the theme {shown}"
        )
        tab.add_style_tag(
            content="* { animation: none !important; transition: none !important }"
        )
        tab.evaluate(
            "document.querySelectorAll('details').forEach(details => { details.open = true })"
        )
        tab.evaluate("document.fonts.ready.then(() => true)")
        too_wide = tab.evaluate(TOO_WIDE)
        tab.evaluate(THIN_OUT_CODE)
        found = axe.run(tab, options=RULES).response["violations"]
        context.close()
        violations = [
            f"{page} ({theme}, {width} px): {rule['id']}, {rule['help']}: {node['html'][:300]} [{node['failureSummary']}]"
            for rule in found
            for node in rule["nodes"]
        ]
        return Visit(violations, too_wide, console, foreign)

    return once


def own(url: str, address: str) -> bool:
    """Whether a request stays on the site."""
    return url.startswith((address, "data:", "blob:"))


TOO_WIDE = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const clipped = e => e && (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
    const sticksOut = e => e.getBoundingClientRect().right > root.clientWidth + 1 && !clipped(e.parentElement);
    const wide = [...document.body.querySelectorAll("*")].filter(sticksOut).slice(0, 5);
    return [`${root.scrollWidth} px wide in ${root.clientWidth} px`, ...wide.map(e => e.outerHTML.slice(0, 200))];
}"""

# axe weighs every coloured word of the code, thousands a page; words that look the same are weighed once.
THIN_OUT_CODE = """() => {
    const ground = e => {
        const color = getComputedStyle(e).backgroundColor;
        return color === "rgba(0, 0, 0, 0)" && e.parentElement ? ground(e.parentElement) : color;
    };
    const single = e => e.textContent.trim().length < 2;  // which axe cannot judge
    const look = e => [getComputedStyle(e).color, getComputedStyle(e).font, ground(e), single(e)].join();
    const words = [...document.querySelectorAll("pre span")];
    const looks = words.map(look);
    words.forEach((word, i) => { if (looks.indexOf(looks[i]) < i) word.replaceWith(...word.childNodes); });
}"""


@every_page
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
class TestEveryVisit:
    """Every page, in both themes, on a desk and on a phone."""

    def test_anyone_can_read_it(
        self, visit: Visitor, page: str, theme: str, width: int
    ) -> None:
        violations = visit(page, theme, width).violations
        assert not violations, "\n".join(violations)

    def test_it_never_scrolls_sideways(
        self, visit: Visitor, page: str, theme: str, width: int
    ) -> None:
        assert not visit(page, theme, width).too_wide

    def test_the_console_shows_no_error(
        self, visit: Visitor, page: str, theme: str, width: int
    ) -> None:
        assert not visit(page, theme, width).console

    def test_nothing_is_asked_of_another_host(
        self, visit: Visitor, page: str, theme: str, width: int
    ) -> None:
        assert not visit(page, theme, width).foreign


# What stands in the files.


@lru_cache
def parsed(page: str) -> BeautifulSoup:
    """A page's HTML."""
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


@lru_cache
def anchors(page: str) -> frozenset[str]:
    """Every id on a page."""
    return frozenset(tag["id"] for tag in parsed(page).find_all(id=True))


def article(page: str) -> Tag:
    """The part of a page that is not navigation."""
    return parsed(page).find("article") or parsed(page).find("main")


def words_of(picture: Tag) -> str:
    """The alternative text of a picture."""
    return (
        picture.get("alt") if picture.name == "img" else picture.get("aria-label")
    ) or ""


def pictures(page: str) -> list[Tag]:
    """The pictures of a page; one inside another counts once."""
    found = article(page).select(PICTURES)
    return [
        picture
        for picture in found
        if not any(parent in found for parent in picture.parents)
    ]


@every_page
def test_every_picture_has_its_own_words(page: str) -> None:
    words = [words_of(picture) for picture in pictures(page)]
    for picture, text in zip(pictures(page), words, strict=True):
        assert len(text.split()) >= 4 and not FILE_NAME.search(text), (
            f"{page}: alt text {text!r} of {str(picture)[:200]}"
        )
        assert words.count(text) == 1, (
            f"{page}: two pictures have the alt text {text!r}"
        )


@every_page
def test_every_picture_has_a_caption(page: str) -> None:
    for picture in pictures(page):
        figure = picture.find_parent("figure")
        caption = figure and figure.find("figcaption")
        assert caption and caption.get_text(strip=True), (
            f"{page}: no caption for {str(picture)[:200]}"
        )


@every_page
def test_every_id_is_used_once(page: str) -> None:
    ids = [tag["id"] for tag in parsed(page).find_all(id=True)]
    assert len(ids) == len(set(ids)), sorted(
        {name for name in ids if ids.count(name) > 1}
    )


@every_page
def test_every_link_inside_the_site_leads_somewhere(page: str) -> None:
    for tag in parsed(page).find_all(["a", "link", "img", "script"]):
        link = tag.get("href") or tag.get("src") or ""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or link in ("", "#"):
            continue
        target = unquote(urlsplit(urljoin(page, link)).path) or page
        assert (SITE / target).is_file(), f"{page}: {link} leads to no file"
        if parts.fragment and target.endswith(".html"):
            assert unquote(parts.fragment) in anchors(target), (
                f"{page}: {link} leads to no place in {target}"
            )


@every_page
def test_no_page_names_a_host_of_scripts(page: str) -> None:
    for tag in parsed(page).find_all(["script", "link", "img", "iframe", "source"]):
        for address in (tag.get("src"), tag.get("href")):
            assert not address or not OTHER_HOSTS.search(address), f"{page}: {address}"
    for script in parsed(page).find_all("script"):
        assert not OTHER_HOSTS.search(script.string or ""), (
            f"{page}: {str(script)[:200]}"
        )


# Without JavaScript, and on paper.

HIDDEN = """() => {
    const kinds = "h1, h2, h3, p, li, pre, table, figcaption, .katex-html, .nk-stage svg";
    const wanted = document.querySelectorAll(`article :is(${kinds})`);
    const folded = e => e.closest("details:not([open]), summary");
    const bare = e => !e.textContent.trim() && e.tagName !== "svg";
    const shown = e => e.getBoundingClientRect().height > 0 && getComputedStyle(e).visibility === "visible";
    return [...wanted].filter(e => !folded(e) && !bare(e) && !shown(e)).map(e => e.outerHTML.slice(0, 200));
}"""


@pytest.fixture(scope="module")
def without_scripts(browser: Browser) -> Iterator[Page]:
    """A tab in which JavaScript is off."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@every_page
def test_the_page_can_be_read_without_javascript(
    without_scripts: Page, address: str, page: str
) -> None:
    without_scripts.goto(address + page)
    assert without_scripts.locator("main").inner_text().strip()
    assert not without_scripts.evaluate(HIDDEN)


@every_page
def test_paper_shows_the_default_frame_and_no_controls(
    tab: Page, address: str, page: str
) -> None:
    tab.goto(address + page)
    tab.emulate_media(media="print")
    for player in tab.locator("nk-player").all():
        assert player.locator(".nk-stage svg").is_visible()
        assert not player.locator("input, select, output").filter(visible=True).all()
    tab.emulate_media(media="screen")


# Interactive figures.


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """A tab at a desk."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def players(page: str) -> list[Tag]:
    """The interactive figures of a page."""
    return parsed(page).find_all("nk-player")


WITH_PLAYERS = [page for page in PAGES if players(page)]


def test_the_landing_page_shows_a_live_figure() -> None:
    redirect = REDIRECT.search((SITE / "index.html").read_text(encoding="utf-8"))
    assert players(redirect[1] if redirect else "index.html"), (
        "the landing page has no interactive figure"
    )


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_a_player_is_small(page: str) -> None:
    for player in players(page):
        frames = json.loads(player.find("script", type="application/json").string)[
            "frames"
        ]
        size = len(gzip.compress(str(player).encode()))
        what = f"{page}: {len(frames)} frames, {size} bytes: {words_of(player.find(role='img'))}"
        assert len(frames) <= 60 and size <= 40_000, what


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_every_control_moves_its_own_figure_by_keyboard(
    tab: Page, address: str, page: str
) -> None:
    tab.goto(address + page)
    stages = tab.locator("nk-player .nk-stage")
    for number, player in enumerate(tab.locator("nk-player").all()):
        controls = player.locator("input, select").all()
        assert controls, f"{page}: player {number + 1} has no control"
        for control in controls:
            before, said = stages.evaluate_all(INNER), announced(control)
            press(control)
            after = stages.evaluate_all(INNER)
            changed = [
                index for index in range(len(after)) if after[index] != before[index]
            ]
            name = control.evaluate("e => e.labels[0].innerText")
            assert changed == [number], (
                f"{page}: the control {name!r} of player {number + 1} changed the players at {changed}"
            )
            assert said is None or announced(control) != said, (
                f"{page}: the control {name!r} announces nothing new"
            )


INNER = "stages => stages.map(stage => stage.innerHTML)"


def announced(control: Locator) -> str | None:
    """What a range control's output says."""
    return control.evaluate(
        "e => e.type === 'range' ? e.closest('label').querySelector('output').textContent : null"
    )


def press(control: Locator) -> None:
    """One step by keyboard; backwards if the control already is at its end."""
    kind, at_end = control.evaluate(
        "e => [e.type, e.options ? e.selectedIndex === e.options.length - 1 : e.value === e.max]"
    )
    forward, back = (
        ("ArrowDown", "ArrowUp")
        if kind == "select-one"
        else ("ArrowRight", "ArrowLeft")
    )
    control.press("Space" if kind == "checkbox" else back if at_end else forward)


# The claims page.


def rows() -> dict[str, str]:
    """The text of every row of the claims page, by the claim's id."""
    links = article("book/claims.html").select("a[href*='#claim-']")
    return {
        link["href"].split("#claim-")[1]: link.find_parent(["li", "tr"]).get_text(
            " ", strip=True
        )
        for link in links
    }


def test_the_claims_page_lists_every_claim_of_the_stored_notebooks() -> None:
    stored = {
        claim["id"]: claim["verdict"]
        for path in NOTEBOOKS
        for claim in claims(read(path))
    }
    assert stored and set(rows()) == set(stored)
    for name, row in rows().items():
        assert stored[name] in row, (
            f"{name} is {stored[name]} in its notebook, but the claims page says: {row}"
        )


def test_the_claims_page_shows_the_evidence_of_this_build() -> None:
    executed = (ROOT / "_build" / "jupyter_execute").rglob("*.ipynb")
    records = {claim["id"]: claim for path in executed for claim in claims(read(path))}
    assert set(rows()) == set(records)
    for name, row in rows().items():
        for field in ("verdict", "figure"):
            assert records[name][field] in row, (
                f"{name}: the {field} {records[name][field]!r} is not in: {row}"
            )
