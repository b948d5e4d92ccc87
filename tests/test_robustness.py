"""The record of what claims survive is up to date and true, and its tool works."""

import ast
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import v4, write

import robustness
from support import NOTEBOOKS, ROOT

NOTES = {path.stem: path for path in NOTEBOOKS}
RECORD = ROOT / "notebooks" / "robustness.json"
ENTRIES = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def out_of_date(name: str) -> bool:
    """Whether a note's entry was made with other code than there is now."""
    return ENTRIES[name]["fingerprint"] != robustness.fingerprint(NOTES[name])


# The record that is stored.


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_of_a_note_and_up_to_date(name: str) -> None:
    assert name in NOTES and not out_of_date(name), f"run make robustness NOTES={name}"


@pytest.mark.parametrize("name", NOTES)
def test_a_note_has_an_entry(name: str) -> None:
    assert name in ENTRIES, f"run make robustness NOTES={name}"


@pytest.mark.parametrize("name", ENTRIES)
def test_no_claim_falls_under_two_seeds(name: str) -> None:
    for claim, lost in ENTRIES[name]["failed"].items():
        seeds = [label for label in lost if label.startswith("seed")]
        assert len(seeds) <= 1, f"{claim} needs more evidence: it falls under {seeds}"


@pytest.mark.parametrize("name", ENTRIES)
def test_no_seed_touches_what_is_computed(name: str) -> None:
    cells = nbformat.read(NOTES[name], as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    records = [output.get("metadata", {}).get("notekit") for output in outputs]
    for record in filter(None, records):
        if record["how"] == "computed" or record["kind"] == "identity":
            lost = ENTRIES[name]["failed"].get(record["id"], [])
            seeds = [label for label in lost if label.startswith("seed")]
            assert not seeds, f"{record['id']} fails under {seeds}: is it sampled?"
            assert record["kind"] != "identity" or not lost, f"{record['id']}: {lost}"


@pytest.mark.skipif(not ENTRIES, reason="make robustness has not been run")
def test_the_record_tells_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row is run again, of a seed that is said to bear all claims out.

    Which note it is changes with the notes and with nothing else.
    """
    name = min(ENTRIES, key=lambda name: ENTRIES[name]["fingerprint"])
    entry = ENTRIES[name]
    labels = [f"seed {seed}" for seed in entry["seeds"]]
    lost = {label for where in entry["failed"].values() for label in where}
    label = min(labels, key=lost.__contains__)
    monkeypatch.setattr(robustness, "KEPT", tmp_path)
    run = robustness.Run(NOTES[name], entry["fingerprint"], label)
    run.execute()
    found = robustness.verdicts(run.kept)
    assert len(found) == entry["claims"]
    said = {claim for claim, where in entry["failed"].items() if label in where}
    failed = {claim for claim, verdict in found.items() if verdict == "failed"}
    assert failed == said, f"{name}, {label}: run make robustness NOTES={name}"


# The tool, on small notes in a copy of the folders that it needs.

SETUP = """
import os
import time
import notekit as nk

seed = int(os.environ["NOTEKIT_SEED"])
"""
SOUND = """
size = nk.setting("size", 1, among=(9,))
nk.claim("size", "Small.", nk.Bound(size, at_most=2, how="computed", what="size"))
nk.claim("seed", "Small.", nk.Bound(seed, at_most=1, how="computed", what="seed"))
nk.claim("sum", "One and one are two.", nk.Identity(1 + 1, 2))
slow = nk.Bound(seed, at_most=0, how="timed", what="seconds")
nk.claim("time", "Left out, because it is timed.", slow, control=slow)
"""
CLAIMS = ("seed", "size", "sum")
# Two fresh seeds are enough here.
CALL = """
import sys, robustness
robustness.SEEDS = range(1, 3)
sys.exit(robustness.main(sys.argv[1:]))
"""
OLD = dict(fingerprint="old", claims=1, seeds=[0, 1], settings=[], failed={})
OLD["failed"] = {"claim": ["seed 1"]}


class SmallBook:
    """Notes, a copy of the tool, and of notekit, of which only the ledger is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "notebooks" / "robustness.json"
        for name in ("book/tools", "notebooks/notekit"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        quick = "from .ledger import Bound, Identity, claim, setting\n"
        (self.path.parent / "notekit" / "__init__.py").write_text(quick)

    def add(self, name: str, *sources: str) -> Path:
        """Store a note, as if it had been run."""
        records = [dict(id=claim, verdict="checked", how="") for claim in CLAIMS]
        outputs = [
            v4.new_output("display_data", metadata={"notekit": record})
            for record in records
        ]
        cells = [v4.new_code_cell(source) for source in (SETUP, *sources)]
        cells[-1].outputs = outputs
        path = self.path.with_name(f"{name}.ipynb")
        write(v4.new_notebook(cells=cells), path)
        return path

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the tool."""
        command = [sys.executable, "-c", CALL, *words]
        streams = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return subprocess.Popen(command, cwd=self.folder / "book/tools", **streams)

    def make(self, *words: str) -> tuple[int, str]:
        """The exit code of the tool, and what it said."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def record(self) -> dict:
        """The record that the tool wrote."""
        return json.loads(self.path.read_text("utf-8")) if self.path.exists() else {}

    def finished(self) -> dict[str, int]:
        """The runs that are kept, and when each was finished."""
        kept = (self.folder / "_build").rglob("*.ipynb")
        return {path.stem: path.stat().st_mtime_ns for path in kept}


@pytest.fixture
def book(tmp_path: Path) -> SmallBook:
    """A small book without notes."""
    return SmallBook(tmp_path)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallBook, int, str]:
    """A book with notes of all kinds, the tool's exit code, and what it said."""
    book = SmallBook(tmp_path_factory.mktemp("tried"))
    book.path.write_text(robustness.compact({"gone": OLD, "raises": OLD}))
    book.add("sound", SOUND)
    book.add("raises", SOUND, "if seed == 2:\n    raise OSError('too large')")
    book.add("differs", f"if seed != 1:{SOUND}".replace("\n", "\n    "))
    book.add("unreadable", "nk.setting('size', 1, among=range(3))")
    return book, *book.make()


def test_failing_claims_are_listed_with_their_seeds_and_settings(tried) -> None:
    book, _, output = tried
    assert book.record()["sound"] == {
        "fingerprint": robustness.fingerprint(book.path.with_name("sound.ipynb")),
        "claims": 3,
        "seeds": [1, 2],
        "settings": ["size=9"],
        "failed": {"seed": ["seed 2"], "size": ["size=9"]},
    }
    assert "9 of 9 runs" in output and "to go" in output


def test_an_error_names_its_note_and_run_and_the_others_go_on(tried) -> None:
    book, code, output = tried
    for words in (
        "raises, seed 2: ",
        "OSError: too large",
        "raises: not recorded: 1 of 3 runs are missing",
        "differs: not recorded: no claim 'seed' in seed 1",
        "unreadable: nk.setting('size', 1, among=range(3)) needs literals",
    ):
        assert words in output, f"{words!r} is not in:\n{output}"
    assert code == 1 and "raises, seed 1" not in output and "size=9:" not in output


def test_entries_are_kept_until_the_note_is_gone_or_all_its_runs_are_there(
    tried,
) -> None:
    book, *_ = tried
    assert book.record().keys() == {"raises", "sound"}
    assert book.record()["raises"] == OLD


def test_the_record_has_one_line_for_each_key(tried) -> None:
    book, *_ = tried
    assert '    "seeds": [1, 2],\n' in book.path.read_text("utf-8")


def test_an_interrupted_run_is_resumed(book: SmallBook) -> None:
    slow = "time.sleep(600 * (seed == 2 and not os.path.exists('../go-on')))"
    book.add("slow", SOUND, slow)
    process = book.start()
    deadline = time.monotonic() + 200
    while len(book.finished()) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    finished = book.finished()
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "the same command goes on" in output, output
    assert finished.keys() == {"seed 1", "size=9"} and not book.record(), output
    (book.folder / "go-on").touch()
    code, output = book.make()
    assert code == 0 and book.record()["slow"]["seeds"] == [1, 2], output
    assert finished.items() <= book.finished().items()


def test_an_unknown_note_is_refused_with_a_list_of_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert robustness.main(["adan"]) == 2
    assert f"no note adan; there are: {', '.join(NOTES)}" in capsys.readouterr().out


def test_a_week_says_which_claims_fare_otherwise_than_recorded(book: SmallBook) -> None:
    now = robustness.fingerprint(book.add("sound", SOUND))
    failed = {"seed": ["seed 2"], "size": ["size=9"], "sum": ["size=9"]}
    known = OLD | dict(fingerprint=now, settings=["size=9"], failed=failed)
    book.add("changed", SOUND, "seed = 1")
    book.path.write_text(robustness.compact({"changed": OLD, "sound": known}))
    code, output = book.make("--week", "1")
    news = [line for line in output.splitlines() if line.startswith("- ")]
    assert code == 1 and news == [
        "- changed: not recorded as it is now; run make robustness",
        "- sound, seed 3: seed fails; recorded: fails under seed 2",
        "- sound, seed 3, size=9: seed fails; recorded: fails under seed 2",
        "- sound, seed 3, size=9: sum holds; recorded: fails under size=9",
    ], output
    assert book.record()["sound"] == known, "a week changes no record"


def test_a_week_without_news_says_so(book: SmallBook) -> None:
    note = book.add("calm", SOUND.replace("seed, at_most=1", "seed, at_most=9"))
    known = dict(fingerprint=robustness.fingerprint(note), settings=["size=9"])
    known["failed"] = {"size": ["size=9"]}
    book.path.write_text(robustness.compact({"calm": OLD | known}))
    code, output = book.make("--week", "1")
    assert code == 0 and "Every verdict is as recorded." in output, output


@pytest.mark.parametrize("number", [[], ["0"], ["next"], ["1", "2"]])
def test_a_week_needs_its_number(
    number: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert robustness.main(["--week", *number]) == 2
    assert "make week NUMBER=34" in capsys.readouterr().out


# What a fingerprint depends on.

CELL = """
def loss(x):
    "The square."
    return x**2  # in metres

%timeit -n 1 loss(2)
nk.claim("small-loss", "The loss is small.", nk.Bound(loss(0.5), at_most=0.3), "eq. 1")
size = nk.setting("size", "very small", among=("large",))
"""


def edited(old: str, new: str) -> Callable[[SmallBook], object]:
    """A note in which some words are others."""
    assert old in CELL
    return lambda book: book.add("note", CELL.replace(old, new))


def helper(name: str) -> Callable[[SmallBook], object]:
    """A file of notekit or of the note's data to which a statement is added."""
    path = Path("notebooks", name)
    return lambda book: (book.folder / path).open("a").write("\nnumber = 3\n")


def practised(book: SmallBook) -> None:
    """A note with a derivation that a reader completes."""
    path = book.folder / "notebooks" / "note.ipynb"
    note = nbformat.read(path, as_version=4)
    note.cells.append(nbformat.v4.new_code_cell("3", metadata={"tags": ["your-turn"]}))
    nbformat.write(note, path)


@pytest.mark.parametrize(
    "edit",
    [
        edited("# in metres", "# in feet"),
        edited("The square.", "A square."),
        edited("x**2", "(x ** 2)"),
        edited("The loss is small.", "Often, the loss is small."),
        edited("eq. 1", "eq. 2"),
        practised,
        *map(helper, (f"notekit/{name}.py" for name in robustness.SHOWS)),
    ],
)
def test_a_fingerprint_stays_when_no_verdict_can_change(
    book: SmallBook, edit: Callable[[SmallBook], object]
) -> None:
    note = book.add("note", CELL)
    before = robustness.fingerprint(note)
    edit(book)
    assert robustness.fingerprint(note) == before


@pytest.mark.parametrize(
    "edit",
    [
        edited("x**2", "x**3"),
        edited("-n 1", "-n 2"),
        edited("small-loss", "low-loss"),
        edited("0.3", "0.4"),
        edited("very small", "very large"),
        helper("notekit/ledger.py"),
        helper("note-data/new.json"),
    ],
)
def test_a_fingerprint_changes_with_what_a_verdict_depends_on(
    book: SmallBook, edit: Callable[[SmallBook], object]
) -> None:
    (book.folder / "notebooks" / "note-data").mkdir()
    note = book.add("note", CELL)
    before = robustness.fingerprint(note)
    edit(book)
    assert robustness.fingerprint(note) != before


def test_a_fingerprint_is_the_same_in_all_versions_of_python() -> None:
    code = """
class Model(Base):
    def loss(self, x, /, *rest, scale=1e-3, **more) -> "Tensor":
        return f"{x:.2f} \\u2fff" "a" if x else (lambda: None)
"""
    text = repr(robustness.meaning(ast.parse(code)))
    assert hashlib.sha256(text.encode()).hexdigest().startswith("b0b11fb171b3")
