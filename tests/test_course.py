"""Statements about the teacher's pages, the licences, and a course of one's own."""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from jsonschema import Draft7Validator

from rerun import FIRST_ID
from support import (
    NOTEBOOKS,
    ROOT,
    SITE,
    claims,
    code_cells,
    copy_of_the_book,
    make_book,
    markdown,
    read,
)

COURSE = ROOT / "book" / "course"
SECTIONS = [
    "Objectives",
    "Prerequisites",
    "Three questions",
    "Misconceptions",
    "Plan",
    "Skip",
    "On an old laptop",
]
WORDS = 700  # of a guide
every_note = pytest.mark.parametrize("note", NOTEBOOKS, ids=lambda path: path.stem)


def guide(note: Path) -> str:
    """The guide of a note."""
    return (COURSE / f"{note.stem}.md").read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    """The sections of a page, by heading."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def parts(text: str) -> list[str]:
    """What begins with a bold sentence, each with what follows it."""
    return re.split(r"^(?=\*\*)", text, flags=re.MULTILINE)[1:]


def page(name: str) -> Tag:
    """The article of a built page."""
    html = (SITE / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser").select_one("article")


# The guides.


@every_note
def test_a_guide_has_its_parts_and_is_short(note: Path) -> None:
    text = guide(note)
    assert f"```{{unit}} {note.stem}\n" in text
    assert list(sections(text)) == SECTIONS
    assert len(text.split()) <= WORDS


@every_note
def test_a_guide_asks_three_questions_and_expects_an_answer(note: Path) -> None:
    questions = parts(sections(guide(note))["Three questions"])
    assert len(questions) == 3
    for question in questions:
        assert re.match(r"\*\*[^*]+\?\*\*\nExpect ", question.replace("$", "")), (
            question
        )
        assert "](" in question, f"no cell bears the answer out: {question}"


@every_note
def test_every_misconception_links_to_what_dissolves_it(note: Path) -> None:
    found = parts(sections(guide(note))["Misconceptions"])
    assert len(found) >= 3
    for misconception in found:
        assert re.match(r'\*\*"', misconception), misconception
        assert re.search(
            rf"\]\((#(claim|fig)-|\.\./\.\./notebooks/{note.stem}\.ipynb#)",
            misconception,
        ), f"nothing dissolves it: {misconception}"


@every_note
def test_a_guide_links_to_its_own_note(note: Path) -> None:
    figures = re.findall(r'"name": "(fig-[\w-]+)"', note.read_text(encoding="utf-8"))
    own = {f"claim-{claim['id']}" for claim in claims(read(note))} | set(figures)
    linked = set(re.findall(r"\]\(#([\w-]+)\)", guide(note)))
    assert linked <= own, f"not in {note.name}: {sorted(linked - own)}"
    assert len(linked) >= 10


@every_note
def test_the_text_of_a_link_has_words(note: Path) -> None:
    for words in re.findall(r"\[([^]]+)\]\(", guide(note)):
        assert re.search(r"\w", re.sub(r"\$[^$]*\$", "", words)), words


@every_note
def test_the_plans_take_fifty_and_ninety_minutes(note: Path) -> None:
    short, more = (
        [int(minutes) for minutes in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
        for table in sections(guide(note))["Plan"].split("In 90 minutes")
    )
    assert sum(short) == 50 and sum(more) == 40


# What a note takes, on the built pages.


def reading(note: Path) -> float:
    """Minutes: 200 words a minute, 20 seconds for a cell that a reader meets."""
    notebook = read(note)
    left_out = {"your-turn", "check"}
    cells = [
        c for c in notebook.cells if not left_out & set(c.metadata.get("tags", []))
    ]
    words = [c.source.split() for c in cells if c.cell_type == "markdown"]
    met = [c for c in code_cells(notebook) if c in cells and c.get("id") != FIRST_ID]
    return sum(map(len, words)) / 200 + len(met) / 3


@every_note
def test_a_note_says_itself_how_long_it_takes_to_read(note: Path) -> None:
    said = re.search(
        r"^\*About (\d+) minutes to read", markdown(read(note)), re.MULTILINE
    )
    assert abs(int(said[1]) - reading(note)) < 2.5


@every_note
def test_the_syllabus_has_the_note_with_its_guide_and_minutes(note: Path) -> None:
    table = page("book/course/index").select_one("table.syllabus")
    (row,) = (
        row.find_all("td")
        for row in table.select("tbody tr")
        if row.select_one(f"a[href='../../notebooks/{note.stem}.html']")
    )
    _, _, after, read_in, run, exercises = (
        c.get_text(strip=True).replace("\N{NO-BREAK SPACE}", " ") for c in row
    )
    assert row[1].find_all("a")[1]["href"] == f"{note.stem}.html"
    assert after == ("unit 1" if note.stem == "synthesizer" else "–")
    assert read_in == f"{round(reading(note))} min"
    assert int(run.removesuffix(" s")) > 0 and int(exercises.removesuffix(" min")) >= 60


@every_note
def test_a_guide_counts_the_verdicts_of_this_build(note: Path) -> None:
    records = json.loads((SITE / "book" / "claims.json").read_text(encoding="utf-8"))
    count = Counter(r["verdict"] for r in records["claims"] if r["note"] == note.stem)
    links = page(f"book/course/{note.stem}").select(".fared a")
    said = [link.get_text().split(" ", 2) for link in links]
    assert {verdict: int(number) for _, number, verdict in said} == count


def test_a_teacher_is_there_in_one_step() -> None:
    assert (
        "(book/course/index.md)"
        in sections((ROOT / "README.md").read_text(encoding="utf-8"))[
            "If you teach"
        ].partition("\n-")[0]
    )
    landing = page("book/intro")
    door = next(term for term in landing.find_all("dt") if term.get_text() == "Teach")
    assert door.find_next_sibling("dd").a["href"] == "course/index.html"


def test_a_teacher_is_told_what_can_be_handed_out() -> None:
    readme = sections((ROOT / "README.md").read_text(encoding="utf-8"))
    index = sections((COURSE / "index.md").read_text(encoding="utf-8"))
    for text in (readme["If you teach"], index["What you can hand out"]):
        told = set(re.findall(r"`make (\w+)", text))
        assert told >= {"student", "slides", "handouts", "assignments"}
        assert "problem-sets.md)" in text
    assert "course/problem-sets.md)" in (ROOT / "book" / "intro.md").read_text("utf-8")


# Licences.

# Of its words, so that lines may end where they like: Creative Commons's legalcode.txt.
CC_BY = "25a40a30d753162c4026b87a389b9534c72436327abcd083f90da00ead6d6869"


def test_the_licences_are_whole() -> None:
    mit = (ROOT / "LICENSE").read_text(encoding="utf-8").split()
    assert mit[:2] == ["MIT", "License"] and mit[-1] == "SOFTWARE."
    text = " ".join((ROOT / "LICENSE-TEXT").read_text(encoding="utf-8").split())
    assert hashlib.sha256(text.encode()).hexdigest() == CC_BY


# The schema of the Citation File Format 1.2.0, as its authors publish it (CC BY 4.0).
CFF = Draft7Validator(
    json.loads((ROOT / "tests" / "cff.schema.json").read_text(encoding="utf-8"))
)
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_is_valid() -> None:
    assert not [error.message for error in CFF.iter_errors(CITATION)]
    assert CITATION["authors"] == [{"name": "The authors of Derive, Check, Run"}]


@pytest.mark.parametrize(
    "spoiled", [{"authors": []}, {"license": "Mine"}, {"colour": "red"}], ids=str
)
def test_a_citation_that_is_not_valid_is_refused(spoiled: dict) -> None:
    assert list(CFF.iter_errors({**CITATION, **spoiled}))


def test_the_habits_fit_on_one_page() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.split()) <= 500 and len(text.splitlines()) <= 60


# A course of one's own, made as the page says.

REUSE = sections((COURSE / "reuse.md").read_text(encoding="utf-8"))


def blocks(heading: str) -> list[tuple[str, str]]:
    """The blocks of code below a heading of the page, each with its language."""
    return re.findall(r"^```(\w+)\n(.*?)^```", REUSE[heading], re.MULTILINE | re.DOTALL)


def leave_out(toc: Path, *names: str) -> None:
    """Take the lines of a note and its guide out of _toc.yml, and parts without any."""
    lines = toc.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if Path(line.split(": ")[-1]).name not in names]
    text = "\n".join(kept) + "\n"
    toc.write_text(re.sub(r"  - caption: .*\n    chapters:\n(?!      )", "", text))


def follow(command: str, folder: Path) -> str:
    """Run one line of the page; what it says."""
    if command == "make book":
        result = make_book(folder)
    else:
        words = shlex.split(command)
        result = subprocess.run(
            [
                str(folder / words[0]) if words[0].startswith(".venv") else words[0],
                *words[1:],
            ],
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
    assert result.returncode == 0, f"{command}\n{result.stdout}"
    return result.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book that leaves all eight notes out, and has one of its own with a guide."""
    folder = copy_of_the_book(tmp_path_factory.mktemp("course"))
    for name in ("tests", "binder"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    for pack in (ROOT / "_build" / "live").glob("*-*"):  # made once, for every book
        (folder / "_build" / "live").mkdir(parents=True, exist_ok=True)
        (folder / "_build" / "live" / pack.name).symlink_to(pack)
    toc = folder / "_toc.yml"
    for kind, text in blocks("Add one of your own"):
        if kind == "yaml":
            toc.write_text(toc.read_text(encoding="utf-8") + text, encoding="utf-8")
        else:
            for line in text.splitlines():
                if line == "make book":
                    add_guide(folder)
                    leave_out(toc, *(note.stem for note in NOTEBOOKS))
                follow(line, folder)
    return folder


def add_guide(folder: Path) -> None:
    """Give the new note the shortest guide that there can be."""
    text = "# Teaching averages\n\n```{unit} averages\n```\n"
    (folder / "book" / "course" / "averages.md").write_text(text)
    toc = folder / "_toc.yml"
    index = "      - file: book/course/index\n"
    added = toc.read_text(encoding="utf-8").replace(
        index, f"{index}      - file: book/course/averages\n"
    )
    toc.write_text(added, encoding="utf-8")


def test_a_note_of_ones_own_is_added_and_others_are_left_out(course: Path) -> None:
    site = course / "_build" / "html"
    assert [path.stem for path in site.glob("notebooks/*.html")] == ["averages"]
    records = json.loads((site / "book" / "claims.json").read_text(encoding="utf-8"))
    assert [record["verdict"] for record in records["claims"]] == [
        "corrected",
        "checked",
        "refuted",
    ]
    index = (site / "book" / "course" / "index.html").read_text(encoding="utf-8")
    table = BeautifulSoup(index, "html.parser").select_one("table.syllabus tbody")
    assert [link["href"] for link in table.find_all("a")] == [
        "../../notebooks/averages.html",
        "averages.html",
    ]


def test_the_rules_speak_of_the_note_of_ones_own(course: Path) -> None:
    note = course / "notebooks" / "averages.ipynb"
    text = note.read_text(encoding="utf-8")
    note.write_text(text.replace("★", "*"), encoding="utf-8")
    command = ".venv/bin/python -m pytest -q tests/test_notebooks.py -k averages"
    with pytest.raises(AssertionError, match="exercises marked with ★"):
        follow(command, course)
    note.write_text(text, encoding="utf-8")


def test_a_slip_in_a_name_is_no_note_that_was_left_out(course: Path) -> None:
    page = course / "book" / "course" / "averages.md"
    page.write_text(
        "# Teaching averages\n\n[A slip](../../notebooks/randon-angles.ipynb).\n"
        "[None](../../notebooks/random-angles.ipynb).\n\n```{unit} averagse\n```\n"
    )
    said = make_book(course).stdout
    assert "randon-angles" in said and "random-angles" not in said
    assert "there is no note with claims named 'averagse'" in said


def test_changes_of_the_original_are_merged_as_the_page_says(tmp_path: Path) -> None:
    original, fork = tmp_path / "original", tmp_path / "fork"
    git = (
        "git -c user.name=A -c user.email=a@example.org -c init.defaultBranch=main "
        "-c commit.gpgsign=false"
    )

    def commit(folder: Path) -> None:
        follow(f"{git} add --all", folder)
        follow(f"{git} commit --quiet --message change", folder)

    original.mkdir()
    for name in ("_toc.yml", "README.md", "notebooks/adax.ipynb"):
        (original / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, original / name)
    follow(f"{git} init --quiet", original)
    commit(original)
    follow(f"{git} clone --quiet original fork", tmp_path)
    leave_out(fork / "_toc.yml", "adax")
    commit(fork)
    for name in ("README.md", "notebooks/adax.ipynb"):
        with (original / name).open("a", encoding="utf-8") as file:
            file.write("\n")
    commit(original)
    ((_, text),) = blocks("Keep up with changes")
    for line in text.replace("ADDRESS-OF-THE-ORIGINAL", str(original)).splitlines():
        follow(line.replace("git", git, 1), fork)
    assert "adax" not in (fork / "_toc.yml").read_text(encoding="utf-8")
    for name in ("README.md", "notebooks/adax.ipynb"):
        assert (fork / name).read_bytes() == (original / name).read_bytes()
