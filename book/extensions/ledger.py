"""Shows the records that claims.py collected: all on one page, and in claims.json."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from docutils import nodes
from reach import runs, strip, summary, words
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

SCHEMA = Path(__file__).with_name("claims.schema.json")
VERDICTS = {
    "proved": "✓",
    "checked": "✓",
    "observed": "✓",
    "corrected": "△",
    "refuted": "✗",
    "not reproduced": "○",
    "not judged": "?",
}
FALLEN = ("refuted", "corrected", "not reproduced")
KINDS = {
    "identity": "identity",
    "measured": "measurement",
    "bound": "bound",
    "cases": "cases",
    "trials": "repeated trials",
    "difference": "paired difference",
    "equivalent": "equivalence",
}


class ledger(nodes.General, nodes.Element):
    """Where the claims will stand."""


class Ledger(SphinxDirective):
    """All claims of the book: counts, then one list a notebook."""

    def run(self) -> list[nodes.Node]:
        return [ledger()]


def inline(text: str) -> list[nodes.Node]:
    """The Markdown that sentences use: $mathematics$, `code` and *emphasis*."""
    kinds = {"$": nodes.math, "`": nodes.literal, "*": nodes.emphasis}
    parts = re.split(r"(\$[^$]+\$|`[^`]+`|\*[^*]+\*)", text)
    return [
        kinds[part[0]](text=part[1:-1]) if index % 2 else nodes.Text(part)
        for index, part in enumerate(parts)
    ]


def line(kind: str, *parts: str | nodes.Node) -> nodes.paragraph:
    """A paragraph of an entry."""
    texts = [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    return nodes.paragraph("", "", *texts, classes=[f"ledger-{kind}"])


def slug(words: str) -> str:
    """One word for a class or an address."""
    return words.replace(" ", "-")


def link(text: str, target: str) -> nodes.reference:
    """A link inside the site."""
    return nodes.reference("", text, refuri=target, internal=True)


def mark(verdict: str) -> nodes.inline:
    """A verdict with its sign, in its colour."""
    classes = ["nk-claim", f"nk-{slug(verdict)}"]
    return nodes.inline("", f"{VERDICTS.get(verdict, '!')} {verdict}", classes=classes)


def row(cells: Sequence[str | list[nodes.Node]]) -> nodes.row:
    """A row of a table, of texts and of lists of nodes."""
    texts = [[nodes.Text(c)] if isinstance(c, str) else c for c in cells]
    paragraphs = [nodes.paragraph("", "", *text) for text in texts]
    return nodes.row("", *(nodes.entry("", each) for each in paragraphs))


def table(headings: Sequence[str], rows: list[list], *classes: str) -> nodes.table:
    """A table with one row of headings."""
    columns = [nodes.colspec(colwidth=1) for _ in headings]
    head, body = nodes.thead("", row(headings)), nodes.tbody("", *map(row, rows))
    group = nodes.tgroup("", *columns, head, body, cols=len(headings))
    return nodes.table("", group, classes=["colwidths-auto", *classes])


def carried(robustness: dict) -> nodes.paragraph:
    """How far a claim carries, drawn and in words that say the same."""
    drawn = f'<span class="nk-strip" aria-hidden="true">{strip(robustness)}</span> '
    holds = f"Holds under {words(robustness)}"
    return line("carries", nodes.raw("", drawn, format="html"), holds)


def entry(record: dict) -> nodes.list_item:
    """One claim: verdict, sentence, what the original says, evidence, its cell."""
    verdict, kind = record["verdict"], record["kind"]
    evidence = ", ".join(filter(None, [KINDS[kind].capitalize(), record["how"]]))
    lines = [
        line("verdict", mark(verdict)),
        line("sentence", *inline(record["sentence"])),
    ]
    if record["original"]:
        lines += [line("original", "The article says: ", *inline(record["original"]))]
    lines += [line("evidence", f"{evidence}: ", *inline(record["figure"]), ".")]
    if record["control"]:
        lines += [line("control", "Control, ", *inline(record["control"]), ".")]
    if record["settings"]:
        values = ", ".join(f"{k}={v}" for k, v in record["settings"].items())
        lines += [line("settings", f"Here with {values}.")]
    if record["robustness"]:
        lines += [carried(record["robustness"])]
    source = record["source"]
    article = ["Stated in: ", *inline(source), ". "] if source else []
    here = link(record["id"], record["entry"])
    cell = link("its cell", record["cell"])
    lines += [line("source", *article, "Claim ", here, ", judged in ", cell, ".")]
    choices = [f"verdict-{slug(verdict)}", f"note-{record['note']}", f"kind-{kind}"]
    anchor = record["entry"].rpartition("#")[2]
    return nodes.list_item("", *lines, ids=[anchor], classes=choices)


def choice(name: str, options: dict[str, str]) -> str:
    """A list from which the reader chooses; book/static/ledger.js reads it."""
    items = "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>'
        for value, text in {"": "all", **options}.items()
    )
    return f'<label>{name.capitalize()} <select name="{name}">{items}</select></label>'


def chooser(records: list[dict], titles: dict[str, str]) -> nodes.raw:
    """The form that filters, hidden until a script shows it."""
    verdicts = [word for word in VERDICTS if any(r["verdict"] == word for r in records)]
    kinds = {k: v for k, v in KINDS.items() if any(r["kind"] == k for r in records)}
    lists = [
        choice("verdict", {slug(verdict): verdict for verdict in verdicts}),
        choice("note", titles),
        choice("kind", kinds),
    ]
    lists += ['<button type="button">Show all</button>', "<output></output>"]
    words = 'class="ledger-filter" aria-label="Filter" autocomplete="off" hidden'
    return nodes.raw("", f"<form {words}>{''.join(lists)}</form>", format="html")


def addressed(app: Sphinx, page: str, docname: str, record: dict) -> dict:
    """A record with its note and, relative to the page, where it stands."""
    return {
        **record,
        "note": Path(docname).name,
        "cell": f"{app.builder.get_relative_uri(page, docname)}#claim-{record['id']}",
        "entry": f"{Path(app.builder.get_target_uri(page)).name}#ledger-{record['id']}",
    }


def publish(app: Sphinx, page: str, records: list[dict]) -> nodes.paragraph:
    """Write the records and their schema beside the page; the words that say so."""
    folder = Path(app.outdir, page).parent
    folder.mkdir(parents=True, exist_ok=True)
    data = {"$schema": SCHEMA.name, "claims": records}
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / "claims.json").write_text(text + "\n", encoding="utf-8")
    shutil.copy(SCHEMA, folder)
    file, schema = link("claims.json", "claims.json"), link("schema", SCHEMA.name)
    return line("data", "The same as data: ", file, "; its ", schema, ".")


def counts(records: list[dict]) -> list[nodes.Node]:
    """How many claims there are, and how many have each verdict, with links."""
    count = Counter(record["verdict"] for record in records)
    if not records:
        return [nodes.Text("No claim has been judged yet.")]
    parts = [nodes.Text(f"{len(records)} claims: ")]
    for word in filter(count.get, VERDICTS):
        parts += [link(f"{count[word]} {word}", f"?verdict={slug(word)}")]
        parts += [nodes.Text(", ")]
    return [*parts[:-1], nodes.Text(".")]


def fallen(records: list[dict]) -> list[nodes.Node]:
    """What did not hold as the original says it, before everything else."""
    found = sorted(
        (record for record in records if record["verdict"] in FALLEN),
        key=lambda record: FALLEN.index(record["verdict"]),
    )
    items = []
    for record in found:
        said = record["original"] or record["sentence"]
        more = link("evidence", record["entry"])
        text = line("fallen", mark(record["verdict"]), *inline(said), " (", more, ")")
        items.append(nodes.list_item("", text))
    title = nodes.rubric("", "What did not hold as the articles say it")
    return [title, nodes.bullet_list("", *items)] if items else []


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the claims where the directive stands."""
    for place in list(doctree.findall(ledger)):
        claims, titles = app.env.claims, app.env.titles
        order = judged(app.env)
        notes = {
            docname: [addressed(app, page, docname, each) for each in claims[docname]]
            for docname in order
        }
        records = sum(notes.values(), [])
        names = {Path(docname).name: titles[docname].astext() for docname in order}
        first = [line("counts", *counts(records)), publish(app, page, records)]
        parts = [
            nodes.list_item(
                "", nodes.paragraph("", "", link(names[name], f"#{anchor}"))
            )
            for name, anchor in ((Path(d).name, section_id(d)) for d in order)
        ]
        contents = [nodes.bullet_list("", *parts, classes=["ledger-contents"])]
        rest = [*fallen(records), *contents, chooser(records, names)]
        content = [*first, *rest] if records else first
        for docname, found in notes.items():
            text = nodes.Text(titles[docname].astext())
            title = make_refnode(app.builder, page, docname, "", text)
            name = nodes.title("", "", title)
            section = nodes.section("", name, ids=[section_id(docname)])
            section += line("reach", summary(runs(Path(app.env.doc2path(docname)))))
            section += nodes.bullet_list("", *map(entry, found), classes=["ledger"])
            content.append(section)
        place.replace_self(content)


def section_id(docname: str) -> str:
    """Where the claims of a note begin."""
    return "claims-" + docname.replace("/", "-")


def judged(env: BuildEnvironment) -> list[str]:
    """The pages with claims, in the order of the table of contents."""
    pages = [page for children in env.toctree_includes.values() for page in children]
    claims = filter(env.claims.get, env.claims)
    return sorted(claims, key=lambda p: pages.index(p) if p in pages else len(pages))


def setup(app: Sphinx) -> dict:
    """Register the directive `ledger` and its hooks."""
    app.add_node(ledger)
    app.add_directive("ledger", Ledger)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
