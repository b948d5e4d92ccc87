"""Statements about how code, derivations and figures are shown, tried in a browser."""

import re
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from test_light import NOTES

from test_site import (  # fixtures too
    PAGES,
    SITE,
    THEMES,
    WITH_PLAYERS,
    address,  # noqa: F401
    article,
    browser,  # noqa: F401
    parsed,
    tab,  # noqa: F401
)

every_note = pytest.mark.parametrize("page", NOTES)
LOOK = """() => {
    document.querySelectorAll("details").forEach(fold => { fold.open = true; });
    document.querySelectorAll("div.cell").forEach(cell => {
        cell.style.contentVisibility = "visible";
    });
    const light = ([r, g, b]) => [r, g, b]
        .map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], .05);
    const numbers = color => color.match(/[0-9.]+/g).map(Number);
    const ground = light(numbers(getComputedStyle(document.body).backgroundColor));
    // not in a wide figure, and no size that a note chose for itself
    const usual = word => word.ownerSVGElement.viewBox.baseVal.width < 400
        && /font-size: 1[12]px/.test(word.getAttribute("style"));
    const words = [...document.querySelectorAll("figure svg text")]
        .filter(word => /[^\\s]/.test(word.textContent));
    return {
        cut: [...document.querySelectorAll(".cell_input pre")]
            .filter(pre => pre.scrollWidth > pre.clientWidth)
            .map(pre => pre.textContent.split("\\n").find(line => line.length > 80)),
        summaries: [...document.querySelectorAll(".pst-scrollable-table-container")]
            .filter(box => box.querySelector("td .nk-claim"))
            .map(box => box.scrollWidth - box.clientWidth),
        faint: words.map(word => [word, light(numbers(getComputedStyle(word).fill))])
            .filter(([, own]) => Math.max(own, ground) / Math.min(own, ground) < 4.5)
            .map(([word]) => word.outerHTML),
        small: words.filter(usual).map(word => {
            if (word.querySelector("tspan")) return false;
            const { a, b } = word.getScreenCTM();
            const size = parseFloat(getComputedStyle(word).fontSize) * Math.hypot(a, b);
            return size < 10.95 && `${size}: ${word.outerHTML}`;
        }).filter(Boolean),
        hidden: words.filter(usual).filter(word => {
            const { left, right } = word.getBoundingClientRect();
            for (let box = word.ownerSVGElement; box; box = box.parentElement) {
                const edge = box.getBoundingClientRect();
                const clips = getComputedStyle(box).overflowX !== "visible"
                    || box.matches("div.cell");
                if (clips && (left < edge.left - 1 || right > edge.right + 1))
                    return true;
            }
        }).map(word => word.outerHTML),
    };
}"""


@pytest.fixture(scope="module")
def look(browser: Browser, address: str) -> Any:  # noqa: F811
    """What a page looks like in a theme at a width, once for all tests."""

    def seen(page: str, theme: str, width: int) -> dict[str, list]:
        size = {"width": width, "height": 800}
        context = browser.new_context(color_scheme=theme, viewport=size)
        tab = context.new_page()  # noqa: F811
        tab.goto(address + page)
        found = tab.evaluate(LOOK)
        context.close()
        return found

    return cache(seen)


# Code.


@every_note
def test_no_line_of_code_is_cut_off_on_a_desk(look: Any, page: str) -> None:
    assert not look(page, "light", 1280)["cut"]


@every_note
def test_what_held_needs_no_scrolling_on_a_phone(look: Any, page: str) -> None:
    assert look(page, "dark", 360)["summaries"] == [0]


@every_note
def test_the_code_of_a_claim_is_folded_behind_its_verdict(page: str) -> None:
    for line in article(page).select(".nk-claim-line"):
        cell = line.find_parent("div", class_="cell")
        code = cell.select_one(".cell_input")
        fold = code.find_parent("details")
        assert fold, f"{page}: {code.get_text()[:100]}"
        label = fold.select_one("summary .collapsed").get_text()
        assert label.startswith("How this was judged")
        if ", and" not in label:
            assert cell.select(".cell_output, details.hide")[-1] == fold


@every_note
def test_what_is_folded_among_exercises_says_what_it_solves(page: str) -> None:
    cells = article(page).select("section#exercises div.cell.tag_hide-cell")
    labels = [cell.select_one("summary .collapsed").get_text() for cell in cells]
    checks = ["tag_check" in cell["class"] for cell in cells]
    asked = [label == "How an answer is checked" for label in labels]
    assert asked == checks and sum(checks) >= 4, f"{page}: {labels}"
    assert labels.count("A solution") >= 4, f"{page}: {labels}"


@every_note
def test_every_fold_is_named_by_the_words_that_it_shows(page: str) -> None:
    for summary in article(page).select("summary"):
        assert not summary.get("aria-label"), f"{page}: {summary}"
        assert "cell" not in summary.get_text(), f"{page}: {summary}"


def shown_code(tab: Page) -> tuple[int, int]:  # noqa: F811
    """How many pieces of code can be seen, and how many there are."""
    code = tab.locator("article .cell_input pre")
    return code.filter(visible=True).count(), code.count()


def test_one_switch_shows_all_some_or_no_code(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    context = browser.new_context()
    tab = context.new_page()  # noqa: F811
    tab.goto(address + NOTES[0])
    switch = tab.locator("select[name=code]")
    expect(switch).to_have_value("some")
    some, count = shown_code(tab)
    assert 0 < some < count
    tab.emulate_media(media="print")
    assert shown_code(tab)[0] == some, "paper shows what is folded away"
    for choice, wanted in (("all", count), ("none", 0)):
        tab.emulate_media(media="screen")
        switch.select_option(choice)
        assert shown_code(tab)[0] == wanted
        tab.emulate_media(media="print")
        setup = tab.locator("article .setup .cell_input pre").count()  # not printed
        assert shown_code(tab)[0] == max(wanted - setup, 0), "paper does not follow"
    tab.emulate_media(media="screen")
    tab.goto(address + NOTES[1])  # where the choice is remembered
    assert shown_code(tab)[0] == 0
    expect(switch).to_have_value("none")
    context.close()


# Derivations and what scrolls.


@every_note
def test_derivations_have_headings_and_begin_with_a_row(page: str) -> None:
    for table in article(page).select("table.derivation"):
        words = [cell.get_text(strip=True) for cell in table.select("thead th")]
        assert words == ["relation", "expression", "reason"]
        first, *others = table.select("tbody tr")
        relation, start, reason = first.find_all("td")
        assert start.select(".katex") and others
        assert not relation.get_text(strip=True) and not reason.get_text(strip=True)


@pytest.mark.parametrize("page", PAGES)
def test_every_box_that_scrolls_has_a_role_and_a_name(page: str) -> None:
    for box in article(page).select("[tabindex='0']"):
        assert box.get("role") and box.get("aria-label"), f"{page}: {str(box)[:200]}"


# Figures.


@every_note
def test_figures_name_one_font_that_everybody_has(page: str) -> None:
    for tag in article(page).select("svg [style*='font-family']"):
        assert "'DejaVu Sans'" not in tag["style"], f"{page}: {tag}"


@every_note
@pytest.mark.parametrize("theme", THEMES)
def test_words_in_figures_have_contrast(look: Any, page: str, theme: str) -> None:
    assert not look(page, theme, 1280 if theme == "light" else 360)["faint"]


@every_note
def test_words_in_figures_of_the_usual_size_can_be_read_on_a_phone(
    look: Any, page: str
) -> None:
    assert not look(page, "dark", 360)["small"]


@every_note
@pytest.mark.parametrize("width", [1280, 360])
def test_words_in_figures_are_not_cut_off(look: Any, page: str, width: int) -> None:
    assert not look(page, "light" if width == 1280 else "dark", width)["hidden"]


@pytest.mark.parametrize("page", WITH_PLAYERS)
def test_every_group_of_controls_is_named_by_its_figure(page: str) -> None:
    groups = parsed(page).select(".nk-controls")
    names = [group["aria-label"] for group in groups]
    assert len(set(names)) == len(names)
    for group in groups:
        assert group["aria-label"].startswith("Controls: ")
        assert group.select_one(".nk-cue").get_text().startswith("Try it: ")


def test_what_a_figure_reads_is_said_once(tab: Page, address: str) -> None:  # noqa: F811
    page = "notebooks/batch-norm.html"
    tab.goto(address + page)
    player = tab.locator("nk-player").first
    player.locator("input").first.press("ArrowLeft")
    said = player.get_by_role("status")
    expect(said).to_contain_text("κ = ")
    words = player.locator("svg text").all_text_contents()
    assert " ".join(said.inner_text().split()) in [" ".join(w.split()) for w in words]
    assert player.locator("output, [aria-live]").count() == 0


def test_back_shows_a_control_and_its_frame_together(
    tab: Page,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    page = "notebooks/batch-norm.html"
    tab.goto(address + page)
    player = tab.locator("nk-player").first
    control, stage = player.locator("input").first, player.locator(".nk-stage")
    first = stage.inner_html()
    control.press("ArrowLeft")
    expect(player.get_by_role("status")).not_to_be_empty()
    value, frame = control.input_value(), stage.inner_html()
    assert frame != first
    tab.goto(address + "book/intro.html")
    tab.go_back()
    kept = control.input_value()
    wanted = frame if kept == value else first
    tab.wait_for_function(
        "wanted => document.querySelector('nk-player .nk-stage').innerHTML === wanted",
        arg=wanted,
    )


# Language.


@pytest.mark.parametrize("page", PAGES)
def test_chinese_is_marked_as_chinese(page: str) -> None:
    for text in article(page).find_all(string=re.compile("[\u4e00-\u9fff]")):
        own = text.find_parent(lang=True)
        assert own and own["lang"] == "zh", f"{page}: {text!r} in {text.parent}"


def test_chinese_in_frames_is_marked_too() -> None:
    for file in (SITE / "_static" / "frames").glob("*.js"):
        words = re.findall(
            r"<([^<>]*)>[^<>]*[\u4e00-\u9fff]", file.read_text(encoding="utf-8")
        )
        assert all('lang=\\"zh\\"' in tag for tag in words), f"{file.name}: {words[0]}"
