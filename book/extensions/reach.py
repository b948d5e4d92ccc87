"""Says how far claims carry: under which other seeds and settings they held.

`make robustness` writes it to notebooks/robustness.json; what was found with other code
than the note has now does not count.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "notebooks" / "robustness.json"
UNTRIED = "Not yet run under other seeds and settings."
VERDICTS = "what-held-and-what-did-not"  # the section of a note that sums up


@cache  # three pages ask, and a fingerprint reads the note and notekit
def runs(note: Path) -> dict | None:
    """The runs of a note that count, as robustness.json has them, or None."""
    text = FOUND.read_text(encoding="utf-8") if FOUND.exists() else "{}"
    found = json.loads(text).get(note.stem)
    if not found:
        return None
    from robustness import fingerprint  # late: without runs it is not needed

    return found if found["fingerprint"] == fingerprint(note) else None


def reach(found: dict | None, record: dict) -> dict | None:
    """The runs of one claim: seeds, settings, and those of both in which it failed.

    None for a timed claim, which the runs leave out, and for an identity, which is the
    same in all of them; what is computed is the same under every seed.
    """
    if not found or record["how"] == "timed" or record["kind"] == "identity":
        return None
    seeds = found["seeds"] if record["how"] != "computed" else []
    if not seeds and not found["settings"]:
        return None
    return {
        "seeds": seeds,
        "settings": found["settings"],
        "failed": found["failed"].get(record["id"], []),
    }


def words(robustness: dict) -> str:
    """For example: 12 of 12 seeds; 5 of 7 settings, not with steps=4000."""
    seeds, settings = robustness["seeds"], robustness["settings"]
    lost = [setting for setting in settings if setting in robustness["failed"]]
    kept = sum(f"seed {seed}" not in robustness["failed"] for seed in seeds)
    parts = [f"{kept} of {len(seeds)} seeds"] if seeds else []
    if settings:
        parts.append(f"{len(settings) - len(lost)} of {len(settings)} settings")
    return "; ".join(parts) + (f", not with {', '.join(lost)}." if lost else ".")


def strip(robustness: dict) -> str:
    """A mark for each run, seeds first: ■ where the claim held, ✗ where it failed."""

    def marks(labels: list[str]) -> str:
        return "".join("■✗"[label in robustness["failed"]] for label in labels)

    seeds = marks([f"seed {seed}" for seed in robustness["seeds"]])
    return " ".join(filter(None, [seeds, marks(robustness["settings"])]))


def summary(found: dict | None) -> str:
    """What was run for a note, or that nothing was."""
    if not found:
        return UNTRIED
    text, settings = f"Run under {len(found['seeds'])} seeds", found["settings"]
    changed = f", and with one setting changed at a time: {', '.join(settings)}"
    return text + (f"{changed}." if settings else ".")


def annotate(app: Sphinx, doctree: nodes.document) -> None:
    """Say it in the page's records, on each claim's line, and once for the note."""
    env, docname = app.env, app.env.docname
    if not env.claims[docname]:
        return
    tried = runs(Path(env.doc2path(docname)))
    for record in env.claims[docname]:
        record["robustness"] = reach(tried, record)
    records = {record["id"]: record for record in env.claims[docname]}
    sections = list(doctree.findall(nodes.section))
    place = next((part for part in sections if VERDICTS in part["ids"]), sections[0])
    place.insert(1, nodes.paragraph("", summary(tried), classes=["nk-reach"]))
    for line in doctree.findall(nodes.paragraph):
        if "nk-claim-line" in line["classes"]:
            marks = "".join(mark.astext() for mark in line.findall(nodes.raw))
            record = records[re.search(r'id="claim-([^"]+)"', marks)[1]]
            found = record["robustness"]
            text = f". {words(found)}" if found else "."
            line += nodes.inline("", text, classes=["nk-figure", "nk-reach"])


def setup(app: Sphinx) -> dict:
    """Register the hook, which follows that of claims.py."""
    sys.path.append(str(ROOT / "book" / "tools"))
    app.connect("doctree-read", annotate, priority=600)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
