"""Collects the records of claims that executed notebooks carry.

It also makes their anchors targets of references: claim-ID is where a claim is judged.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)


def executed(env: BuildEnvironment, docname: str) -> NotebookNode | None:
    """The page's notebook with the outputs of the execution cache, or None.

    myst-nb keeps a copy in the build folder, but leaves out outputs that it took from
    the cache: they are put back.
    """
    path, config = env.doc2path(docname), env.mystnb_config
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, env.myst_config, config, text)
    if not reader:
        return None
    notebook = reader.read(text)
    with suppress(KeyError):
        cache = get_cache(config.execution_cache_path)
        notebook = cache.merge_match_into_notebook(notebook)[1]
        nbformat.write(notebook, Path(config.output_folder) / f"{docname}.ipynb")
    return notebook


def records(env: BuildEnvironment, docname: str) -> list[dict]:
    """The records in the executed notebook of a page, in order."""
    notebook = executed(env, docname)
    cells = notebook.cells if notebook else []
    metadata = [o.get("metadata", {}) for c in cells for o in c.get("outputs", [])]
    return [dict(words["notekit"]) for words in metadata if "notekit" in words]


def mistakes(env: BuildEnvironment, docname: str, found: list[dict]) -> list[str]:
    """What may not be published: an id used twice, and a claim that failed."""
    names = Counter(record["id"] for record in found)
    twice = [name for name, count in names.items() if count > 1]
    others = [
        (record["id"], other)
        for other, claims in env.claims.items()
        for record in claims
        if record["id"] in names
    ]
    failed = [record["id"] for record in found if record["verdict"] == "failed"]
    return [
        *(f"the claim id {name!r} is used twice in {docname}" for name in twice),
        *(f"the claim id {n!r} is used in {docname} and in {o}" for n, o in others),
        *(f"the claim {name!r} in {docname} fails" for name in failed),
    ]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the page's records, and make every claim's anchor a target of references."""
    env, docname = app.env, app.env.docname
    found = records(env, docname)
    for mistake in mistakes(env, docname, found):
        logger.warning(mistake, location=doctree, type="ledger")
    env.claims[docname] = found
    labels = env.domains["std"].data
    for record in found:
        anchor = f"claim-{record['id']}"
        labels["labels"][anchor] = (docname, anchor, plain(record["sentence"]))
        labels["anonlabels"][anchor] = (docname, anchor)
    for mark in doctree.findall(nodes.raw):
        if 'class="nk-claim ' in mark.astext():
            mark.parent["classes"].append("nk-claim-line")


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """A page that is read again, or is gone, has no records yet."""
    if not hasattr(env, "claims"):
        env.claims = {}
    env.claims.pop(docname, None)


def plain(text: str) -> str:
    """Markdown without its marks."""
    return re.sub(r"[*`$]", "", text)


def setup(app: Sphinx) -> dict:
    """Register the hooks."""
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", collect)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
