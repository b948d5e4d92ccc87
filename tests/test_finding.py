"""Statements about the search, tried in a browser, from a server and from a file."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from test_site import SITE, address, browser, tab  # noqa: F401 (fixtures)

# What a reader types, and the first page that answers.
FINDS = {
    "batch norm": "notebooks/batch-norm.html",
    "正态": "book/notation.html",
    "苏剑林": "",
    "科学空间": "",
    "BN究竟起了什么作用": "notebooks/batch-norm.html",
    "n维空间下两个随机向量的夹角分布": "notebooks/random-angles.html",
    "ψ₁": "notebooks/random-angles.html",
    r"\psi": "book/notation.html",
    "softmax": "notebooks/",
    "normalisation": "notebooks/batch-norm.html",
    "normalization": "notebooks/batch-norm.html",
    "normalizaton": "notebooks/batch-norm.html",
    "verdicts": "book/",
}


@pytest.mark.parametrize("query", FINDS)
def test_search_leads_to_the_section(tab: Page, address: str, query: str) -> None:  # noqa: F811
    tab.goto(f"{address}search.html?q={quote(query)}")
    first = tab.locator("#found a").first
    page, _, place = first.get_attribute("href").partition("#")
    assert page.startswith(FINDS[query]) and place, f"{query} leads to {page}#{place}"
    assert tab.locator("#found mark").count()
    for text in tab.locator("#found li").all_inner_texts()[:5]:
        assert ".ipynb" not in text and "\\" not in text, text


def test_what_was_found_is_marked_where_it_stands(tab: Page, address: str) -> None:  # noqa: F811
    tab.goto(f"{address}search.html?q=curvature")
    tab.locator("#found a").first.click()
    tab.wait_for_function("() => CSS.highlights.has('found')")
    marked = "[...(CSS.highlights.get('found') ?? [])].map(range => range.toString())"
    words = tab.evaluate(marked)
    assert words and {word.lower() for word in words} <= {"curvature", "curvatures"}


def test_search_answers_while_one_types(tab: Page, address: str) -> None:  # noqa: F811
    tab.goto(address + "search.html")
    expect(tab.get_by_role("searchbox")).to_be_focused()
    tab.keyboard.type("angle")
    expect(tab.locator("#count")).to_contain_text("found")
    tab.get_by_role("searchbox").fill("qqqxyz")
    expect(tab.locator("#count")).to_have_text("0 sections found")
    assert tab.locator("#found li").count() == 0


def test_search_works_in_a_copy_that_is_opened_as_a_file(tab: Page) -> None:  # noqa: F811
    tab.goto((SITE / "search.html").as_uri() + "?q=softmax")
    first = tab.locator("#found a").first
    first.click()
    expect(tab.locator("article h1")).to_be_visible()
    assert tab.url.startswith("file:") and "notebooks/" in tab.url


def test_control_k_opens_the_search(tab: Page, address: str) -> None:  # noqa: F811
    tab.goto(address + "book/intro.html")
    tab.keyboard.press("Control+k")
    tab.wait_for_url("**/search.html")
