"""A note where a reader takes it: downloaded alone, started in another folder, launched
from its page; and diffs of who runs notes in a clone."""

import base64
import io
import math
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from pybtex.database import parse_file

from clean import tidy
from origin import default_branch, site
from plain import Plain, name_sources
from rerun import FIRST_CELL
from support import NOTEBOOKS, ROOT, SmallBook, code, markdown, prose
from test_site import served

FIND = FIRST_CELL.read_text(encoding="utf-8")
TELL = """
import importlib.util, os
print(importlib.util.find_spec("notekit").origin)
print(os.getcwd())"""
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


DRAW = """
import matplotlib
matplotlib.use("Agg")
import numpy as np
from notekit.style import picture, plt
figure, axes = plt.subplots()
axes.imshow(np.random.default_rng(0).random((40, 40)))
axes.plot([0, 39], [0, 39], c="#d55e00")
print(picture(figure))"""


def test_a_figure_is_shown_without_a_kernel_and_keeps_the_colours_of_lines() -> None:
    command, home = [sys.executable, "-c", DRAW], ROOT / "notebooks"
    result = subprocess.run(command, cwd=home, text=True, capture_output=True)
    assert 'alt="A figure: without words."' in result.stdout, result.stderr
    data = re.search(r'base64,([^"]*)"', result.stdout)[1]
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        colors = [color for _, color in image.convert("RGB").getcolors()]
    for wanted in ((255, 255, 255), (0xD5, 0x5E, 0x00)):
        assert min(math.dist(color, wanted) for color in colors) < 6, wanted


# What a page offers: a small book, published as GitHub would publish it.

TEXT = """\
Equation {eq}`eq-one` and {footcite:t}`kingma2015adam`, {footcite:p}`kingma2015adam`.

$$
x = y
$$ (eq-one)

$$ y = x $$ (eq-two)

(a-place)=
See [the landing page](../book/intro.md), [this place](#a-place) and
[the list](#whats-cited-here).

:::{dropdown} Solution
It is *two*.
:::"""
PLAIN = """\
Equation (1) and Kingma and Ba (2015), (Kingma and Ba, 2015).

$$
x = y
\\tag{{1}}
$$

$$ y = x \\tag{{2}}$$

<a id="a-place"></a>
See [the landing page]({home}book/intro.html), [this place](#a-place) and
[the list](#whats-cited-here).

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
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    find = FIND.strip().replace("find_notekit()", f'find_notekit("{home}/")')
    cells = [code(find), prose(TEXT)]
    cells[0].metadata["tags"] = ["remove-cell"]
    cells += [prose("## What's cited here\n\n```{footbibliography}\n```")]
    book.add("note", cells, setup="1 + 1")
    book.add("unaware", [], setup="1 + 1")
    git(book.folder, "init", "--initial-branch=trunk")
    git(book.folder, "remote", "add", "origin", "git@github.com:reader/Book.git")
    config = book.folder / "_config.yml"
    text = config.read_text()
    assert "\nhtml:\n" in text
    baseurl = f"\nhtml:\n  baseurl: {home}\n"  # a slash at its end may be left out
    config.write_text(text.replace("\nhtml:\n", baseurl, 1))
    passed, output = book.build()
    assert passed, output
    with served(book.folder / "_build" / "html", port) as address:
        yield address, book.folder / "_build" / "html"


def buttons(out: Path, page: str) -> dict[str, str]:
    """The buttons of a page that are links, and where they lead."""
    text = (out / page).read_text(encoding="utf-8")
    links = BeautifulSoup(text, "html.parser").select("a.btn[href], #tools a[href]")
    texts = {"Notebook": ".ipynb", "Zip": ".zip"}  # the words of the site's own layout
    found = {link.get_text(strip=True): unquote(link["href"]) for link in links}
    return {texts.get(text, text): place for text, place in found.items()}


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
    landing = buttons(published[1], "book/intro.html")
    assert landing and not {"Binder", "Colab", ".zip"} & set(landing), landing


def test_colab_is_offered_only_for_a_note_that_finds_notekit_there(
    published: tuple[str, Path],
) -> None:
    found = buttons(published[1], "notebooks/unaware.html")
    assert "Binder" in found and "Colab" not in found


def downloaded(out: Path) -> nbformat.NotebookNode:
    """The notebook that the page offers."""
    return nbformat.read(out / "_sources" / "notebooks" / "note.ipynb", as_version=4)


def test_a_downloaded_note_reads_well_without_myst(published: tuple[str, Path]) -> None:
    address, out = published
    text = downloaded(out).cells[3].source
    assert text == PLAIN.format(home=address)
    sources = downloaded(out).cells[4].source
    heading = '<a id="whats-cited-here"></a>\n\n## What\'s cited here\n\n- '
    assert sources.startswith(heading) and "2015" in sources


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_word_of_myst_is_left_in_a_downloaded_note(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    before = markdown(notebook)
    labels = re.findall(r"\$\$ *\(([\w-]+)\)[ \t]*$", before, re.MULTILINE)
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    sources = parse_file(ROOT / "book" / "references.bib").entries
    Plain(numbers, sources, "https://reader.github.io/Book/").note(notebook)
    text = markdown(notebook)
    left = re.findall(r".*(?:\$\$ *\(|\{eq\}|\{foot|:::|^\([\w-]+\)=$).*", text, re.M)
    assert not left
    assert text.count("\\tag{") == before.count("\\tag{") + len(labels)
    assert not set(re.findall(r"\[[^]]*\]\(#(?!claim-)([^)]*)\)", text)) - set(
        re.findall(r'<a id="([^"]*)">', text)
    )


def test_binders_copies_name_their_sources_and_are_else_the_same(
    tmp_path: Path,
) -> None:
    for name in ("book/references.bib", *(f"notebooks/{p.name}" for p in NOTEBOOKS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    name_sources(tmp_path)
    for path in NOTEBOOKS:
        before, after = (
            nbformat.read(folder / path.name, as_version=4)
            for folder in (path.parent, tmp_path / "notebooks")
        )
        assert "footcite:" in markdown(before)
        assert not re.findall(r"\{foot\w+", markdown(after))
        assert re.search(r"\w+ et al\. \(20\d\d\)", markdown(after))
        for cell, new in zip(before.cells, after.cells, strict=True):
            assert cell == new or "{foot" in cell.source
            assert sorted(re.findall(r"\{eq\}", cell.source)) == sorted(
                re.findall(r"\{eq\}", new.source)
            )


def test_an_unknown_source_keeps_its_key() -> None:
    plain = Plain({}, {}, "")
    assert plain("{footcite:t}`nobody2000`") == "nobody2000 (n.d.)"
    assert plain("```{footbibliography}\n```") == ""


def test_a_downloaded_note_fetches_notekit(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("mine")
    result = fetches(published, tmp_path)
    assert result.stdout.splitlines()[-1] == str(tmp_path), result.stderr
    assert (tmp_path / PACKAGE).is_file()
    assert (tmp_path / "requirements.txt").read_text() == "mine"
    assert (tmp_path / "notekit.zip").stat().st_size < 100_000


def fetches(
    published: tuple[str, Path], folder: Path, *change: str
) -> subprocess.CompletedProcess[str]:
    """Run the downloaded first cell, with some of its words changed."""
    source = downloaded(published[1]).cells[2].source
    return first_cell(folder, source.replace(*change) if change else source)


def test_a_note_does_not_run_with_the_notekit_of_another(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    (package(tmp_path) / "notekit" / "version").write_text("old")
    assert "another version" not in fetches(published, tmp_path).stdout
    assert (tmp_path / "notekit" / "version").read_text() != "old"
    assert (tmp_path / "notekit" / "ledger.py").is_file()


def test_without_a_network_another_version_is_used_and_named(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    (package(tmp_path) / "notekit" / "version").write_text("old")
    result = fetches(published, tmp_path, published[0], "http://127.0.0.1:1/")
    assert "another version" in result.stdout and not result.returncode, result.stderr


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut short", b"<p>Log in</p>"])
def test_half_an_archive_is_fetched_again(
    published: tuple[str, Path], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "notekit.zip").write_bytes(content)
    assert not fetches(published, tmp_path).returncode
    assert (tmp_path / PACKAGE).is_file()


def test_what_is_no_archive_is_not_kept(
    published: tuple[str, Path], tmp_path: Path
) -> None:
    (published[1] / "login").mkdir(exist_ok=True)
    (published[1] / "login" / "notekit.zip").write_text("<p>Log in</p>")
    home = published[0]
    result = fetches(published, tmp_path, home, f"{home}login/")
    assert "put notekit.zip into the folder" in result.stderr
    assert not list(tmp_path.iterdir())


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
        cell.metadata |= {"collapsed": False, "scrolled": True, "vscode": {"a": 1}}
        cell.metadata |= {"execution": {"iopub.execute_input": "now"}, "editable": True}
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
    (command,) = re.findall(r'git config filter\.notes\.clean "(.*)"', readme)
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


def test_a_note_that_colab_saved_has_no_diff(clone: Path) -> None:
    note = clone / "notebooks" / "note.ipynb"
    notebook = nbformat.reads(saved_by_a_front_end(note.read_text()), as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, note)
    assert not diff(clone)


def test_marks_of_a_conflict_pass_the_filter(clone: Path) -> None:
    (clone / "notebooks" / "note.ipynb").write_text("<<<<<<< ours\n")
    assert "<<<<<<< ours" in diff(clone)


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
    for name in (".ci/run", "Makefile"):
        assert b"\r" not in (ROOT / name).read_bytes()
