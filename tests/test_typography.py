"""Statements about how numbers, formulas, verdicts and folds are set: in sentences, and
in the built site."""

import re
import sys

import pytest
from docutils import nodes
from playwright.sync_api import Browser
from test_light import NOTES

from support import ROOT
from test_site import (  # fixtures too
    SITE,
    address,  # noqa: F401
    article,
    browser,  # noqa: F401
)

sys.path.append(str(ROOT / "book" / "extensions"))
from symbols import typeset  # noqa: E402
from units import APART, HYPHEN  # noqa: E402

CLAIMS = "book/claims.html"
MARKS = {
    "nk-proved": "✓",
    "nk-checked": "✓",
    "nk-observed": "✓",
    "nk-corrected": "△",
    "nk-refuted": "✗",
    "nk-not-reproduced": "○",
    "nk-not-judged": "?",
}

# A sentence, with its formulas between dollars.
SET = {
    "the penalty ‖μ‖² + ‖σ − 1‖² is": r"the penalty $\|\mu\|^{2}+\|\sigma-1\|^{2}$ is",
    "at κ = 1, 4 and 10": r"at $\kappa=1$, 4 and 10",
    "a β-VAE, a λ and F1 = 3": r"a $\beta$-VAE, a $\lambda$ and F1 = 3",
    "t = √(2κλ); s rises": r"$t=\sqrt{2\kappa\lambda}$; s rises",
    "(ε = 2.5e-05), 1e-5": r"$(\varepsilon=2.5\cdot10^{-5})$, 1e-5",
    "within 2·10⁻⁵ for 1,000 steps": r"within $2\cdot10^{-5}$ for 1,000 steps",
    "KL(N(μ, σ²) ‖ N(0, 1))": r"$\operatorname{KL}(N(\mu,\sigma^{2})\|N(0,1))$",
    "the article's κ and t·v̂": r"the article's $\kappa$ and $t\cdot\hatv$",
    "8 × 8 pixels, 3 μs, ½ or n words": "8 × 8 pixels, 3 μs, ½ or n words",
    "a point (a remark) at I = 1 [note]": "a point (a remark) at $I=1$ [note]",
}


@pytest.mark.parametrize("sentence", SET)
def test_formulas_in_plain_letters_are_found(sentence: str) -> None:
    parts = typeset(sentence)
    found = [isinstance(part, nodes.math) for part in parts]
    text = "".join(
        f"${part.astext().replace(' ', '')}$" if formula else str(part)
        for part, formula in zip(parts, found, strict=True)
    )
    assert text == SET[sentence]


@pytest.mark.parametrize(
    ("sentence", "held"),
    [
        ("95 % of 3 s", "95_% of 3_s"),
        ("0.5 ± 0.1 and ≤ −3", "0.5_±_0.1 and ≤_−3"),
        ("100 000 bits, 8 bits", "100_000_bits, 8_bits"),
        ("3 sets, 4 per cent", "3 sets, 4 per cent"),
        ("-2 to 1e-05, x-1, 3-4, (-1)", "−2 to 1e−05, x-1, 3-4, (−1)"),
    ],
)
def test_numbers_stay_with_their_unit_or_sign(sentence: str, held: str) -> None:
    assert APART.sub("_", HYPHEN.sub("−", sentence)) == held


# Points and brackets that stand in another line than what they belong to.
PARTED = """() => {
    const article = document.querySelector("article"), found = [];
    const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const apart = (node, beside) => {
        const range = new Range();
        range.setStart(node, 0);
        range.setEnd(node, 1);
        const last = [...beside.getClientRects()].at(-1);
        return range.getBoundingClientRect().top > last.bottom - 1;
    };
    while (texts.nextNode()) {
        const node = texts.currentNode, above = node.parentElement;
        if (!above.checkVisibility() || above.closest("svg, pre, .katex")) continue;
        const beside = /^[.,;:!?)]/.test(node.data) ? node.previousSibling : null;
        if (beside?.matches?.("code, a, em, strong, .math:has(.base:only-child)")) {
            if (apart(node, beside)) found.push(beside.textContent + node.data);
        }
    }
    return found;
}"""


@pytest.mark.parametrize(
    "page", [*NOTES, CLAIMS, "book/references.html", "book/how-to-read.html"]
)
def test_no_line_begins_with_a_point(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
    page: str,
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    tab = context.new_page()
    tab.goto(address + page)
    tab.add_style_tag(content="* { content-visibility: visible !important; }")
    parted = tab.evaluate(PARTED)
    context.close()
    assert not parted, "\n".join(parted)


def test_what_scrolls_sideways_fades_where_it_goes_on(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    tab = context.new_page()
    tab.goto(address + "notebooks/vae-geometry.html")
    tab.add_style_tag(content="* { content-visibility: visible !important; }")
    for box in (".math-scroll", ".cell_input pre", ".pst-scrollable-table-container"):
        wide = tab.locator(f"{box}.more").first
        mask = "box => getComputedStyle(box).maskImage"
        assert "gradient" in wide.evaluate(mask)
        whole = wide.element_handle()
        whole.evaluate("box => box.scrollLeft = box.scrollWidth")
        tab.wait_for_function("box => !box.classList.contains('more')", arg=whole)
        assert whole.evaluate(mask) == "none"
    context.close()


def test_formulas_carry_no_source() -> None:
    for page in NOTES:
        assert not article(page).select(".katex annotation"), page
    assert r"\\begin" not in (SITE / "_static" / "search" / "sections.js").read_text()


def test_no_link_has_an_icon_of_a_font_that_is_not_here(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
) -> None:
    tab = browser.new_page()
    tab.goto(address + "book/references.html")
    links = tab.locator("article a.github")
    icon = "links => links.map(link => getComputedStyle(link, '::before').content)"
    assert links.count() and set(links.evaluate_all(icon)) == {"none"}
    tab.close()


@pytest.mark.parametrize("pattern", [APART, HYPHEN], ids=["unit", "sign"])
@pytest.mark.parametrize("page", [*NOTES, CLAIMS])
def test_no_number_on_a_page_can_lose_its_unit_or_sign(
    page: str, pattern: re.Pattern
) -> None:
    for text in article(page).select_one("section").find_all(string=pattern):
        inside = {tag.name for tag in text.parents}
        classes = {name for tag in text.parents for name in tag.get("class", [])}
        plain = inside & {
            "pre",
            "code",
            "svg",
            "nk-player",
            "form",
            *(f"h{n}" for n in range(1, 7)),
        }
        assert plain or classes & {"katex", "citation", "footnote"}, f"{page}: {text!r}"


@pytest.mark.parametrize("page", [*NOTES, CLAIMS])
def test_claims_use_the_same_mathematics_everywhere(page: str) -> None:
    for line in article(page).select(".nk-claim-line, ul.ledger p, .ledger-fallen"):
        for text in line.find_all(string=re.compile("[²‖√κλσμβε]")):
            assert text.find_parent(class_="katex"), f"{page}: {text!r}"


@pytest.mark.parametrize("page", NOTES)
def test_verdicts_in_a_table_have_mark_and_colour(page: str) -> None:
    marked = article(page).select("td a > .nk-claim")
    assert marked, page
    for words in marked:
        (kind,) = set(words["class"]) & set(MARKS)
        assert words.get_text()[0] == MARKS[kind]
    for table in article(page).select("table"):
        heads = [cell.get_text(strip=True).lower() for cell in table.select("th")]
        if "verdict" in heads:
            for row in table.select("tbody tr"):
                cell = row.find_all("td")[heads.index("verdict")]
                for link in cell.select("a[href*='#claim-']"):
                    assert link.select_one(".nk-claim"), f"{page}: {link}"


LOOKS = """() => {
    const kinds = [...document.querySelectorAll("article summary")].map(summary => {
        const own = getComputedStyle(summary);
        const fold = getComputedStyle(summary.parentElement);
        const drawn = summary.querySelector(".sd-summary-state-marker");
        const words = summary.querySelector("p, .sd-summary-text") ?? summary;
        const text = getComputedStyle(words);
        return [
            own.backgroundColor, own.borderWidth,
            own.paddingLeft, own.paddingTop, text.fontSize, text.fontWeight, text.color,
            fold.borderWidth, fold.boxShadow, fold.backgroundColor,
            drawn?.checkVisibility() ?? false,
        ].join(" | ");
    });
    return [...new Set(kinds)];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", NOTES[:2])
def test_all_folds_look_alike(
    browser: Browser,  # noqa: F811
    address: str,  # noqa: F811
    page: str,
    theme: str,
) -> None:
    context = browser.new_context(color_scheme=theme)
    tab = context.new_page()
    tab.goto(address + page)
    looks = tab.evaluate(LOOKS)
    context.close()
    assert len(looks) == 1, "\n".join(looks)


def test_short_formulas_stay_in_one_piece() -> None:
    page = article(NOTES[0])
    whole = page.select(".whole")
    assert whole and len(whole) < len(page.select("span.math"))
    style = (SITE / "_static" / "site.css").read_text(encoding="utf-8")
    assert re.search(r"\.whole\s*\{\s*white-space:\s*nowrap", style)
