"""Shows which settings overturn claims, and which claims do not hold in every run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from docutils import nodes
from ledger import carried, inline, judged, line, link, table
from reach import runs, summary
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MOST = 12  # settings in the first table


class carries(nodes.General, nodes.Element):
    """Where the runs will stand."""


class Carries(SphinxDirective):
    """The settings that overturn most claims; then each note's claims that fell."""

    def run(self) -> list[nodes.Node]:
        return [carries()]


def entry(record: dict, uri: str) -> nodes.list_item:
    """A claim that fell: its sentence, its runs."""
    claim = link("its cell", f"{uri}#claim-{record['id']}")
    sentence = line("sentence", *inline(record["sentence"]), " (", claim, ")")
    return nodes.list_item("", sentence, carried(record["robustness"]))


def overturning(notes: dict[str, list[dict]]) -> Counter[tuple[str, str]]:
    """How many claims fail under each setting of each note."""
    return Counter(
        (name, label)
        for name, records in notes.items()
        for record in records
        for label in record["robustness"]["failed"]
        if label in record["robustness"]["settings"]
    )


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the runs where the directive stands."""
    for place in list(doctree.findall(carries)):
        claims, titles = app.env.claims, app.env.titles
        notes = {
            name: found
            for name in judged(app.env)
            if (found := [each for each in claims[name] if each["robustness"]])
        }
        if not notes:
            place.replace_self(nodes.paragraph("", summary(None)))
            continue

        uris = {name: app.builder.get_relative_uri(page, name) for name in notes}
        found = [
            [
                [link(titles[name].astext(), uris[name])],
                [nodes.literal("", label)],
                str(count),
            ]
            for (name, label), count in overturning(notes).most_common(MOST)
        ]
        content = [table(["note", "setting", "claims that fail"], found)]
        for name, records in notes.items():
            fell = [record for record in records if record["robustness"]["failed"]]
            count = f"{len(records) - len(fell)} of {len(records)} claims hold in all."
            text = f"{summary(runs(Path(app.env.doc2path(name))))} {count}"
            title = nodes.title("", "", link(titles[name].astext(), uris[name]))
            section = nodes.section("", title, ids=[f"runs-{Path(name).name}"])
            section += nodes.paragraph("", text)
            items = [entry(record, uris[name]) for record in fell]
            section += nodes.bullet_list("", *items)
            content.append(section)
        place.replace_self(content)


def setup(app: Sphinx) -> dict:
    """Register the directive `carries` and its hook."""
    app.add_node(carries)
    app.add_directive("carries", Carries)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
