"""The students' notebooks have no solutions, and run up to where an answer is wanted.

Running one note takes a minute: STUDENT_NOTES=all runs all of them.
"""

import ast
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

import student
from kernels import ENCRYPTED
from rerun import FIRST_ID
from support import NOTEBOOKS, SITE, code, prose, read
from test_again import read_and_set

every_note = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
SYMBOLS = re.compile(r"[\w, ]+ = sp\.[sS]ymbols?\(")
QUICK = "random-angles"  # one of those that take the least time


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make student writes."""
    folder = tmp_path_factory.mktemp("student")
    student.write(folder)
    return folder


# Solutions, found in a note by another road than that of the generator.


def exercises(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells between two headings, with the cells in which these stand."""
    starts = ("## Exercises", "## In one minute")
    first, last = (
        next(i for i, cell in enumerate(notebook.cells) if start in cell.source)
        for start in starts
    )
    return notebook.cells[first : last + 1]


def solution_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that the site folds among the exercises, but for checks."""
    return [
        cell
        for cell in exercises(notebook)
        if cell.cell_type == "code"
        and "hide-cell" in cell.metadata.tags
        and "check" not in cell.metadata.tags
    ]


def check_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that the site folds and that hold the checks of exercises."""
    return [
        cell
        for cell in exercises(notebook)
        if cell.cell_type == "code" and {"hide-cell", "check"} <= {*cell.metadata.tags}
    ]


def solution_texts(notebook: NotebookNode) -> list[str]:
    """What stands in the folds that are called solutions."""
    found = []
    for cell in exercises(notebook):
        inside = False
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
            if line.startswith(":::"):
                inside = "Solution" in line
            elif inside:
                found.append(line)
    return found


def squeezed(text: str) -> str:
    """Text as it is, however its lines are set."""
    return " ".join(text.split())


def telling(line: str) -> bool:
    """Whether a line holds more than a name or two."""
    letters = re.findall(r"\w", line)
    return len(letters) >= 8 and not re.fullmatch(r"\w+,", line.strip())


def strings(value: object) -> Iterator[str]:
    """Every text inside of a notebook, also in metadata and outputs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def secrets(notebook: NotebookNode) -> set[str]:
    """Every line of a solution or check, and of what it puts out, that tells something.

    A line that stands in another cell too is no secret, such as the start of a
    derivation, which the exercise gives; nor are the symbols of the derivations that
    the reader writes, which a cell with likely mistakes names first.
    """
    cells = solution_cells(notebook) + check_cells(notebook)
    lines = [
        line
        for cell in cells
        for line in cell.source.splitlines()
        if "your-turn" not in cell.metadata.tags or not SYMBOLS.match(line)
    ]
    lines += [text for cell in cells for text in strings(cell.outputs)]
    lines += [part for text in solution_texts(notebook) for part in text.split("{eq}")]
    known = {id(cell) for cell in cells}
    others = [cell for cell in notebook.cells if id(cell) not in known]
    open_lines = {
        squeezed(line)
        for cell in others
        if cell.cell_type == "code"
        for text in strings([cell.source, cell.outputs])
        for line in text.splitlines()
    }
    lines = [part for line in lines for part in line.splitlines()]
    return {squeezed(line) for line in lines if telling(line)} - open_lines


def left(notebook: NotebookNode, wanted: set[str]) -> list[str]:
    """Which of the lines stand in a notebook."""
    text = squeezed("\n".join(strings(notebook)))
    return sorted(line for line in wanted if line in text)


@every_note
def test_no_line_of_a_solution_is_left(path: Path, folder: Path) -> None:
    wanted = secrets(read(path))
    assert len(wanted) > 20  # so many there are in every note
    assert not left(nbformat.read(folder / path.name, 4), wanted)


@every_note
def test_a_line_of_a_solution_would_be_found(path: Path, folder: Path) -> None:
    notebook = nbformat.read(folder / path.name, 4)
    wanted = secrets(read(path))
    for line in sorted(wanted):
        spoiled = NotebookNode(cells=[{"outputs": [{"data": {"text/plain": line}}]}])
        assert line in left(spoiled, wanted)
    assert set(left(read(path), wanted)) == wanted
    notebook.cells[-1].metadata["note"] = f"first\n   {sorted(wanted)[0]}"
    assert left(notebook, wanted)


@every_note
def test_every_exercise_has_room_for_an_answer(path: Path, folder: Path) -> None:
    cells = exercises(nbformat.read(folder / path.name, 4))
    parts, room = [], {}
    for cell in cells:
        parts += re.findall(r"^### (.*★.*)$", cell.source, re.MULTILINE)
        wanted = {"answer", "your-turn"} & set(cell.metadata.get("tags", []))
        if parts and wanted:
            room.setdefault(parts[-1], []).append(cell)
    told = [re.findall(r"^### (.*★.*)$", c.source, re.M) for c in exercises(read(path))]
    assert parts == sum(told, []) and list(room) == parts
    answers = [cell for cells in room.values() for cell in cells]
    code_cells = [cell for cell in answers if cell.cell_type == "code"]
    asked = [cell for cell in code_cells if "answer" in cell.metadata.tags]
    on_paper = [title for title in room if "On paper" in title]
    assert not [cell for title in on_paper for cell in room[title] if cell in asked]
    folded, title = [], ""
    for cell in exercises(read(path)):
        title = [title, *re.findall(r"^### (.*)", cell.source, re.M)][-1]
        folded += [title] if cell in solution_cells(read(path)) else []
    wanted = [title for title in folded if not re.search("On paper|Your turn", title)]
    assert len(asked) == len(wanted) > 0


@every_note
def test_all_else_is_what_the_site_offers(path: Path, folder: Path) -> None:
    offered = nbformat.read(SITE / "_sources" / "notebooks" / path.name, 4)
    known = {cell.id: cell.source for cell in offered.cells}
    shared = 0
    for cell in nbformat.read(folder / path.name, 4).cells:
        if cell.id in known and student.PACKED not in cell.source:
            same = cell.source == known[cell.id]
            assert same or cell.id == FIRST_ID or "★" in known[cell.id], cell.source
            shared += same
    assert shared > 60


@every_note
def test_no_cell_reads_what_only_a_solution_sets(path: Path, folder: Path) -> None:
    ours = nbformat.read(folder / path.name, 4)
    kept = [cell for cell in ours.cells if cell.cell_type == "code"]
    names = set().union(*(read_and_set(cell.source)[1] for cell in kept))
    for cell in solution_cells(read(path)):
        lost = read_and_set(cell.source)[1] - names
        for other in kept:
            reads = read_and_set(other.source)[0]
            # slips_1 is among them, and is set by what is packed.
            lacking = {name for name in reads & lost if not name.startswith("slips")}
            assert not lacking, f"{lacking} in:\n{other.source}"


# The likely mistakes, and the checks.

SLIPS = """\
x = sp.Symbol("x", real=True)
# Wrong lines that are likely, each with what is wrong.
slips_1 = [
    (x**2, "the cross term is missing"),
]"""


CHECK = """\
def check_two(answer):
    \"\"\"Whether it is two.\"\"\"
    return answer == 1 + 1"""


def your_turn(notebook: NotebookNode) -> list[str]:
    """The code of the cells that set likely mistakes."""
    return [
        cell.source
        for cell in notebook.cells
        if "your-turn" in cell.metadata.get("tags", [])
        and re.search(r"^slips_1\b|^packed\b", cell.source, re.M)
    ]


def run(source: str) -> dict:
    """The names that code sets, after what every note imports."""
    names: dict = {}
    exec("import sympy as sp\n" + source, names)
    return {name: value for name, value in names.items() if not name.startswith("__")}


def test_likely_mistakes_are_the_same_and_cannot_be_read() -> None:
    packed = student.pack(SLIPS)
    assert run(packed)["slips_1"] == run(SLIPS)["slips_1"]
    assert 'Symbol("x", real=True)' in packed
    assert "cross" not in packed and "x**2" not in packed and "Wrong" not in packed


def test_a_check_answers_and_cannot_be_read() -> None:
    packed = student.pack(CHECK)
    check = run(packed)["check_two"]
    assert check(2) and not check(3)
    assert not [line for line in CHECK.splitlines() if line.strip() in packed]


@every_note
def test_the_note_s_own_likely_mistakes_are_the_same(path: Path, folder: Path) -> None:
    before, after = (
        your_turn(note) for note in (read(path), nbformat.read(folder / path.name, 4))
    )
    assert len(before) == len(after)
    for old, new in zip(before, after):
        names, unpacked = run(old), run(new)
        assert old != new and all(unpacked[name] == names[name] for name in names)


# A note that holds everything that the generator must know.


def test_what_is_taken_out_and_what_stays() -> None:
    def folded(source: str, *tags: str) -> NotebookNode:
        cell = code(source)
        cell.metadata["tags"] = ["hide-cell", *tags]
        return cell

    fold = ":::{dropdown} Solution\nBecause of this.\n:::"
    other = fold.replace("Solution", "Why the sum decides")
    hint = ":::{dropdown} Hint\nLook up.\n:::"
    prompt = code("nk.derive(x, goal=x)")
    prompt.metadata["tags"] = ["your-turn"]
    call = code("check_two(...)")
    call.metadata["tags"] = ["check"]
    note = nbformat.v4.new_notebook(
        cells=[
            prose(other),
            folded("outside = 1"),
            prose(f"## Exercises\n\n### ★ One\n\n{hint}\n\n{fold}\n\n### ★ Two"),
            folded("answer_two = 2"),
            folded(CHECK, "check"),
            call,
            prose(fold),
            prose("### ★ On paper: three"),
            folded("answer_three = 3"),
            folded(SLIPS, "your-turn"),
            prompt,
            folded("solution_of_both = 3", "your-turn"),
            prose("## In one minute"),
            folded("after = 4"),
        ]
    )
    student.student_copy(note)
    nbformat.validate(note)
    assert [cell.source for cell in note.cells] == [
        other,
        "outside = 1",
        f"## Exercises\n\n### ★ One\n\n{hint}",
        student.WORDS,
        "### ★ Two",
        student.CODE,
        student.pack(CHECK),
        call.source,
        student.WORDS,
        "### ★ On paper: three",
        student.pack(SLIPS),
        prompt.source,
        "## In one minute",
        "after = 4",
    ]


# Running.


def copied(folder: Path, target: Path) -> Path:
    """The students' folder at another place, as one hands it out."""
    return shutil.copytree(folder, target / "handed out")


def play(path: Path) -> NotebookNode:
    """Run a student's notebook up to its first answer cell, and what is below."""
    notebook = nbformat.read(path, 4)
    first = next(
        index
        for index, cell in enumerate(notebook.cells)
        if {"answer", "your-turn"} & set(cell.metadata.get("tags", []))
    )
    assert first > 50
    turns = [
        c for c in notebook.cells[first:] if "your-turn" in c.metadata.get("tags", [])
    ]
    notebook.cells = [*notebook.cells[:first], *turns]
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, timeout=300, resources=resources, config=ENCRYPTED
    ).execute()
    return notebook


@every_note
def test_it_runs_to_its_first_answer_cell(
    path: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path.stem != QUICK and os.environ.get("STUDENT_NOTES") != "all":
        pytest.skip("all notes take eight minutes: STUDENT_NOTES=all")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    play(copied(folder, tmp_path) / path.name)


def test_a_note_that_lacks_its_helper_would_not_run(
    folder: Path, tmp_path: Path
) -> None:
    handed = copied(folder, tmp_path)
    shutil.rmtree(handed / "notekit")
    with pytest.raises(Exception, match="needs its helper"):
        play(handed / f"{QUICK}.ipynb")


def test_the_folder_says_how_to_start(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    pins = (folder / "requirements.txt").read_text(encoding="utf-8")
    assert "pip install -r requirements.txt" in text
    assert "nobody reads it by accident" in text
    assert re.search(r"^jupyterlab==", pins, re.M) and "torch==" in pins
    assert ast.parse((folder / "notekit" / "__init__.py").read_text(encoding="utf-8"))
    assert (folder / "dgcnn-data" / "grammar.json").exists()
