"""Slides fit, and work from the file system, on a screen and printed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode, v4
from playwright.sync_api import Browser, Page, Route

import slides
from support import NOTEBOOKS, code, prose
from test_site import OTHER_HOSTS, browser  # noqa: F401

every_note = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
MOST = 1_000_000  # bytes of a deck
LEAST = 0.7  # of the size of letters: 21 points of 720
# What reaches beyond its slide, or is cut inside.
OUTSIDE = """() => {
  const slide = Reveal.getCurrentSlide(), edge = slide.getBoundingClientRect();
  const found = [];
  if (slide.scrollHeight > slide.clientHeight + 1) found.push("too high");
  if (slide.scrollWidth > slide.clientWidth + 1) found.push("too wide");
  for (const part of slide.querySelectorAll("*")) {
    if (part.closest("svg *, .katex-mathml, aside, .nk-said, script")) continue;
    const box = part.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (box.left < edge.left - 1 || box.right > edge.right + 1
        || box.top < edge.top - 1 || box.bottom > edge.bottom + 1)
      found.push(`${part.tagName} ${part.className} is outside`);
    if (part.scrollWidth > part.clientWidth + 2 && part.clientWidth
        && getComputedStyle(part).overflowX != "visible")
      found.push(`${part.tagName} ${part.className} is cut`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make slides writes."""
    folder = tmp_path_factory.mktemp("slides") / "decks"
    slides.write(folder, NOTEBOOKS)
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """A page of the size of a slide."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    yield page
    page.close()


def opened(page: Page, deck: Path, query: str = "") -> list[str]:
    """Open a deck as a file; what the browser complains of, then and later."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(deck.as_uri() + query)
    page.wait_for_selector("body.ready")
    return complaints


def soup(deck: Path) -> BeautifulSoup:
    """The page of a deck."""
    return BeautifulSoup(deck.read_text(encoding="utf-8"), "html.parser")


@every_note
def test_a_deck_has_what_a_lecture_needs(path: Path, decks: Path) -> None:
    deck = decks / f"{path.stem}.html"
    assert deck.stat().st_size <= MOST
    html = soup(deck)
    shown = html.select(".slides > section > section")
    assert 15 <= len(shown) <= 25
    assert len(html.select("nk-player")) >= 2
    assert len(html.select(".nk-claim")) >= 5
    assert len(html.select(".katex")) >= 20
    assert all(image["alt"] for image in html.select("img"))
    assert all(part["aria-label"] for part in html.select(".nk-stage"))
    end = 0
    for slide in shown:
        (notes,) = slide.select("aside.notes")
        told = re.match(r"([\d.]+) min, to (\d+):(\d\d)\.", notes.get_text(strip=True))
        seconds = int(slide["data-timing"])
        end += seconds
        assert float(told[1]) * 60 == seconds
        assert int(told[2]) * 60 + int(told[3]) == end
        for part in slide.select("p, li, td"):
            assert "$" not in part.get_text() and "{eq}" not in part.get_text()
            assert "](" not in part.get_text(), part
    assert 15 * 60 <= end <= 45 * 60


@every_note
def test_a_deck_needs_no_other_host(path: Path, decks: Path) -> None:
    html = soup(decks / f"{path.stem}.html")
    needed = [tag["src"] for tag in html.select("[src]")]
    needed += [tag["href"] for tag in html.select("link[href]")]
    for name in needed:
        assert name.startswith("data:image/") or (decks / name).is_file()
    assert not OTHER_HOSTS.search(str(html.head))


@every_note
def test_every_slide_fits(path: Path, decks: Path, page: Page) -> None:
    complaints = opened(page, decks / f"{path.stem}.html")
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        scale = page.evaluate(
            "Reveal.getCurrentSlide().style.getPropertyValue('--scale')"
        )
        assert float(scale) >= LEAST, f"slide {number + 1} holds too much"
        assert not page.evaluate(OUTSIDE), f"slide {number + 1}"
    assert not complaints


def test_slides_fit_where_the_end_of_the_page_comes_late(
    decks: Path, page: Page, tmp_path: Path
) -> None:
    deck = shutil.copytree(decks, tmp_path / "decks") / "vae-geometry.html"
    html = deck.read_text(encoding="utf-8")
    end = '<script src="late.js"></script></body>'
    deck.write_text(html.replace("</body>", end), encoding="utf-8")
    asked = []

    def late(route: Route) -> None:
        asked.append(route.request.url)
        page.wait_for_timeout(1000)
        route.fulfill(content_type="text/javascript", body="")

    page.route("**/late.js", late)
    complaints = opened(page, deck)
    assert len(asked) == 1 and not complaints
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        assert not page.evaluate(OUTSIDE), f"slide {number + 1}"


@every_note
def test_figures_are_live(path: Path, decks: Path, page: Page) -> None:
    opened(page, decks / f"{path.stem}.html")
    count = page.evaluate("document.querySelectorAll('nk-player').length")
    for number in range(count):
        changed = page.evaluate(
            """async number => {
              const player = document.querySelectorAll("nk-player")[number];
              const slide = player.closest("section");
              Reveal.slide(Reveal.getIndices(slide).h, 0, 99);
              const stage = player.querySelector(".nk-stage"), before = stage.innerHTML;
              const field = player.querySelector("input, select");
              if (field.type == "checkbox") field.checked = !field.checked;
              else if (field.options) field.selectedIndex ^= 1;
              else field.value = field.value == field.min ? field.max : field.min;
              field.dispatchEvent(new Event("input", { bubbles: true }));
              await new Promise(done => setTimeout(done, 200));
              return stage.innerHTML != before && stage.querySelector("svg") != null;
            }""",
            number,
        )
        assert changed, f"figure {number + 1}"


def pages(pdf: bytes) -> int:
    """How many pages a document has that Chromium printed."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("path", NOTEBOOKS[:1], ids=lambda path: path.stem)
def test_a_deck_prints_a_slide_a_page(path: Path, decks: Path, page: Page) -> None:
    deck = decks / f"{path.stem}.html"
    opened(page, deck, "?print-pdf")
    page.wait_for_selector(".pdf-page")
    page.emulate_media(media="print")
    for box in page.locator(".pdf-page").all():
        size = box.bounding_box()
        assert round(size["width"]) == 1280
        assert round(size["height"]) in (719, 720)  # reveal.js leaves a point
    for slide in page.locator(".pdf-page > section").all():
        assert slide.evaluate("s => getComputedStyle(s).paddingLeft") == "64px"
        assert slide.evaluate("s => s.scrollHeight <= 720 && s.scrollWidth <= 1280")
    assert page.locator(".nk-controls:visible").count() == 0
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pages(printed) == len(soup(deck).select(".slides > section > section"))


# A deck of our own, and decks that are wrong.


def told(cell: NotebookNode, kind: str, *show: object) -> NotebookNode:
    """A cell that is on a slide."""
    cell.metadata["slideshow"] = {"slide_type": kind}
    if show:
        cell.metadata.slideshow["show"] = list(show)
    return cell


def deck_of(*cells: NotebookNode) -> list[tuple[str, str, list[str], str]]:
    """Section, title, what is shown and what is said of each slide."""
    deck = slides.Deck(v4.new_notebook(cells=list(cells)))
    return [
        (
            slide.section,
            slide.title,
            [part.source for _, part in slide.parts],
            "\n".join(slide.notes),
        )
        for slide in deck.slides
    ]


def test_metadata_say_what_is_shown_and_what_is_said() -> None:
    text = "## Check\n\n### One\n\nFirst.\nSecond.\n\n$$\nx = 1\n$$ (eq-x)\n\nThird."
    more = "By {eq}`eq-x`:\n\n| a | b |\n|---|---|\n| 1 | [c](#claim-d) |\n| 2 | 3 |"
    found = deck_of(
        told(prose("# Title\n\nQuestion?"), "slide"),
        prose("Left out."),
        told(prose(text), "slide", "Second", "$$ x", "---", "Third"),
        told(prose(more), "fragment", "By", "| 1"),
        told(prose("Said."), "notes"),
    )
    assert found == [
        ("", "Title", ["Question?"], ""),
        ("Check", "One", ["Second.\n\n$$\nx = 1\n\\tag{1}\n$$"], "First."),
        (
            "Check",
            "One",
            ["Third.", "By (1):\n\n| a | b |\n|---|---|\n| 1 | c |"],
            "Said.",
        ),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It is so ([verdict](#claim-a), [more](#claim-b)).", "It is so."),
        ("It is so: [verdict](#claim-a), and [so](#claim-b).", "It is so, and so."),
        ("So: [on [0, 1]](#claim-a), [b](#claim-b).", "So."),
        ("See [the page](../book/x.md) and [it](https://a.b).", None),
    ],
)
def test_links_to_claims_are_left_out(before: str, after: str | None) -> None:
    deck = slides.Deck(
        v4.new_notebook(cells=[told(prose(f"# T\n\n{before}"), "slide")])
    )
    shown = deck.slides[0].parts[0][1].source
    assert shown == (after or "See the page and [it](https://a.b).")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (told(prose("# T\n\nText."), "slide", "Words"), "no line begins with 'Words'"),
        (told(code("1"), "slide"), "put out nothing"),
        (told(code("1"), "slide", 3), "index out of range"),
    ],
)
def test_metadata_that_fit_no_more_are_named(cell: NotebookNode, says: str) -> None:
    with pytest.raises(ValueError, match=f"cell {cell.id}, slideshow: .*{says}"):
        deck_of(cell)


def test_a_formula_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"formula '\\\\nothing'"):
        slides.MARKDOWN.render(r"$\nothing$")


def test_a_note_that_has_changed_is_run_first(tmp_path: Path) -> None:
    note = v4.new_notebook(cells=[told(prose("# T\n\nText."), "slide"), code("1 + 41")])
    nbformat.write(note, tmp_path / "changed.ipynb")
    with pytest.raises(SystemExit, match="run make book"):
        slides.executed(tmp_path / "changed.ipynb")


def test_slides_without_network_are_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(slides, "modules", fail)
    with pytest.raises(SystemExit, match="could not be fetched: no network"):
        slides.write(tmp_path / "decks", [])


def test_a_slide_that_holds_too_much_is_found(
    decks: Path, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(decks / "shared", tmp_path / "shared")
    long = "\n".join(f"- Item {number} of a list.\n" for number in range(60))
    wide = f"$$x = {'+'.join(f'a_{{{number}}}' for number in range(99))}$$"
    cells = [told(prose(f"# T\n\n{text}"), "slide") for text in ("Short.", long, wide)]
    monkeypatch.setattr(slides, "executed", lambda _: v4.new_notebook(cells=cells))
    monkeypatch.setattr(slides, "shared", lambda _: (tmp_path / "made").mkdir())
    slides.write(tmp_path / "made", [Path("big.ipynb")])
    shutil.copy(tmp_path / "made" / "big.html", tmp_path)
    opened(page, tmp_path / "big.html")
    found = []
    for number in range(3):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        found.append(bool(page.evaluate(OUTSIDE)))
    assert found == [False, True, True]
