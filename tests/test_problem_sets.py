"""The problem sets, handed out, collected, graded and fed back by the real nbgrader."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import sympy as sp
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from traitlets.config import PyFileConfigLoader

import apart
import wire
import words
from support import NOTEBOOKS, ROOT

BIN = Path(sys.executable).parent
SETS = sorted(path.stem for path in ROOT.glob("course/source/*/*.ipynb"))
WRONG = {
    name: runpy.run_path(str(ROOT / "tests" / "problem_sets" / f"{name}.py"))["WRONG"]
    for name in SETS
}
PAGE = (ROOT / "book" / "course" / "problem-sets.md").read_text(encoding="utf-8")
ATTACKED = "random-angles"  # the set that the attacks below submit
every_set = pytest.mark.parametrize("name", SETS)

# What is set in front of an answer, or in its place, to earn points without one. An
# answer is the function of the second problem, which is worth four points.
SCRIPT = "<script>evil()</script><img src=x onerror=evil()>\n\n[x](javascript:evil())"
OUTSIDE = ROOT / "_build" / "written-by-a-submission"
NO_ANSWER = "def cap_share(dimensions, degrees):\n"
ATTACKS = {
    "runs for ever": "import time\n"
    + NO_ANSWER
    + "    while True:\n        time.sleep(0.1)",
    "runs for ever at once": "import time\nwhile True:\n    time.sleep(0.1)",
    "runs for ever and cannot be interrupted": """\
while True:
    try:
        while True:
            time.sleep(0.1)
    except BaseException:
        pass""",
    "ends its process": "import os\nos._exit(0)",
    "writes and reads elsewhere": f"""\
import os
from pathlib import Path
found = []
for folder in ({str(OUTSIDE.parent)!r}, *Path.cwd().parents, "/tmp", "/var/tmp"):
    for path in (Path(folder, "gradebook.db"), Path(folder, {OUTSIDE.name!r})):
        try:
            path.write_text("mine")
            found.append(path)
        except OSError:
            pass
for folder in (*Path.cwd().parents, {str(ROOT)!r}, COURSE):
    try:
        found += Path(folder).rglob("*.ipynb")
    except OSError:
        pass
found += Path.cwd().glob("*.ipynb")
print("found", len([path for path in found if "graded-" not in str(path.parent)]))
"""
    + NO_ANSWER
    + "    raise ValueError(found)",
    "prints a megabyte": "for _ in range(20):\n    print('x' * 10**6)\n"
    + NO_ANSWER
    + "    print('y' * 10**7)\n    return 3",
    "prints what the grader prints": """\
from IPython.display import display
class Points:
    def __repr__(self):
        return "3"
print("3")
print('{"status": "ok", "points": 3}')
display(Points())
def cap_share(dimensions, degrees):
    print(3)
    display(Points())
    return Points()
get_ipython().events.register("post_run_cell", lambda result: display(Points()))
3""",
    "redefines what the tests use": """\
import mpmath
yes = lambda *values, **words: True
math.isclose = np.isclose = np.allclose = np.array_equal = sp.Expr.equals = yes
sp.simplify = lambda *values, **words: sp.Integer(0)
np.testing.assert_allclose = np.testing.assert_equal = yes
agrees = share = mpmath.quad = yes
"""
    + NO_ANSWER
    + "    return 1",
    "redefines what Python has built in": """\
import builtins
yes = lambda *values, **words: True
"""
    + NO_ANSWER
    + "    return 1\n"
    + "builtins.all = builtins.any = builtins.isinstance = builtins.callable = yes\n"
    + "builtins.abs = lambda value: 0\nbuiltins.AssertionError = KeyboardInterrupt",
    "has the tests skipped": """\
get_ipython().input_transformers_cleanup.append(lambda lines: [])""",
    "replaces the kernel's own code": """\
type(get_ipython()).run_cell = lambda *values, **words: None
type(get_ipython()).user_expressions = lambda *values: {"answer": {
    "status": "ok", "data": {"text/plain": '{"sympy": ["Pi", []]}'}}}""",
    "returns what equals everything": """\
class Anything(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda *values: Anything(0)
    __array__ = lambda *values, **words: np.zeros(0)
    __hash__ = float.__hash__
cap_share = lambda dimensions, degrees: Anything(1)""",
    "returns nothing to compare": """\
cap_share = lambda dimensions, degrees: np.zeros(0) if degrees % 2 else float("nan")""",
    "runs scripts in the grader's browser": """\
from IPython.display import HTML, Javascript, display
display(HTML("<script>evil()</script><img src=x onerror=evil()>"))
display(Javascript("evil()"))
"""
    + NO_ANSWER
    + "    return HTML('<script>evil()</script>')",
    "leaves a process": """\
import subprocess, sys
for _ in range(2):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3210)"],
                     start_new_session=True)
"""
    + NO_ANSWER
    + "    return 1",
}
# Those after which the same kernel cannot answer the problems that follow.
FATAL = {"runs for ever and cannot be interrupted", "ends its process"}
FATAL |= {
    "redefines what the tests use",
    "redefines what Python has built in",
    "has the tests skipped",
}
FATAL |= {"replaces the kernel's own code"}


def student(attack: str) -> str:
    """The name under which an attack is submitted."""
    return attack.replace(" ", "-").replace("'", "")


def stored(path: Path) -> NotebookNode:
    """A notebook."""
    return nbformat.read(path, as_version=4)


def kinds(notebook: NotebookNode) -> dict[str, dict]:
    """What nbgrader knows of each cell, by the cell's name."""
    marks = (cell.metadata.get("nbgrader") for cell in notebook.cells)
    return {mark["grade_id"]: mark for mark in marks if mark}


def source(name: str) -> NotebookNode:
    """The teacher's notebook of a set."""
    return stored(ROOT / "course" / "source" / name / f"{name}.ipynb")


def answers(name: str) -> dict[str, str]:
    """The reference answers of a set."""
    cells = source(name).cells
    solutions = [c for c in cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in solutions}


def points(name: str) -> dict[str, int]:
    """The points of the cells of a set that are graded by machine."""
    marks = kinds(source(name))
    return {key: mark["points"] for key, mark in marks.items() if mark["grade"]}


def answered(release: NotebookNode, given: dict[str, str]) -> NotebookNode:
    """A student's copy with answers in it; the one without a name is in words."""
    notebook = deepcopy(release)
    notebook.cells[-1].source = given.get("", notebook.cells[-1].source)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = given.get(name, cell.source)
    return notebook


def submissions(name: str) -> dict[str, dict[str, str]]:
    """The answers of each student."""
    all_wrong = WRONG[name]
    found = {"reference": answers(name), "empty": {}}
    for number in range(max(map(len, all_wrong.values()))):
        found[f"wrong{number}"] = {
            answer: cases[number][2].strip()
            for answer, cases in all_wrong.items()
            if number < len(cases)
        }
    return found


def nbgrader(folder: Path, *command: str) -> str:
    """Run an nbgrader command in a course's folder; what it says."""
    result = subprocess.run(
        [BIN / "nbgrader", *command],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def make_assignments(folder: Path) -> str:
    """Hand out the sets; what make says."""
    command = ["make", "assignments", f"COURSE={folder}", f"BIN={BIN}"]
    command += ["--old-file=.venv/requirements.lock"]
    return subprocess.check_output(command, cwd=ROOT, text=True)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose sets are handed out."""
    folder = tmp_path_factory.mktemp("teaching") / "course"
    make_assignments(folder)
    shutil.copytree(folder, folder.with_name("fresh"))
    return folder


@pytest.fixture
def own(released: Path, tmp_path: Path) -> Path:
    """Such a course in which nothing was handed in."""
    return shutil.copytree(released.with_name("fresh"), tmp_path / "course")


def skip_where_nothing_is_graded() -> None:
    """Skip a test on a system on which grading is refused."""
    if not apart.confinable():
        pytest.skip("this system cannot confine submissions: grading is refused here")


@pytest.fixture(scope="module")
def course(released: Path) -> Path:
    """The same course, collected, graded, and fed back."""
    skip_where_nothing_is_graded()
    OUTSIDE.unlink(missing_ok=True)
    for name in SETS:
        release = stored(released / "release" / name / f"{name}.ipynb")
        given = submissions(name)
        if name == ATTACKED:
            given |= {
                student(attack): answers(name)
                | {"cap": f"COURSE = {str(released)!r}\n{code}", "": SCRIPT}
                for attack, code in ATTACKS.items()
            }
        for who, theirs in given.items():
            if name == ATTACKED:  # as a learning platform gives them
                path = (
                    released / "downloaded" / name / "archive" / f"{who}_{name}.ipynb"
                )
            else:
                path = released / "submitted" / who / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(answered(release, theirs), path)
    nbgrader(released, "zip_collect", ATTACKED)
    nbgrader(released, "autograde", "--assignment=*", "--Apart.timeout=20")
    nbgrader(released, "generate_feedback", ATTACKED)
    return released


Grades = Callable[[str, str], dict[str, float]]


@pytest.fixture(scope="module")
def grades(course: Path) -> Grades:
    """What a student has earned in each cell of a set by machine."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = {
            (name, submission.student.id): {
                grade.name: grade.auto_score
                for grade in submission.notebooks[0].grades
                if grade.auto_score is not None
            }
            for name in SETS
            for submission in gradebook.assignment_submissions(name)
        }
    return lambda name, who: found[name, who]


# How a set is written.


def test_every_note_has_a_problem_set() -> None:
    assert [path.stem for path in NOTEBOOKS] == SETS


@every_set
def test_a_set_has_answers_with_open_and_hidden_tests_and_a_rubric(name: str) -> None:
    notebook, marks = source(name), kinds(source(name))
    cells = {
        c.metadata.nbgrader.grade_id: c
        for c in notebook.cells
        if "nbgrader" in c.metadata
    }
    given = [key for key, mark in marks.items() if mark["solution"]]
    assert len(given) >= 3 and set(WRONG[name]) == set(given)
    assert set(points(name)) == {
        f"{key}-{end}" for key in given for end in ("seen", "hidden")
    }
    for key in given:
        assert "### BEGIN SOLUTION" in cells[key].source
        assert "HIDDEN" not in cells[f"{key}-seen"].source
        assert "### BEGIN HIDDEN TESTS" in cells[f"{key}-hidden"].source
        assert points(name)[f"{key}-hidden"] >= 2, "partial credit"
    tasks = [cells[key].source for key, mark in marks.items() if mark["task"]]
    assert tasks and all("### BEGIN MARK SCHEME" in text for text in tasks)
    assert marks["setup"]["locked"]


@every_set
def test_the_points_that_a_heading_names_are_those_of_its_problem(name: str) -> None:
    heading = total = None
    sums = []
    for cell in source(name).cells:
        if cell.source.startswith("## "):
            heading = int(cell.source.partition(" point")[0].rpartition("(")[2])
            total = [heading, 0]
            sums.append(total)
        total_here = cell.metadata.get("nbgrader", {}).get("points", 0)
        if total_here:
            total[1] += total_here
    assert sums and all(said == counted for said, counted in sums), sums


@every_set
def test_the_students_copy_holds_no_solution_test_or_rubric(
    name: str, released: Path
) -> None:
    path = released / "release" / name / f"{name}.ipynb"
    copy, whole = stored(path), source(name)
    text = "\n".join(cell.source for cell in copy.cells)
    hidden, inside = [], False
    for line in "\n".join(cell.source for cell in whole.cells).splitlines():
        inside = "BEGIN" in line if "### " in line else inside
        if inside and len(line.strip()) > 12:
            hidden.append(line.strip())
    assert len(hidden) > 20
    assert not [line for line in hidden if line in text]
    assert not any(cell.get("outputs") for cell in copy.cells)
    own = [cell.source for cell in copy.cells if kinds_of(cell).get("solution")]
    assert own and all("raise NotImplementedError" in code for code in own)


def kinds_of(cell: NotebookNode) -> dict:
    """What nbgrader knows of a cell."""
    return cell.metadata.get("nbgrader", {})


@every_set
def test_the_teachers_page_names_the_points(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name} |")]
    tasks = [m["points"] for m in kinds(source(name)).values() if m["task"]]
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3:5] == [str(sum(points(name).values())), str(sum(tasks))]


# What an answer earns.


@every_set
def test_the_reference_solution_earns_full_marks(name: str, grades: Grades) -> None:
    assert grades(name, "reference") == points(name)


@every_set
def test_the_empty_copy_earns_nothing_by_machine(name: str, grades: Grades) -> None:
    assert grades(name, "empty") == dict.fromkeys(points(name), 0)


@every_set
def test_wrong_answers_lose_the_points_that_they_should(
    name: str, grades: Grades
) -> None:
    most = points(name)
    for answer, cases in WRONG[name].items():
        assert len(cases) >= 2
        full = (most[f"{answer}-seen"], most[f"{answer}-hidden"])
        for number, (why, wanted, _) in enumerate(cases):
            earned = grades(name, f"wrong{number}")
            got = (earned[f"{answer}-seen"], earned[f"{answer}-hidden"])
            assert got == wanted and sum(got) < sum(full), f"{answer}: {why}: {got}"
    # Partial credit: some wrong answer earns a part of a cell's points.
    parts = [
        case[1][1] / most[f"{a}-hidden"] for a, c in WRONG[name].items() for case in c
    ]
    assert any(0 < part < 1 for part in parts)


# How submissions are collected, and what is graded again.


def patterns() -> tuple[str, str]:
    """How collected files are named: by the settings, and by the page's example."""
    settings = PyFileConfigLoader(str(ROOT / "course" / "nbgrader_config.py"))
    (example,) = re.findall(r"named_regexp = (r\".*\")$", PAGE, re.MULTILINE)
    named = settings.load_config().FileNameCollectorPlugin.named_regexp
    return named, ast.literal_eval(example)


def test_a_file_s_name_tells_student_and_set() -> None:
    ours, platform = patterns()
    for pattern, name, student_id in (
        (ours, "ada_adax.ipynb", "ada"),
        (ours, "maria_lopez_adax.ipynb", "maria_lopez"),
        (ours, "cem_adax (1).ipynb", "cem"),
        (ours, "all/dora_m_adax (12).ipynb", "dora_m"),
        (platform, "Ada Li_77_assignsubmission_file_adax.ipynb", "Ada Li"),
        (platform, "Ada Li_77_assignsubmission_file/adax (2).ipynb", "Ada Li"),
    ):
        found = re.match(pattern, f"/course/downloaded/adax/extracted/{name}")
        assert found.groupdict() == {"student_id": student_id, "file_id": "adax"}, name


def hand_in(course: Path, name: str, text: str) -> None:
    """Put a file, in a zip archive of its own, among those that are collected."""
    release = stored(course / "release" / ATTACKED / f"{ATTACKED}.ipynb")
    archive = course / "downloaded" / ATTACKED / "archive"
    archive.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive / f"{name}.zip", "w") as packed:
        copy = nbformat.writes(answered(release, {"": text}))
        packed.writestr(f"{name}.ipynb", copy)


def in_words(course: Path) -> dict[str, tuple[float | None, bool]]:
    """The points of each student's words, and whether the Formgrader lists them."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: (grade.manual_score, grade.needs_manual_grade)
            for submission in gradebook.assignment_submissions(ATTACKED)
            for grade in submission.notebooks[0].grades
            if grade.auto_score is None
        }


def grade_words(course: Path) -> None:
    """Give two points to all words by hand, as the Formgrader does."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(ATTACKED):
            for grade in submission.notebooks[0].grades:
                if grade.auto_score is None:
                    grade.manual_score, grade.needs_manual_grade = 2, False
        gradebook.db.commit()


def save_again(course: Path, who: str) -> None:
    """What nbgrader does at the end of grading the same submission again."""
    path = course / "autograded" / who / ATTACKED / f"{ATTACKED}.ipynb"
    which = {"student": who, "assignment": ATTACKED, "notebook": ATTACKED}
    which |= {"db_url": f"sqlite:///{course / 'gradebook.db'}"}
    words.SaveGrades().preprocess(stored(path), {"nbgrader": which})


def test_words_that_changed_are_listed_again_with_their_points(own: Path) -> None:
    skip_where_nothing_is_graded()
    hand_in(own, f"maria_lopez_{ATTACKED}", "First words.")
    hand_in(own, f"cem_{ATTACKED} (1)", "First words.")
    nbgrader(own, "zip_collect", ATTACKED)
    assert {path.name for path in own.glob("submitted/*")} == {"maria_lopez", "cem"}
    said = nbgrader(own, "autograde", ATTACKED)
    assert "SAWarning" not in said
    assert in_words(own) == {"maria_lopez": (None, True), "cem": (None, True)}
    grade_words(own)
    hand_in(own, f"cem_{ATTACKED} (1)", "Other words.")
    nbgrader(own, "zip_collect", ATTACKED, "--force")
    nbgrader(own, "autograde", ATTACKED, "--force")
    assert in_words(own) == {"maria_lopez": (2, False), "cem": (2, True)}
    save_again(own, "cem")  # they stay on the list until they are looked at
    assert in_words(own)["cem"] == (2, True)
    grade_words(own)
    save_again(own, "cem")
    assert in_words(own)["cem"] == (2, False)
    for step in ("submitted", "autograded"):
        shutil.rmtree(own / step / "cem")
    nbgrader(own, "db", "student", "remove", "cem", "--force")
    assert list(in_words(own)) == ["maria_lopez"]


def test_what_a_teacher_changed_is_kept(own: Path) -> None:
    settings = own / "nbgrader_config.py"
    source = own / "source" / ATTACKED / f"{ATTACKED}.ipynb"
    shutil.rmtree(own / "source" / "adax")
    mine = {
        settings: settings.read_text(encoding="utf-8") + "# mine\n",
        source: source.read_text(encoding="utf-8").replace("# ", "# My ", 1),
    }
    for path, text in mine.items():
        path.write_text(text, encoding="utf-8")
    said = make_assignments(own)
    kept = [line for line in said.splitlines() if "differs from the book's" in line]
    assert len(kept) == len(mine) and "remove it and run this again" in kept[0]
    for path, text in mine.items():
        assert str(path) in said and path.read_text(encoding="utf-8") == text
    assert (own / "source" / "adax" / "adax.ipynb").exists()


# What is tried to earn points without an answer.


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_earns_nothing(attack: str, grades: Grades) -> None:
    earned = grades(ATTACKED, student(attack))
    assert earned["cap-seen"] == earned["cap-hidden"] == 0
    before = {key: most for key, most in points(ATTACKED).items() if key[:3] == "mom"}
    after = {
        key: most for key, most in points(ATTACKED).items() if key[:3] in ("dra", "sub")
    }
    assert {key: earned[key] for key in before} == before
    got = {key: earned[key] for key in after}
    assert got == after or attack in FATAL, got


def test_a_submission_wrote_and_read_nothing_outside_its_folder(course: Path) -> None:
    assert not OUTSIDE.exists()
    assert (course / "gradebook.db").read_bytes().startswith(b"SQLite")
    who = student("writes and reads elsewhere")
    notebook = stored(course / "autograded" / who / ATTACKED / f"{ATTACKED}.ipynb")
    printed = [
        o.text for c in notebook.cells for o in c.get("outputs", []) if "text" in o
    ]
    assert printed == ["found 0\n"]


def test_nothing_that_was_started_is_left(course: Path) -> None:
    left = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"])]
    assert not [words for words in left if words and "sleep(3210)" in words[-1]]


def test_feedback_is_short_and_runs_no_script(course: Path) -> None:
    pages = {p.parts[-3]: p for p in (course / "feedback").rglob("*.html")}
    assert set(pages) == {*submissions(ATTACKED), *map(student, ATTACKS)}
    most = pages["reference"].stat().st_size + 300_000
    for page in pages.values():
        assert page.stat().st_size < most, page
    text = pages[student("runs scripts in the grader's browser")].read_text("utf-8")
    assert "evil()" in text  # as code that is shown
    soup = BeautifulSoup(text, "html.parser")
    assert not [s for s in soup.find_all("script") if "evil" in s.get_text()]
    assert not soup.find_all(onerror=True)
    assert not [a for a in soup.find_all("a") if "evil" in a.get("href", "")]
    assert "[x] (javascript:evil())" in soup.get_text()


def test_nbgrader_by_itself_is_taken_in(released: Path, course: Path) -> None:
    """The control: what the attacks earn where tests run in the student's kernel."""
    plain = released.parent / "plain"
    plain.mkdir()
    shutil.copy(course / "gradebook.db", plain)
    shutil.copytree(released / "source", plain / "source")
    taken = ["redefines what the tests use", "has the tests skipped"]
    for attack in taken:
        where = Path("submitted") / student(attack) / ATTACKED
        shutil.copytree(released / where, plain / where)
    nbgrader(plain, "autograde", ATTACKED)
    with Gradebook(f"sqlite:///{plain / 'gradebook.db'}") as gradebook:
        for attack in taken:
            found = gradebook.find_submission(ATTACKED, student(attack)).notebooks[0]
            earned = {grade.name: grade.auto_score for grade in found.grades}
            assert earned["cap-seen"] + earned["cap-hidden"] > 0, attack


# How answers come over.

n = sp.Symbol("n", integer=True, positive=True)
VALUES = [
    None,
    -(2**70),
    0.1,
    "π",
    1 + 2j,
    [1, (2.5, {"a": {1, 2}})],
    np.float32(1.5),
    np.arange(6.0).reshape(2, 3),
    np.zeros((0, 3), dtype=int),
    sp.Rational(1, 3) * sp.pi + sp.sqrt(n) * sp.polygamma(1, n / 2) - sp.oo * n,
    sp.Float("0.1", 40),
    sp.Matrix([[n, 1], [0, sp.I]]),
    sp.Eq(n, 3),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_comes_over_as_it_is(value: object) -> None:
    data = json.loads(json.dumps(wire.plain(value)))
    back = wire.rebuilt(data, notebook=None)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        np.testing.assert_array_equal(back, value, strict=True)
    else:
        assert back == value


@pytest.mark.parametrize(
    "tree",
    [
        ["Add", ["print()", "1"]],
        ["sympify", [["Symbol", "n", {}]]],
        ["__class__", []],
        ["lambdify", [["Pi", []]]],
        ["Symbol", ["n"]],
    ],
    ids=str,
)
def test_a_forged_expression_is_refused(tree: list) -> None:
    with pytest.raises((TypeError, ValueError, LookupError)):
        wire.rebuilt({"sympy": tree}, notebook=None)


def test_an_object_does_not_come_over() -> None:
    with pytest.raises(TypeError, match="an answer of type slice cannot be compared"):
        wire.plain(slice(3))


def test_nothing_is_graded_where_it_cannot_be_confined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "confinable", lambda: False)
    with pytest.raises(NbGraderException, match="cannot confine what a submission"):
        apart.Apart().preprocess(source(ATTACKED), {})
