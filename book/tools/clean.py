"""Makes a notebook that a front end saved or ran fit for a commit: a filter for git.

What JupyterLab or an editor saves differs from what make notebooks stores: versions,
widgets, and outputs that came out otherwise. This reads such a file and writes it with
the outputs that the repository has, cell by cell, where the code is the same; a changed
cell has none until make notebooks runs. Whatever make notebooks stored passes as it is.
"""

from __future__ import annotations

import subprocess
import sys

import nbformat
from nbformat import NotebookNode

LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",
}
OURS = (
    "tags",
    "mystnb",
    "slideshow",
)  # of a cell's metadata: the rest is a front end's
# What the site's tags are in Jupyter's own words.
FOLDS = {
    "hide-input": ["source_hidden"],
    "hide-output": ["outputs_hidden"],
    "hide-cell": ["source_hidden", "outputs_hidden"],
    "remove-cell": ["source_hidden"],
}


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Without what a front end or a machine left; folded as the tags say."""
    notebook.metadata["language_info"] = dict(LANGUAGE)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata = NotebookNode(
            {name: cell.metadata[name] for name in OURS if name in cell.metadata}
        )
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", ())
            if hidden := [fold for tag in tags for fold in FOLDS.get(tag, ())]:
                cell.metadata["jupyter"] = dict.fromkeys(hidden, True)
    return notebook


def committed(name: str) -> NotebookNode | None:
    """The notebook that the repository has under this name, if it has one."""
    result = subprocess.run(["git", "show", f":{name}"], capture_output=True)
    try:
        return nbformat.reads(result.stdout.decode(), as_version=4)
    except (nbformat.reader.NotJSONError, UnicodeDecodeError):
        return None


def clean(text: str, stored: NotebookNode | None) -> str:
    """The text of a notebook as it should be committed."""
    try:
        notebook = nbformat.reads(text, as_version=4)
    except nbformat.reader.NotJSONError:
        print("A note is no JSON: after a merge, are there marks?", file=sys.stderr)
        return text
    if notebook.metadata.get("language_info") == LANGUAGE or stored is None:
        return text  # no front end has saved it
    known = {cell.id: cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            old = known.get(cell.id)
            same = old is not None and old.source == cell.source
            cell.outputs = old.outputs if same else []
            cell.execution_count = old.execution_count if same else None
    notebook.metadata["kernelspec"] = stored.metadata.get("kernelspec", {})
    return nbformat.writes(tidy(notebook)) + "\n"


if __name__ == "__main__":
    text = sys.stdin.buffer.read().decode()
    text = clean(text, committed(sys.argv[1]))
    sys.stdout.buffer.write(text.encode())
