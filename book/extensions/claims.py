"""Collects the records of claims that executed notebooks carry, and makes their anchors targets of references.

A record has id, sentence, source, kind, verdict, figure and original; the page that judges it has the anchor claim-ID.
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
    """The page's notebook with the outputs that the execution cache holds; None if the page is no notebook.

    myst-nb keeps a copy in the build folder, but leaves out outputs that it took from the cache: they are put back.
    """
    path, config = env.doc2path(docname), env.mystnb_config
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, env.myst_config, config, text)
    if not reader:
        return None
    notebook = reader.read(text)
    with suppress(KeyError):
        notebook = get_cache(config.execution_cache_path).merge_match_into_notebook(
            notebook
        )[1]
        nbformat.write(notebook, Path(config.output_folder) / f"{docname}.ipynb")
    return notebook


def records(env: BuildEnvironment, docname: str) -> list[dict[str, str]]:
    """The records in the executed notebook of a page, in order."""
    notebook = executed(env, docname)
    outputs = (
        [output for cell in notebook.cells for output in cell.get("outputs", [])]
        if notebook
        else []
    )
    return [
        dict(output["metadata"]["notekit"])
        for output in outputs
        if "notekit" in output.get("metadata", {})
    ]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the page's records, and make every claim's anchor a target of references."""
    env, docname = app.env, app.env.docname
    found = records(env, docname)
    for name, count in Counter(record["id"] for record in found).items():
        elsewhere = [
            other
            for other, claims in env.claims.items()
            if any(claim["id"] == name for claim in claims)
        ]
        if count > 1 or elsewhere:
            where = (
                f"twice in {docname}"
                if count > 1
                else f"in {docname} and in {elsewhere[0]}"
            )
            logger.warning(
                "the claim id %r is used %s",
                name,
                where,
                location=doctree,
                type="ledger",
            )
    env.claims[docname] = found
    labels = env.domains["std"].data
    for record in found:
        anchor = f"claim-{record['id']}"
        labels["labels"][anchor] = (docname, anchor, plain(record["sentence"]))
        labels["anonlabels"][anchor] = (docname, anchor)
    for mark in doctree.findall(
        lambda node: isinstance(node, nodes.raw) and 'class="nk-claim ' in node.astext()
    ):
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
