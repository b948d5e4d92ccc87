"""How nbval judges a notebook, with the options of pyproject.toml: a claim's verdict
and sentence count; its figure, and what is printed or tabulated, does not."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from support import ROOT

SETUP = (
    f"import sys\nsys.path.insert(0, {str(ROOT / 'notebooks')!r})\nimport notekit as nk"
)
CLAIM = """\
two = nk.Measured(1 + 1, 2, tolerance=0.5, how="computed", what="one and one")
nk.claim("{id}", "One and one are two.", two)
print("measured: 0.25")
nk.table(["measured"], [[0.25]])"""
TIMED = """\
quick = nk.Bound(1, at_most=1.5, how="timed", what="seconds")
slow = nk.Bound(2, at_most=1.5, how="timed", what="twice the work")
nk.claim("{id}", "It is quick.", quick, control=slow)"""
# The claim's id, what is replaced in its stored output, and whether nbval must object.
STORED = {
    "kept": ("checked", "checked", False),
    "another-figure": ("more than 0.5", "more than 0.25", False),
    "another-verdict": ("checked", "proved", True),
    "another-sentence": ("One and one", "Two and two", True),
    "timed-elsewhere": ("checked", "not-judged", False),
    "timed-otherwise": ("quick", "slow", True),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What nbval says of a notebook whose claims were stored with other words."""
    path = tmp_path_factory.mktemp("nbval") / "claims.ipynb"
    cells = [
        v4.new_code_cell(
            (TIMED if name.startswith("timed") else CLAIM).format(id=name),
            metadata={"tags": ["nbval-check-output"]},
        )
        for name in STORED
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(SETUP), *cells])
    NotebookClient(notebook).execute()
    for cell, (old, new, _) in zip(cells, STORED.values(), strict=True):
        data = cell.outputs[0].data
        for mime, text in data.items():
            assert old in text
            data[mime] = text.replace(old, new)
        for output in cell.outputs[1:]:  # on another processor
            texts = output.get("data", output)
            for kind in {"text", "text/markdown"} & texts.keys():
                texts[kind] = texts[kind].replace("0.25", "0.26")
    nbformat.write(notebook, path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rA",
        "-c",
        ROOT / "pyproject.toml",
        "--color=no",
        path,
    ]
    return subprocess.run(
        command, cwd=ROOT, text=True, capture_output=True, timeout=120
    ).stdout


@pytest.mark.parametrize("name", STORED)
def test_nbval_objects_to_another_claim_but_not_to_another_figure(
    judged: str, name: str
) -> None:
    number = list(STORED).index(name) + 1  # after the cell that imports
    verdict = "FAILED" if STORED[name][2] else "PASSED"
    assert re.search(rf"^{verdict} .*::Cell {number}\b", judged, re.MULTILINE), judged
