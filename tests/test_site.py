"""Statements about the built site (make book), and about the page of claims of a small
one; most of them are tried in a real browser."""

import gzip
import json
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from support import NOTEBOOKS, ROOT, SITE, SmallBook, claims, code, prose, read

REDIRECT = re.compile(
    r"""http-equiv=["']?refresh["']? content=["']0; *url=([^"']+)""", re.IGNORECASE
)
FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [
    page
    for page in FILES
    if not REDIRECT.search((SITE / page).read_text(encoding="utf-8"))
]
# The page for what is not found says where the site lies on its server.
NOT_FOUND = SITE / "404.html"
STYLE = (
    re.search(r'href="(/\S*)_static/site', NOT_FOUND.read_text("utf-8"))
    if NOT_FOUND.is_file()
    else None
)
BELOW = STYLE[1] if STYLE else "/"
THEMES = ("light", "dark")
WIDTHS = (1280, 360)
RULES = {
    "runOnly": [f"wcag{level}" for level in ("2a", "2aa", "21a", "21aa", "22aa")]
    + ["best-practice"],
    "resultTypes": ["violations"],
    # It does not read MathML; test_every_heading_of_a_table_has_words stands for it.
    "rules": {"empty-table-header": {"enabled": False}},
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
        "the site is tested in Chromium: install it (on Debian: apt-get install "
        "chromium) and run make test again"
    )


# A browser, a server, and what a visit to a page finds.


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, without a line for each, at the root and where the site lies."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(re.sub(f"^{re.escape(BELOW)}", "/", path))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path, port: int = 0) -> Iterator[str]:
    """The address of a built site while it is served, at a free port or at that one."""
    handler = partial(QuietHandler, directory=site)
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the built site is served while its tests run."""
    with served(SITE) as home:
        yield home


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
    return cache(partial(inspect, browser, address))


def inspect(browser: Browser, home: str, page: str, theme: str, width: int) -> Visit:
    """Visit a page of the site at home in a theme at a width."""
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
        "request", lambda request: own(request.url, home) or foreign.append(request.url)
    )
    tab.goto(home + page)
    shown = tab.evaluate("document.documentElement.dataset.theme")
    assert shown == theme, f"{page}: who prefers {theme} sees the theme {shown}"
    tab.add_style_tag(
        content="* { animation: none !important; transition: none !important;"
        " content-visibility: visible !important }"  # as where a reader has been
    )
    tab.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
    tab.evaluate("document.fonts.ready.then(() => true)")
    too_wide = tab.evaluate(TOO_WIDE)
    tab.evaluate(THIN_OUT_CODE)
    found = Axe().run(tab, options=RULES).response["violations"]
    context.close()
    violations = [
        f"{page} ({theme}, {width} px): {rule['id']}, {rule['help']}: "
        f"{node['html'][:300]} [{node['failureSummary']}]"
        for rule in found
        for node in rule["nodes"]
    ]
    return Visit(violations, too_wide, console, foreign)


def own(url: str, address: str) -> bool:
    """Whether a request stays on the site."""
    return url.startswith((address, "data:", "blob:"))


TOO_WIDE = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const cuts = e => getComputedStyle(e).overflowX !== "visible";
    const clipped = e => e && (cuts(e) || clipped(e.parentElement));
    const reaches = e => e.getBoundingClientRect().right > root.clientWidth + 1;
    const sticksOut = e => reaches(e) && !clipped(e.parentElement);
    const wide = [...document.body.querySelectorAll("*")].filter(sticksOut).slice(0, 5);
    const widths = `${root.scrollWidth} px wide in ${root.clientWidth} px`;
    return [widths, ...wide.map(e => e.outerHTML.slice(0, 200))];
}"""

# axe weighs every coloured word of the code, and every letter of a formula, thousands a
# page; what looks the same is weighed once.
THIN_OUT_CODE = """() => {
    const ground = e => {
        const color = getComputedStyle(e).backgroundColor;
        const clear = color === "rgba(0, 0, 0, 0)" && e.parentElement;
        return clear ? ground(e.parentElement) : color;
    };
    const single = e => e.textContent.trim().length < 2;  // which axe cannot judge
    const style = e => [getComputedStyle(e).color, getComputedStyle(e).font];
    const look = e => [...style(e), ground(e), single(e)].join();
    const words = [...document.querySelectorAll("pre span")];
    const looks = words.map(look);
    const seen = (word, i) => looks.indexOf(looks[i]) < i;
    words.filter(seen).forEach(word => word.replaceWith(...word.childNodes));
    const formulas = [...document.querySelectorAll(".katex-html")];
    const tints = formulas.map(e => [getComputedStyle(e).color, ground(e)].join());
    formulas.filter((e, i) => tints.indexOf(tints[i]) < i).forEach(e => e.remove());
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
def test_every_heading_of_a_table_has_words(page: str) -> None:
    for heading in parsed(page).find_all("th"):
        heard = [
            text
            for text in heading.find_all(string=True)
            if text.strip() and not text.find_parent(attrs={"aria-hidden": "true"})
        ]
        assert heard, f"{page}: a heading says nothing: {heading}"


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
        target = target.removeprefix(BELOW)
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
    const text = "h1, h2, h3, p, li, pre, table, figcaption, .katex-html";
    const wanted = document.querySelectorAll(`article :is(${text}, .nk-stage svg)`);
    const folded = e => e.closest("details:not([open]), summary");
    const aside = e => e.closest("[hidden]") || e.querySelector(":scope > .heard");
    const bare = e => !e.textContent.trim() && e.tagName !== "svg" || aside(e);
    const high = e => e.getBoundingClientRect().height > 0;
    const shown = e => high(e) && getComputedStyle(e).visibility === "visible";
    const lost = [...wanted].filter(e => !folded(e) && !bare(e) && !shown(e));
    return lost.map(e => e.outerHTML.slice(0, 200));
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
        script = (SITE / urljoin(page, player["frames"])).read_text(encoding="utf-8")
        frames = json.loads(script.partition(" = ")[2].rstrip(";\n"))["frames"]
        size = len(gzip.compress((str(player) + script).encode()))
        words = words_of(player.find(role="img"))
        assert len(frames) <= 60 and size <= 40_000, (
            f"{page}: {len(frames)} frames, {size} bytes: {words}"
        )


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
            tab.wait_for_function(CHANGED, arg=before)
            after = stages.evaluate_all(INNER)
            changed = [
                index for index in range(len(after)) if after[index] != before[index]
            ]
            name = control.evaluate("e => e.labels[0].innerText")
            assert changed == [number], (
                f"{page}: the control {name!r} of player {number + 1} changed the "
                f"players at {changed}"
            )
            assert said is None or announced(control) != said, (
                f"{page}: the control {name!r} announces nothing new"
            )


DRAW_ALL = """async player => {
    const frames = await player.load();
    const fresh = document.createElement("div");
    const parts = node => [...node.querySelectorAll("*")];
    const names = node => parts(node).map(part => part.nodeName).join();
    const lost = [];
    const wrong = [...frames, ...frames.toReversed()].flatMap((frame, number) => {
        const before = parts(player.stage);
        const alike = names(player.stage) === names(frame());
        player.draw(frame);
        if (alike && !before.every(part => part.isConnected)) lost.push(number);
        fresh.replaceChildren(frame().cloneNode(true));
        const same = player.stage.children[0].isEqualNode(fresh.children[0]);
        return same && player.stage.children.length === 1 ? [] : [number];
    });
    return [wrong, lost];
}"""


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_a_figure_changes_what_differs_and_no_more(
    tab: Page, address: str, page: str
) -> None:
    tab.goto(address + page)
    for number, player in enumerate(tab.locator("nk-player").all(), 1):
        wrong, lost = player.evaluate(DRAW_ALL)
        assert not wrong, f"{page}, player {number}: frames {wrong} are not drawn whole"
        assert not lost, f"{page}, player {number}: frames {lost} replace like parts"


# How many drawings a step of a control had to make before its own was on the stage.
STEP = """async field => {
    const make = document.createElement, list = field.options;
    let made = 0;
    document.createElement = function (name) {
        made += name === "template";
        return make.call(this, name);
    };
    const at = list ? field.selectedIndex : Number(field.value);
    const next = at === Number(list ? list.length - 1 : field.max) ? at - 1 : at + 1;
    if (field.type === "checkbox") field.checked = !field.checked;
    else if (list) field.selectedIndex = next;
    else field.value = next;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    for (let i = 0; i < 5; i++) await null;
    document.createElement = make;
    const player = field.closest("nk-player"), shown = player.drawn;
    return shown === (await player.load())[player.chosen()] ? made : -1;
}"""


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_the_next_step_of_a_control_in_hand_is_drawn_already(
    tab: Page, address: str, page: str
) -> None:
    tab.goto(address + page)
    for control in tab.locator("nk-player :is(input, select)").all():
        control.focus()
        tab.wait_for_timeout(300)
        assert control.evaluate(STEP) == 0
        tab.wait_for_timeout(300)
        assert control.evaluate(STEP) == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_a_link_leads_to_its_section_though_what_is_above_is_not_laid_out(
    browser: Browser, address: str, page: str, width: int
) -> None:
    names = [section["id"] for section in article(page).select("section section[id]")]
    context = browser.new_context(viewport={"width": width, "height": 800})
    for name in {names[len(names) // 2], names[-1]}:
        tab = context.new_page()
        tab.goto(f"{address}{page}#{name}")
        tab.wait_for_timeout(500)
        place = tab.locator(f"[id='{name}'] > :is(h2, h3)").bounding_box()
        end = tab.evaluate("scrollY + innerHeight >= document.body.scrollHeight - 1")
        assert 0 <= place["y"] <= 120 or end, f"{page}#{name}: {place['y']}"
    context.close()


INNER = "stages => stages.map(stage => stage.innerHTML)"
CHANGED = """before => [...document.querySelectorAll("nk-player .nk-stage")]
    .some((stage, i) => stage.innerHTML !== before[i])"""


def announced(control: Locator) -> str | None:
    """What a range control says to those who do not see it."""
    return control.evaluate(
        "e => e.type === 'range' ? e.getAttribute('aria-valuetext') : null"
    )


def press(control: Locator) -> None:
    """One step by keyboard; backwards if the control already is at its end."""
    kind, at_end = control.evaluate(
        """e => {
            const last = e.options && e.selectedIndex === e.options.length - 1;
            return [e.type, e.options ? last : e.value === e.max];
        }"""
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
    for folder in ("tools/live", "extensions"):
        sys.path.append(str(ROOT / "book" / folder))
    from formulas import TELLS, formulas
    from units import APOSTROPHE, HYPHEN

    executed = (ROOT / "_build" / "jupyter_execute").rglob("*.ipynb")
    records = {claim["id"]: claim for path in executed for claim in claims(read(path))}
    assert set(rows()) == set(records)

    def without(formula: re.Match[str]) -> str:
        return "$$" if TELLS.search(formula[0]) else formula[0]

    for name, row in rows().items():
        for field in ("verdict", "figure"):
            said = APOSTROPHE.sub("’", HYPHEN.sub("−", records[name][field]))
            said = re.sub(r"\$[^$]*\$", "$$", said)
            words = re.split(r"\s*\$\$\s*", formulas().sub(without, said))
            typeset = ".+?".join(map(re.escape, words))  # something for each formula
            assert re.search(typeset, " ".join(row.split())), (
                f"{name}: the {field} {records[name][field]!r} is not in: {row}"
            )


def problems(data: dict, folder: Path) -> list[str]:
    """What the schema that lies in the folder finds wrong with the data."""
    schema = json.loads((folder / "claims.schema.json").read_text(encoding="utf-8"))
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


def test_the_claims_are_there_as_data_too() -> None:
    data = json.loads((SITE / "book" / "claims.json").read_text(encoding="utf-8"))
    assert not problems(data, SITE / "book")
    assert {record["id"] for record in data["claims"]} == set(rows())


# The page of claims of a small book, whose notes hold evidence of every kind.

CLAIM = 'nk.claim("{0}-sum", "One and one are two.", nk.Cases({{"1 + 1": True}}, {1}))'
EVERY_KIND = [
    """nk.setting("steps", 2000, among=(1000, 4000))
nk.claim("an-identity", "Here $x$ is *itself*.", nk.Identity(sp.pi, sp.pi))
""",
    """nk.claim(
    "a-measurement",
    "One and one are two.",
    nk.Measured(2, 2, 0.1, how="computed", what="one and one"),
    source="equation (3)",
)""",
    """nk.claim(
    "a-bound",
    "Two numbers are small.",
    nk.Corrected("All are small.", nk.Bound([1, 2], 5, how="sampled", what="both")),
    control=nk.Bound([1, 9], 5, what="a large one"),
)""",
    """nk.claim(
    "some-cases",
    "Not both hold.",
    nk.Refuted("Both hold.", nk.Cases({"a": True}, how="computed", what="the first")),
)""",
    """nk.claim(
    "some-trials",
    "Most runs show it.",
    nk.Trials([True] * 5, at_least=4, what="runs that show it"),
    control=nk.Trials([False] * 5, at_least=4, what="the effect switched off"),
)""",
    """nk.claim(
    "a-difference",
    "The first is larger.",
    nk.Difference([3, 3.1, 3.2], [1, 1, 1], 0.5, what="gain"),
    control=nk.Difference([1, 1.1, 1.2], [1, 1, 1], 0.5, what="itself, other seeds"),
)""",
    """nk.claim(
    "an-equivalence",
    "Both are as good.",
    nk.NotReproduced(
        "The second is better.",
        nk.Equivalent([1, 1.01, 1.02], [1, 1, 1], margin=0.5, what="gain"),
    ),
    control=nk.Equivalent([3, 3.1, 3.2], [1, 1, 1], margin=0.5, what="another one"),
)""",
    """nk.claim(
    "a-time",
    "It is fast.",
    nk.Bound(2, at_most=1, how="timed", what="seconds"),
    control=nk.Bound(3, at_most=1, how="timed", what="twice the work"),
)""",
]
VERDICTS = {
    "an-identity": "✓ proved",
    "a-measurement": "✓ checked",
    "a-bound": "△ corrected",
    "some-cases": "✗ refuted",
    "some-trials": "✓ observed",
    "a-difference": "✓ observed",
    "an-equivalence": "○ not reproduced",
    "a-time": "? not judged",
}
CONTROLS = {
    "a-bound": "Control, a large one: 1 to 9 (2 values), fails as it must.",
    "some-trials": "Control, the effect switched off: 0 of 5, fails as it must.",
}
RUNS = {
    "fingerprint": "of other code",
    "seeds": [0, 1, 2, 3],
    "settings": ["steps=1000", "steps=4000"],
    "failed": {"some-trials": ["seed 3", "steps=4000"], "a-bound": ["seed 1"]},
}
REACH = {
    "a-measurement": "2 of 2 settings.",
    "a-bound": "3 of 4 seeds; 2 of 2 settings.",
    "some-trials": "3 of 4 seeds; 1 of 2 settings, not with steps=4000.",
}
STRIPS = {"a-measurement": "■■", "a-bound": "■✗■■ ■■", "some-trials": "■■■✗ ■✗"}
UNTRIED = "Not yet run under other seeds and settings."
LEDGER = "book/claims.html"
NOTE = "notebooks/every-kind.html"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site of a small book, two notes of which have no runs that count."""
    sys.path.append(str(ROOT / "book" / "tools"))
    from robustness import fingerprint

    book = SmallBook(tmp_path_factory.mktemp("ledger"))
    for page in ("claims", "how-far", "how-to-read"):
        shutil.copy(ROOT / "book" / f"{page}.md", book.folder / "book")
    held = prose("## What held, and what did not\n\nAll of it.")
    how = 'how="computed", what="a sum"'
    book.add("every-kind", [*map(code, EVERY_KIND), held])
    book.add("changed", [code(CLAIM.format("changed", how)), held])
    book.add("untried", [code(CLAIM.format("untried", how))])
    with (book.folder / "_toc.yml").open("a") as contents:
        for page in ("claims", "how-far", "how-to-read"):
            contents.write(f"  - file: book/{page}\n")
    notes = book.folder / "notebooks"
    now = {**RUNS, "fingerprint": fingerprint(notes / "every-kind.ipynb")}
    runs = json.dumps({"every-kind": now, "changed": RUNS})
    (notes / "robustness.json").write_text(runs)
    passed, output = book.build()
    assert passed, output
    return book.folder / "_build" / "html"


@pytest.fixture(scope="module")
def home(small: Path) -> Iterator[str]:
    """Where the small book is served."""
    with served(small) as address:
        yield address


def soup(small: Path, page: str) -> BeautifulSoup:
    """A page of the small book."""
    return BeautifulSoup((small / page).read_text(encoding="utf-8"), "html.parser")


def entries(small: Path) -> dict[str, Tag]:
    """The entries of its page of claims, by the claim's id."""
    found = soup(small, LEDGER).select("ul.ledger > li")
    return {entry["id"].removeprefix("ledger-"): entry for entry in found}


def lines(small: Path) -> dict[str, Tag]:
    """The claims' lines on the page of the note with every kind."""
    found = soup(small, NOTE).select(".nk-claim-line")
    return {line.span["id"].removeprefix("claim-"): line for line in found}


def text(tag: Tag) -> str:
    """What a tag says, on one line."""
    return " ".join(tag.get_text().split())


def test_every_verdict_has_its_mark(small: Path) -> None:
    for name, verdict in VERDICTS.items():
        for place in (entries, lines):
            mark = place(small)[name].select_one(".nk-claim")
            assert text(mark) == verdict
            assert f"nk-{verdict[2:].replace(' ', '-')}" in mark["class"]


def test_verdicts_differ_in_more_than_one_word(tab: Page, home: str) -> None:
    tab.goto(home + LEDGER)
    color = "e => getComputedStyle(e).color"
    looks = {
        text[0]: tab.locator(f"#ledger-{name} .nk-claim").evaluate(color)
        for name, text in VERDICTS.items()
    }
    assert len(looks) == len(set(looks.values())) == 5, looks


def test_controls_and_what_they_measured_are_shown(small: Path) -> None:
    for name, words in CONTROLS.items():
        assert words in text(entries(small)[name]), name
        assert words in text(lines(small)[name]), name


def test_how_far_each_claim_carries_is_shown(small: Path) -> None:
    for name, words in REACH.items():
        assert f"Holds under {words}" in text(entries(small)[name])
        assert text(lines(small)[name]).endswith(f". {words}")


def test_a_strip_has_a_mark_for_each_run(small: Path) -> None:
    for name, marks in STRIPS.items():
        strip = entries(small)[name].select_one(".nk-strip[aria-hidden=true]")
        assert text(strip) == marks


def test_what_overturns_claims_stands_on_one_page(small: Path) -> None:
    page = soup(small, "book/how-far.html")
    rows = [[text(cell) for cell in row.find_all("td")] for row in page.select("tr")]
    assert rows[1:] == [["every-kind", "steps=4000", "1"]]
    fell = page.select("section#runs-every-kind li")
    assert [link["href"] for item in fell for link in item.select("a")] == [
        "../notebooks/every-kind.html#claim-a-bound",
        "../notebooks/every-kind.html#claim-some-trials",
    ]
    assert [text(item.select_one(".nk-strip")) for item in fell] == [
        STRIPS["a-bound"],
        STRIPS["some-trials"],
    ]
    assert "4 of 6 claims hold in all" in text(page)
    assert not page.select("section#runs-changed, section#runs-untried")


@pytest.mark.parametrize("name", ["an-identity", "a-time"])
def test_what_no_run_can_touch_carries_nowhere(small: Path, name: str) -> None:
    for shown in (entries(small)[name], lines(small)[name]):
        assert "seeds" not in text(shown) and "of 2 settings" not in text(shown)


def test_what_was_run_is_said_once_a_note(small: Path) -> None:
    said = "Run under 4 seeds, and with one setting changed at a time: steps=1000"
    assert text(soup(small, LEDGER)).count(said) == 1
    assert text(soup(small, NOTE)).count(said) == 1
    assert text(soup(small, LEDGER)).count(UNTRIED) == 2
    assert UNTRIED not in text(soup(small, NOTE))
    for note in ("changed", "untried"):
        page = soup(small, f"notebooks/{note}.html")
        assert text(page).count(UNTRIED) == 1
        assert "seeds;" not in text(page)


def test_every_claim_has_a_permanent_address(small: Path) -> None:
    for name, entry in entries(small).items():
        link = entry.select_one(f"a[href='claims.html#ledger-{name}']")
        assert link and text(link) == name


@pytest.mark.parametrize(
    "page", [f"{LEDGER}#ledger-some-trials", f"{NOTE}#claim-a-bound"]
)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_anyone_can_read_every_verdict(
    browser: Browser, home: str, page: str, theme: str, width: int
) -> None:
    seen = inspect(browser, home, page, theme, width)
    assert seen == Visit([], [], [], [])


def test_the_verdicts_evidence_and_sources_of_numbers_are_explained(
    small: Path,
) -> None:
    page = soup(small, "book/how-to-read.html")
    terms = {text(term) for term in page.find_all("dt")}
    assert set(VERDICTS.values()) <= terms
    kinds = soup(small, LEDGER).select(
        "select[name=kind] option[value]:not([value=''])"
    )
    assert len(kinds) == 7 and {text(kind) for kind in kinds} <= terms
    words = {text(word) for word in page.find_all("em")}
    assert {"computed", "sampled", "trained", "timed"} <= words


def test_claims_json_tells_all_that_the_page_shows(small: Path) -> None:
    folder = small / "book"
    data = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    assert not problems(data, folder)
    found = {record["id"]: record for record in data["claims"]}
    assert set(found) == set(entries(small))
    trials = found["some-trials"]
    assert trials["robustness"] == {
        "seeds": RUNS["seeds"],
        "settings": RUNS["settings"],
        "failed": RUNS["failed"]["some-trials"],
    }
    assert found["untried-sum"]["robustness"] is None
    assert found["changed-sum"]["robustness"] is None
    assert trials["note"] == "every-kind"
    for record in found.values():
        for address in (record["cell"], record["entry"]):
            page, _, anchor = urljoin(LEDGER, address).partition("#")
            assert soup(small, page).find(id=anchor), address


def test_the_schema_of_claims_json_refuses_what_is_not_a_claim(small: Path) -> None:
    folder = small / "book"
    data = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    record = data["claims"][0]
    for change in (
        {"verdict": "failed"},
        {"kind": "opinion"},
        {"robustness": {"seeds": [0]}},
        {"mood": "good"},
    ):
        assert problems({"claims": [{**record, **change}]}, folder), change


def test_data_and_schema_are_linked(small: Path) -> None:
    links = {link["href"] for link in soup(small, LEDGER).select("article a[href]")}
    assert {"claims.json", "claims.schema.json"} <= links


# Its filters.


def shown(tab: Page) -> set[str]:
    """The ids of the claims that can be seen."""
    visible = tab.locator("ul.ledger > li").filter(visible=True)
    ids = visible.evaluate_all("entries => entries.map(entry => entry.id)")
    return {name.removeprefix("ledger-") for name in ids}


def listing(tab: Page, name: str) -> Locator:
    """The list of that name."""
    return tab.get_by_role("combobox", name=name, exact=True)


@pytest.mark.parametrize(
    ("choices", "wanted"),
    [
        ({"verdict": "not-reproduced"}, {"an-equivalence"}),
        ({"verdict": "observed"}, {"some-trials", "a-difference"}),
        ({"note": "untried"}, {"untried-sum"}),
        ({"kind": "cases"}, {"some-cases", "changed-sum", "untried-sum"}),
        ({"kind": "cases", "note": "every-kind"}, {"some-cases"}),
        ({"kind": "cases", "verdict": "proved"}, set()),
    ],
)
def test_the_reader_chooses_which_claims_are_shown(
    tab: Page, home: str, choices: dict[str, str], wanted: set[str]
) -> None:
    tab.goto(home + LEDGER)
    count = len(shown(tab))
    assert count == len(VERDICTS) + 2
    for name, value in choices.items():
        listing(tab, name.capitalize()).select_option(value)
    assert shown(tab) == wanted
    said = f"{len(wanted)} of {count} claims shown"
    expect(tab.get_by_role("status")).to_have_text(said)
    headings = tab.locator("article h2").filter(visible=True)
    notes = {"every-kind" if name in VERDICTS else name[:-4] for name in wanted}
    assert {text.strip("# ") for text in headings.all_inner_texts()} == notes
    tab.goto(tab.url)  # as someone does with whom the address was shared
    assert shown(tab) == wanted
    expect(tab.get_by_role("status")).to_have_text(said)
    tab.get_by_role("button", name="Show all").click()
    assert len(shown(tab)) == count and tab.url == home + LEDGER


def test_a_choice_that_there_is_not_shows_all(tab: Page, home: str) -> None:
    tab.goto(f"{home}{LEDGER}?verdict=doubted&mood=good")
    assert len(shown(tab)) == len(VERDICTS) + 2
    assert (
        listing(tab, "Verdict").evaluate("e => e.options[e.selectedIndex].text")
        == "all"
    )


def test_the_address_of_a_claim_shows_it_whatever_is_chosen(
    tab: Page, home: str
) -> None:
    tab.goto(f"{home}{LEDGER}?verdict=proved#ledger-some-trials")
    assert "some-trials" in shown(tab)
    expect(tab.locator("#ledger-some-trials")).to_be_in_viewport()
    listing(tab, "Verdict").select_option("proved")
    assert shown(tab) == {"an-identity"} and "#" not in tab.url
    tab.evaluate("location.hash = '#ledger-some-trials'")
    expect(tab.locator("#ledger-some-trials")).to_be_in_viewport()


def test_the_filters_work_by_keyboard(tab: Page, home: str) -> None:
    tab.goto(home + LEDGER)
    lists = [listing(tab, name) for name in ("Verdict", "Note", "Kind")]
    lists[0].focus()
    for chooser in lists:
        expect(chooser).to_be_focused()
        press(chooser)
        assert chooser.input_value() and chooser.input_value() in tab.url
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert len(shown(tab)) == len(VERDICTS) + 2


def test_without_javascript_all_claims_and_no_filters_are_shown(
    without_scripts: Page, home: str
) -> None:
    without_scripts.goto(f"{home}{LEDGER}?verdict=proved")
    assert len(shown(without_scripts)) == len(VERDICTS) + 2
    controls = without_scripts.locator("article :is(select, button, output)")
    assert controls.count() and not controls.filter(visible=True).count()


def test_the_filters_need_no_inline_script_and_no_inline_style(
    small: Path, browser: Browser, home: str
) -> None:
    form = soup(small, LEDGER).select_one(".ledger-filter")
    for tag in [form, *form.find_all()]:
        assert tag.name not in ("script", "style")
        assert not [name for name in tag.attrs if name == "style" or name[:2] == "on"]
    context = browser.new_context()
    tab = context.new_page()
    policy = {"Content-Security-Policy": "script-src 'self'; style-src-attr 'none'"}

    def strictly(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, **policy})

    tab.route("**/*.html", strictly)
    tab.goto(home + LEDGER)
    listing(tab, "Verdict").select_option("proved")
    assert shown(tab) == {"an-identity"}
    context.close()
