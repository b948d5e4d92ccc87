"""Statements about the landing page, the head of the page of claims, and what pages say
of themselves."""

import json
from collections import Counter
from xml.etree import ElementTree

import pytest

from test_site import PAGES, SITE, article, parsed

NOTES = [page for page in PAGES if page.startswith("notebooks/")]
RECORDS = json.loads((SITE / "book" / "claims.json").read_text(encoding="utf-8"))[
    "claims"
]
FALLEN = ("refuted", "corrected", "not reproduced")


def test_the_landing_page_has_three_doors_and_every_note() -> None:
    landing = article("book/intro.html")
    doors = {term.get_text(strip=True) for term in landing.find_all("dt")}
    assert doors == {"Read", "Run", "Teach"}
    cards = landing.select("figure.note")
    links = {card.select_one("figcaption > a")["href"] for card in cards}
    assert links == {f"../{page}" for page in NOTES}
    for card in cards:
        assert card.img["alt"] and card.img["loading"] == "lazy"
        ElementTree.parse(SITE / "book" / card.img["src"])  # or no browser shows it
        assert card.p.get_text(strip=True)


def test_the_landing_page_counts_the_verdicts_of_every_note() -> None:
    for card in article("book/intro.html").select("figure.note"):
        name = card.select_one("figcaption > a")["href"].split("/")[-1].split(".")[0]
        count = Counter(r["verdict"] for r in RECORDS if r["note"] == name)
        said = [link.get_text().split(" ", 2) for link in card.select(".fared a")]
        assert {verdict: int(number) for _, number, verdict in said} == count


def test_the_page_of_claims_begins_with_what_did_not_hold() -> None:
    page = article("book/claims.html")
    counts = Counter(record["verdict"] for record in RECORDS)
    linked = {link["href"] for link in page.select(".ledger-counts a")}
    assert linked == {f"?verdict={word.replace(' ', '-')}" for word in counts}
    lines = page.select(".ledger-fallen .nk-claim")
    said = [line.get_text().split(" ", 1)[1] for line in lines]
    assert said == [word for word in FALLEN for _ in range(counts[word])]
    first = page.select_one("ul.ledger")
    assert all(line.sourceline < first.sourceline for line in lines)
    assert len(page.select(".ledger-contents a")) == len(NOTES)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_it_is(page: str) -> None:
    head = parsed(page).head
    assert len(head.select("meta[name=viewport]")) == 1
    assert len(head.title.get_text().split("Derive, Check, Run")) == 2
    assert head.select_one("meta[name=description]")["content"]
    assert head.select_one("meta[property='og:title']")["content"]
    about = json.loads(head.find("script", type="application/ld+json").string)
    beside = page.count("/") == 0  # the book's pages lie in folders
    assert about["@type"] in (("WebPage",) if beside else ("Book", "Chapter"))
    assert about["name"]
    assert parsed(page).html["lang"] == "en"
