"""A note where a reader takes it: downloaded alone, started in another folder, launched
from its page; and diffs of who runs notes in a clone."""

import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from clean import tidy
from origin import default_branch, site
from rerun import FIRST_CELL
from support import ROOT, SmallBook, code, prose
from test_site import served

FIND = FIRST_CELL.read_text(encoding="utf-8")
TELL = "\nimport notekit, os; print(notekit.__file__); print(os.getcwd())"
PACKAGE = "notekit/__init__.py"


def git(folder: Path, *words: str) -> None:
    """Run git, as somebody whose name is known."""
    who = ["-c", "user.name=reader", "-c", "user.email=reader@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


# The first cell.


def first_cell(folder: Path, source: str = FIND) -> subprocess.CompletedProcess[str]:
    """Run the first cell in a folder, as a kernel does that was told nothing."""
    hidden = ("PYTHONPATH", "JPY_SESSION_NAME")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    command = [sys.executable, "-c", source + TELL]
    return subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True
    )


def package(folder: Path) -> Path:
    """A package that stands for notekit, which takes seconds to import."""
    (folder / "notekit").mkdir(parents=True)
    (folder / PACKAGE).touch()
    return folder


@pytest.mark.parametrize("start", ["notebooks", ".", "notebooks/drafts", "book/tools"])
def test_a_note_is_run_from_any_folder_of_the_repository(
    tmp_path: Path, start: str
) -> None:
    home = package(tmp_path / "notebooks")
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    result = first_cell(tmp_path / start)
    assert result.stdout.splitlines() == [str(home / PACKAGE), str(home)], result.stderr


def test_a_note_is_run_by_an_editor_that_opened_another_folder(tmp_path: Path) -> None:
    home = package(tmp_path / "elsewhere" / "notebooks")
    said = f"__vsc_ipynb_file__ = {str(home / 'note.ipynb')!r}\n"
    result = first_cell(tmp_path, said + FIND)
    assert result.stdout.splitlines() == [str(home / PACKAGE), str(home)], result.stderr


def test_a_note_alone_says_in_one_sentence_what_it_needs(tmp_path: Path) -> None:
    error = first_cell(tmp_path).stderr.strip().splitlines()[-1]
    assert error.startswith("ModuleNotFoundError: This note needs its helper: put")
    assert "notekit.zip" in error and str(tmp_path) in error


# What a page offers: a small book, published as GitHub would publish it.

TEXT = """\
Equation {eq}`eq-one` and {footcite:t}`kingma2015adam`, {footcite:p}`kingma2015adam`.

$$
x = y
$$ (eq-one)

(a-place)=
See [the landing page](../book/intro.md) and [this place](#a-place).

:::{dropdown} Solution
It is *two*.
:::"""
PLAIN = """\
Equation (1) and Kingma and Ba (2015), (Kingma and Ba, 2015).

$$
x = y
\\tag{{1}}
$$

See [the landing page]({home}book/intro.html) and [this place](#a-place).

<details>
<summary>Solution</summary>

It is *two*.

</details>"""


def free_port() -> int:
    """A port that no server uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address and the files of a small book whose clone knows GitHub."""
    book = SmallBook(tmp_path_factory.mktemp("published"))
    cells = [code(FIND.strip()), prose(TEXT)]
    cells[0].metadata["tags"] = ["remove-cell"]
    cells += [prose("## Sources\n\n```{footbibliography}\n```")]
    book.add("note", cells, setup="1 + 1")
    git(book.folder, "init", "--initial-branch=trunk")
    git(book.folder, "remote", "add", "origin", "git@github.com:reader/Book.git")
    port = free_port()
    config = book.folder / "_config.yml"
    text = config.read_text()
    assert "\nhtml:\n" in text
    baseurl = f"\nhtml:\n  baseurl: http://127.0.0.1:{port}/\n"
    config.write_text(text.replace("\nhtml:\n", baseurl, 1))
    passed, output = book.build()
    assert passed, output
    with served(book.folder / "_build" / "html", port) as address:
        yield address, book.folder / "_build" / "html"


def buttons(out: Path, page: str) -> dict[str, str]:
    """The buttons of a page that are links, and where they lead."""
    text = (out / page).read_text(encoding="utf-8")
    links = BeautifulSoup(text, "html.parser").select("a.btn[href]")
    return {link.get_text(strip=True): unquote(link["href"]) for link in links}


def test_the_page_of_a_note_launches_and_downloads_it(
    published: tuple[str, Path],
) -> None:
    found = buttons(published[1], "notebooks/note.html")
    place = "reader/Book/blob/trunk/notebooks/note.ipynb"
    assert found["Colab"] == f"https://colab.research.google.com/github/{place}"
    binder = "https://mybinder.org/v2/gh/reader/Book/trunk?urlpath=lab/tree/"
    assert found["Binder"] == f"{binder}notebooks/note.ipynb"
    assert found[".ipynb"].endswith("_sources/notebooks/note.ipynb")
    assert found[".zip"] == "note.zip"
    page = (published[1] / "notebooks" / "note.html").read_text(encoding="utf-8")
    assert "find_notekit" not in page  # it has nothing to find
    assert not {"Binder", "Colab", ".zip"} & set(
        buttons(published[1], "book/intro.html")
    )


def downloaded(out: Path) -> nbformat.NotebookNode:
    """The notebook that the page offers."""
    return nbformat.read(out / "_sources" / "notebooks" / "note.ipynb", as_version=4)


def test_a_downloaded_note_reads_well_without_myst(published: tuple[str, Path]) -> None:
    address, out = published
    text = downloaded(out).cells[3].source
    assert text == PLAIN.format(home=address)
    sources = downloaded(out).cells[4].source
    assert sources.startswith("## Sources\n\n- ") and "2015" in sources


def test_a_downloaded_note_fetches_notekit(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    source = downloaded(published[1]).cells[2].source
    result = first_cell(tmp_path, source)
    assert result.stdout.splitlines()[-1] == str(tmp_path), result.stderr
    assert (tmp_path / PACKAGE).is_file() and (tmp_path / "requirements.txt").is_file()
    assert (tmp_path / "notekit.zip").stat().st_size < 100_000


def test_the_archive_holds_a_note_with_all_that_it_needs(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(published[1] / "notebooks" / "note.zip") as archive:
        archive.extractall(tmp_path)
    assert (tmp_path / "note.ipynb").is_file() and (tmp_path / PACKAGE).is_file()
    wanted = {path.name for path in (ROOT / "notebooks" / "dgcnn-data").iterdir()}
    assert {path.name for path in (tmp_path / "dgcnn-data").iterdir()} == wanted
    wanted = (tmp_path / "requirements.txt").read_text()
    assert "torch==" in wanted and "sphinx" not in wanted


# Where the repository is.


def commit(folder: Path, branch: str) -> None:
    """A repository with one commit on that branch."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", f"--initial-branch={branch}")
    git(folder, "commit", "--allow-empty", "--message=first")


@pytest.mark.parametrize(
    ("branches", "wanted"),
    [(["trunk"], "trunk"), (["work", "master"], "master"), (["main", "a"], "main")],
)
def test_the_default_branch_is_found_without_origin_head(
    tmp_path: Path, branches: list[str], wanted: str
) -> None:
    commit(tmp_path / "there", branches[0])
    for branch in branches[1:]:
        git(tmp_path / "there", "branch", branch)
    commit(tmp_path / "here", "local")
    git(tmp_path / "here", "remote", "add", "origin", "../there")
    git(tmp_path / "here", "fetch", "origin", "+refs/heads/*:refs/remotes/origin/*")
    git(tmp_path / "here", "update-ref", "--no-deref", "-d", "refs/remotes/origin/HEAD")
    assert default_branch(str(tmp_path / "here")) == wanted


def test_the_default_branch_of_a_clone_is_that_of_its_origin(tmp_path: Path) -> None:
    commit(tmp_path / "there", "trunk")
    git(tmp_path / "there", "branch", "main")
    git(tmp_path, "clone", "there", "here")
    assert default_branch(str(tmp_path / "here")) == "trunk"


def test_the_address_of_the_site_is_where_github_publishes_it() -> None:
    assert site("Reader/Book") == "https://reader.github.io/Book/"
    assert site("Reader/reader.github.io") == "https://reader.github.io/"


# Diffs of who runs notes.


def saved_by_a_front_end(text: str) -> str:
    """A notebook as JupyterLab saves it after its cells have run live."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata["language_info"]["version"] = "3.99"
    notebook.metadata["widgets"] = {"state": {}}
    for cell in notebook.cells:
        cell.metadata["trusted"] = True
        if cell.cell_type == "code":
            cell.execution_count = 77
            cell.outputs = [nbformat.v4.new_output("stream", text="other\n")]
    return nbformat.writes(notebook)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a note, which knows the filter, and its files."""
    book = SmallBook(tmp_path)
    book.add("note", [code("print(2)"), code("print(3)")], setup="1 + 1")
    note = tmp_path / "notebooks" / "note.ipynb"
    notebook = nbformat.read(note, as_version=4)
    for count, cell in enumerate(notebook.cells[1:], start=1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{count}\n")]
    nbformat.write(tidy(notebook), note)
    git(tmp_path, "init")
    (tmp_path / ".gitattributes").write_text((ROOT / ".gitattributes").read_text())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"git config filter\.notes\.clean '(.*)'", readme)
    command = command.replace(".venv/bin/python", sys.executable)
    git(tmp_path, "config", "filter.notes.clean", command)
    git(tmp_path, "add", "notebooks", ".gitattributes")
    git(tmp_path, "commit", "--message=first")
    return tmp_path


def diff(clone: Path) -> str:
    """What git says has changed in the notes."""
    git(clone, "add", "notebooks/note.ipynb")
    command = ["git", "diff", "--cached", "--unified=0"]
    return subprocess.run(command, cwd=clone, text=True, capture_output=True).stdout


def test_a_note_that_was_run_and_saved_has_no_diff(clone: Path) -> None:
    note = clone / "notebooks" / "note.ipynb"
    note.write_text(saved_by_a_front_end(note.read_text()))
    assert not diff(clone)


def test_a_changed_cell_is_the_whole_diff_and_has_no_output(clone: Path) -> None:
    note = clone / "notebooks" / "note.ipynb"
    note.write_text(saved_by_a_front_end(note.read_text().replace("(3)", "(4)")))
    lines = re.findall(r"^[+-] .*", diff(clone), re.MULTILINE)
    assert any("print(4)" in line for line in lines)
    assert not any("other" in line or "77" in line for line in lines), lines
    assert len(lines) <= 14, lines


def test_what_make_notebooks_stores_is_committed_as_it_is(clone: Path) -> None:
    note = clone / "notebooks" / "note.ipynb"
    notebook = nbformat.read(note, as_version=4)
    notebook.cells[1].outputs[0].text = "another\n"
    nbformat.write(notebook, note)
    assert "another" in diff(clone)


def test_scripts_survive_a_checkout_on_windows() -> None:
    command = ["git", "check-attr", "eol", "--", ".ci/run", "Makefile"]
    said = subprocess.run(command, cwd=ROOT, text=True, capture_output=True).stdout
    assert said.count("eol: lf") == 2, said
