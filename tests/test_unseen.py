"""Statements about what an accessibility checker does not see: focus, menus without
scripts, narrow screens, fingers instead of a pointer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from test_light import LANDING, NOTES

from test_site import PAGES, address, browser, parsed  # noqa: F401 (fixtures)

NOTE = NOTES[0]


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """A tab of a small phone."""
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def silent(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """A tab of a small phone that runs no scripts."""
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


FOCUSED = """() => {
    const e = document.activeElement, own = getComputedStyle(e);
    if (e === document.body) return null;
    const seen = own.outlineStyle !== "none" && parseFloat(own.outlineWidth) >= 2;
    return seen ? "" : e.outerHTML.slice(0, 200);
}"""


@pytest.mark.parametrize("page", [LANDING, NOTE, "book/claims.html", "search.html"])
def test_what_has_the_focus_can_be_seen(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
    page: str,
) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(address + page)
    reached = 0
    for _ in range(60):
        tab.keyboard.press("Tab")
        lost = tab.evaluate(FOCUSED)
        assert not lost, lost
        reached += lost == ""
    context.close()
    assert reached > 10


@pytest.mark.parametrize("page", PAGES)
def test_no_button_lies_over_the_text(page: str) -> None:
    assert not parsed(page).select("#pst-back-to-top, [class*='back-to-top']")


STICKS_OUT = """() => [...document.querySelectorAll("select, button, [rel=next]")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth)
    .map(e => e.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("page", [LANDING, NOTE, "book/claims.html"])
def test_what_is_pressed_lies_on_a_phones_screen(
    phone: Page,
    address: str,  # noqa: F811
    page: str,
) -> None:
    phone.goto(address + page)
    phone.locator("[popovertarget=tools]").tap()
    assert phone.locator("#tools").is_visible()
    assert not phone.evaluate(STICKS_OUT)


def test_panels_open_without_scripts_and_what_needs_scripts_is_not_shown(
    silent: Page,
    address: str,  # noqa: F811
) -> None:
    for panel in ("contents", "on-this-page", "tools"):
        silent.goto(address + NOTE)
        box = silent.locator(f"#{panel}")
        expect(box).to_be_hidden()
        silent.locator(f"[popovertarget={panel}]").click()
        expect(box).to_be_visible()
        assert box.locator("a").first.is_visible()
        assert not box.locator("select").filter(visible=True).count()
    assert not silent.locator(".copy").count()


def test_a_panel_closes_after_a_tap_on_a_place_in_it(
    phone: Page,
    address: str,  # noqa: F811
) -> None:
    phone.goto(address + NOTE)
    phone.locator("[popovertarget=on-this-page]").tap()
    panel = phone.locator("#on-this-page")
    panel.locator("a[href^='#']").nth(2).tap()
    expect(panel).to_be_hidden()
    assert "#" in phone.url


def test_code_can_be_copied_where_nothing_hovers(
    phone: Page,
    address: str,  # noqa: F811
) -> None:
    phone.goto(address + NOTE)
    button = phone.locator(".copy").filter(visible=True).first
    assert button.evaluate("e => getComputedStyle(e).opacity") == "1"
