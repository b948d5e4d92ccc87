"""Statements about what a visit costs and what a page may do, tried in a browser."""

import gzip
import json
import re
import sys
from collections.abc import Callable
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect
from pygments.formatters import HtmlFormatter
from pygments.token import STANDARD_TYPES

from support import ROOT
from test_site import (  # fixtures too
    PAGES,
    SITE,
    WITH_PLAYERS,
    address,  # noqa: F401
    browser,  # noqa: F401
    parsed,
    tab,  # noqa: F401
)

sys.path.append(str(ROOT / "book" / "extensions"))
from light import COLOURLESS  # noqa: E402

NOTES = [page for page in PAGES if page.startswith("notebooks/")]
LANDING = "book/intro.html"
PACKED = (".woff2", ".png")


def weight(file: str) -> int:
    """What a file of the site weighs as a server sends it: gzip -9, or as it is."""
    body = (SITE / unquote(file)).read_bytes()
    return len(body) if file.endswith(PACKED) else len(gzip.compress(body))


@pytest.fixture
def visit(browser: Browser, address: str) -> Callable[..., list[int]]:  # noqa: F811
    """What pages cost that a new reader opens one after the other."""

    def weighed(*pages: str) -> list[int]:
        context = browser.new_context()
        tab, asked, costs = context.new_page(), set(), []  # noqa: F811
        tab.on("request", lambda request: asked.add(urlsplit(request.url).path[1:]))
        for page in pages:
            before = sum(map(weight, asked))
            tab.goto(address + page, wait_until="networkidle")
            costs.append(sum(map(weight, asked)) - before)
        context.close()
        return costs

    return weighed


@pytest.mark.parametrize("page", NOTES)
def test_a_note_is_light(visit: Callable, page: str) -> None:
    (first,) = visit(page)
    assert first <= 260_000, f"{page} costs {first} bytes on a first visit"


def test_the_landing_page_is_light_and_a_second_note_lighter(visit: Callable) -> None:
    landing, first, second = visit(LANDING, NOTES[0], NOTES[-1])
    assert landing <= 120_000, f"the landing page costs {landing} bytes"
    assert second <= 150_000, f"after another note {NOTES[-1]} costs {second} bytes"


def test_every_note_holds_at_most_a_gigabyte_after_each_cell() -> None:
    """The build weighed the kernels; peaks inside a cell are shown by make bench."""
    heads, *rows = [
        [cell.text for cell in row(["th", "td"])]
        for row in parsed("maintaining.html").table("tr")
    ]
    held = {row[0]: int(row[heads.index("megabytes")]) for row in rows}
    assert len(held) == len(NOTES) and max(held.values()) <= 1000, held


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_without_elements_has_the_colour_of_its_kind(theme: str) -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    options = settings["sphinx"]["config"]["html_theme_options"]
    style = HtmlFormatter(style=options[f"pygments_{theme}_style"])
    rules = dict(
        re.findall(
            r"\.highlight ?(\.\w+|) { .*?\bcolor: (#\w+)",
            style.get_style_defs(".highlight"),
        )
    )
    for kind in COLOURLESS:
        assert rules.get(f".{STANDARD_TYPES[kind]}", rules[""]) == rules[""], kind


ARRIVED = """name => {
    [...document.querySelectorAll("nk-player")].at(-1).scrollIntoView();
    return name in (window.nkFrames ?? {});
}"""


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_frames_are_loaded_when_a_figure_is_near(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
    page: str,
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab, asked = context.new_page(), []  # noqa: F811
    tab.on("request", lambda request: asked.append(request.url.split("/")[-1]))
    tab.goto(address + page, wait_until="networkidle")
    far = "players => players.map(p => p.getBoundingClientRect().top > 2 * innerHeight)"
    players = tab.locator("nk-player")
    for number, is_far in enumerate(players.evaluate_all(far)):
        name = players.nth(number).get_attribute("frames").split("/")[-1]
        assert (name not in asked) or not is_far, f"{page} loads {name} too early"
    name = players.last.get_attribute("frames").split("/")[-1]
    tab.wait_for_function(ARRIVED, arg=name)
    context.close()


# The browser's own account of frames that took more than 50 ms.
LONG = """() => {
    window.long = [];
    new PerformanceObserver(list => window.long.push(...list.getEntries()))
        .observe({ type: "long-animation-frame" });
}"""
RESTED = "() => new Promise(done => setTimeout(done, 300))"


def slow_moves(tab: Page, throttle: CDPSession, control: Locator) -> int:  # noqa: F811
    """How many of six moves made a long frame, at half of the processor.

    Beside the other tests that is a quarter.
    """
    control.evaluate("control => control.focus({ preventScroll: true })")
    is_box = control.get_attribute("type") == "checkbox"
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 2})
    tab.evaluate(RESTED)
    tab.evaluate("window.long.length = 0")
    for key in ["ArrowRight", "ArrowRight", "ArrowLeft"] * 2:
        tab.keyboard.press("Space" if is_box else key)
        tab.evaluate(RESTED)
    throttle.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return tab.evaluate("window.long.length")


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_a_moved_figure_is_drawn_in_a_short_frame(
    tab: Page,  # noqa: F811
    address: str,  # noqa: F811
    page: str,
) -> None:
    throttle = tab.context.new_cdp_session(tab)
    tab.goto(address + page)
    tab.evaluate(LONG)
    for player in tab.locator("nk-player").all():
        player.scroll_into_view_if_needed()
        player.evaluate("player => player.load()")
        for control in player.locator("input, select").all():
            # Another process may hold a frame up, but not each time.
            counts = (slow_moves(tab, throttle, control) for _ in range(4))
            assert 0 in counts, f"{page}: {control.evaluate('c => c.outerHTML')}"


def test_every_frame_is_well_formed() -> None:
    for path in sorted((SITE / "_static" / "frames").iterdir()):
        data = json.loads(
            path.read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n")
        )
        for frame in data["frames"]:
            text = "\n".join(data["lines"][number] for number in frame)
            ElementTree.fromstring(f'<p xmlns:xlink="x">{text}</p>')


def test_frames_that_did_not_arrive_are_asked_for_again(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()  # noqa: F811
    tab.route("**/_static/frames/*", lambda route: route.abort())
    tab.goto(address + WITH_PLAYERS[0])
    player = tab.locator("nk-player").first
    stage = player.locator(".nk-stage")
    before = stage.inner_html()
    player.locator("input, select").first.focus()
    tab.keyboard.press("ArrowRight")
    expect(player.get_by_text("The drawings did not arrive")).to_be_visible()
    tab.keyboard.press("ArrowLeft")  # the still drawing is right again
    expect(player.get_by_text("The drawings did not arrive")).to_have_count(0)
    tab.unroute("**/_static/frames/*")
    tab.keyboard.press("ArrowRight")
    expect(stage).not_to_have_js_property("innerHTML", before)
    expect(player.get_by_text("The drawings did not arrive")).to_have_count(0)
    context.close()


def test_one_style_sheet_serves_all_pages() -> None:
    for page in PAGES:
        sheets = parsed(page).select("link[rel=stylesheet], style")
        assert len(sheets) == 1, f"{page}: {sheets}"
    assert len(gzip.compress((SITE / "_static" / "site.css").read_bytes())) < 20_000


def test_search_is_loaded_on_its_page_only() -> None:
    for page in PAGES:
        sources = " ".join(tag["src"] for tag in parsed(page).select("script[src]"))
        assert ("search" in sources) == (page == "search.html"), f"{page}: {sources}"


# What a page may do.

POLICY = 'meta[http-equiv="Content-Security-Policy"]'


def directives(page: str) -> dict[str, list[str]]:
    """What the policy of a page says."""
    content = parsed(page).select_one(POLICY)["content"]
    parts = [part.split() for part in content.split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("page", [*PAGES, "index.html"])
def test_every_page_has_a_strict_policy(page: str) -> None:
    allowed = directives(page)
    assert allowed["default-src"] == ["'self'"]
    for value in allowed["script-src"]:
        assert re.fullmatch(r"'(?:self|wasm-unsafe-eval|sha256-[\w+/]+=)'", value), (
            f"{page} allows the script {value}"
        )
    first = parsed(page).head.find(["script", "link", "style", "meta"], charset=False)
    assert first == parsed(page).select_one(POLICY), f"{page}: {first} comes before it"
    assert not parsed(page).select("[onclick], [onload], a[href^='javascript:']")


def test_a_script_that_was_not_built_in_does_not_run(
    tab: Page,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    tab.goto(address + LANDING)
    tab.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.foreign = 1";
            document.head.append(script);
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.foreign = 2");
            image.src = "nothing.png";
            document.body.append(image);
        }"""
    )
    tab.wait_for_timeout(300)
    assert tab.evaluate("window.foreign") is None
