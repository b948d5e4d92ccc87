"""Runs every claim under other seeds and settings, and stores which failed where.

make robustness (or: make robustness NOTES="adax dgcnn") writes robustness.json.
Finished runs are kept as notebooks: to be read, and to go on from after Ctrl+C.
make week NUMBER=34 runs every note under one seed more, and under that seed with one
setting changed, and says which claims fare otherwise than recorded.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from urllib.parse import quote

import joblib
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from tqdm import tqdm

from kernels import ENCRYPTED, kill_kernels, quiet_environment

ROOT = Path(__file__).resolve().parents[2]
NOTES = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
RECORD = ROOT / "notebooks" / "robustness.json"
KEPT = ROOT / "_build" / "robustness"
PARSER = Lock()  # Python 3.11 cannot parse in two threads at once
SEEDS = range(1, 13)  # fresh ones; seed 0 made the outputs that are stored in the note
BASE = dict(NOTEKIT_SEED="0", NOTEKIT_SETTING="", NOTEKIT_CLAIMS="record")
BASE |= dict(NOTEKIT_PLAYER="still", OMP_NUM_THREADS="1")
SPEAKS = re.compile(r"nk\.(?!setting$)\w+$")  # the calls that are given sentences
SHOWS = ("player", "style", "answers")  # files of notekit on which no verdict depends
BAR = "{n} of {total} runs, {elapsed} gone, about {remaining} to go"


def code(note: Path) -> ast.Module:
    """The syntax tree of a notebook's code cells, IPython's magics as plain calls.

    Without the first cell, which finds notekit, and the derivations that a reader
    completes: no verdict depends on them.
    """
    cells = nbformat.read(note, as_version=4).cells
    apart = {"remove-cell", "your-turn"}
    kept = [cell for cell in cells if not apart & {*cell.metadata.get("tags", ())}]
    sources = [cell.source for cell in kept if cell.cell_type == "code"]
    return ast.parse("\n".join(map(TransformerManager().transform_cell, sources)))


def meaning(node: object) -> object:
    """A syntax tree as nested lists, the same in Python 3.11 to 3.14.

    Without what no verdict depends on: layout, comments, docstrings and the sentences
    given to nk, which are worded when it is known how far a claim carries.
    """
    if isinstance(node, list):
        return [meaning(item) for item in node if not is_docstring(item)]
    if not isinstance(node, ast.AST):
        return ascii(node)  # repr follows the version of Unicode
    if isinstance(node, ast.Call) and SPEAKS.match(ast.unparse(node.func)):
        args = [value for value in node.args if not is_sentence(value)]
        named = [word for word in node.keywords if not is_sentence(word.value)]
        node = ast.Call(node.func, args, named)
    fields = [item for item in ast.iter_fields(node) if item[1] not in (None, [])]
    return [type(node).__name__, *((name, meaning(value)) for name, value in fields)]


def is_docstring(node: object) -> bool:
    """Whether a statement is nothing but a string."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def is_sentence(node: ast.expr) -> bool:
    """Whether an argument is a string of several words."""
    return isinstance(node, (ast.Constant, ast.JoinedStr)) and " " in ast.unparse(node)


def fingerprint(note: Path) -> str:
    """A short hash of all that a note's verdicts depend on: code, notekit, data."""
    helper = sorted(note.with_name("notekit").glob("*.py"))
    helper = [path for path in helper if path.stem not in SHOWS]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in helper]
    digest = hashlib.sha256(repr([*map(meaning, [code(note), *trees])]).encode())
    data = note.with_name(f"{note.stem}-data").rglob("*")
    for path in sorted(filter(Path.is_file, data)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def settings(note: Path) -> list[str]:
    """The other values of a note's settings, as name=value."""
    found = choices(code(note)).items()
    return [f"{name}={value}" for name, (_, *others) in found for value in others]


def choices(tree: ast.AST) -> dict[str, list]:
    """The values of each setting in a syntax tree, the default first.

    Raises ValueError for values that are not written out.
    """
    found = {}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "nk.setting":
            continue
        given = dict(zip(["name", "default"], call.args))
        given |= {word.arg: word.value for word in call.keywords}
        try:
            name, default, among = (
                ast.literal_eval(given[key]) for key in ("name", "default", "among")
            )
        except (KeyError, ValueError):
            raise ValueError(f"{ast.unparse(call)} needs literals") from None
        found[name] = [default, *among]
    return found


def verdicts(notebook: Path) -> dict[str, str]:
    """The verdict of each claim in an executed notebook, by the claim's id.

    Without timed claims: they depend on the machine, which stays the same.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    records = [output.get("metadata", {}).get("notekit") for output in outputs]
    return {r["id"]: r["verdict"] for r in records if r and r["how"] != "timed"}


@dataclass(frozen=True)
class Run:
    """One execution of a note: under a fresh seed, one setting changed, or both."""

    note: Path
    fingerprint: str
    label: str  # "seed 3", "steps=4000" or "seed 34, steps=4000"

    @property
    def kept(self) -> Path:
        """The executed notebook; it is there when the run is finished."""
        folder = KEPT / f"{self.note.stem}-{self.fingerprint}"
        return folder / f"{quote(self.label, safe=' =')}.ipynb"

    def execute(self) -> None:
        """Run the note and keep the result; raises what a cell raises."""
        self.check()
        seed, setting = re.fullmatch(r"(?:seed (\d+)(?:, )?)?(.*)", self.label).groups()
        varied = BASE | dict(NOTEKIT_SEED=seed or "0", NOTEKIT_SETTING=setting)
        notebook = nbformat.read(self.note, as_version=4)
        folder = {"metadata": {"path": str(self.note.parent)}}
        client = NotebookClient(
            notebook, timeout=600, resources=folder, config=ENCRYPTED
        )
        client.execute(env=os.environ | varied)
        self.check()
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        part = self.kept.with_suffix(".part")  # half a file must not look finished
        nbformat.write(notebook, part)
        part.replace(self.kept)

    def check(self) -> None:
        """Refuse to go on if the note, notekit or the data are not what was planned."""
        with PARSER:
            changed = fingerprint(self.note) != self.fingerprint
        if changed:
            raise RuntimeError("the note, notekit or its data changed; start again")


def plan(name: str) -> list[Run]:
    """All runs of a note."""
    note, now = NOTES[name], fingerprint(NOTES[name])
    labels = [*(f"seed {seed}" for seed in SEEDS), *settings(note)]
    return [Run(note, now, label) for label in labels]


def execute(runs: list[Run]) -> None:
    """Make the runs that are not kept, one a core; say which fail, and go on."""
    todo = [run for run in runs if not run.kept.exists()]
    progress = dict(total=len(runs), initial=len(runs) - len(todo), smoothing=0)
    futures: dict[Future, Run] = {}
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        try:
            for run in todo:
                futures[pool.submit(run.execute)] = run
            for done in tqdm(as_completed(futures), bar_format=BAR, **progress):
                if error := done.exception():
                    run = futures[done]
                    complain(f"{run.note.stem}, {run.label}", error)
        except BaseException:  # Ctrl+C, or nobody reads any more
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(map(Future.done, futures)):
                kill_kernels()
                time.sleep(0.1)
            raise


def complain(where: str, error: BaseException) -> None:
    """Say where something went wrong, with the last lines that tell what."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error) or repr(error))
    lines = [line for line in text.splitlines() if line.strip()]
    tqdm.write(f"{where}: " + "\n    ".join(lines[-8:]))


def entry(runs: list[Run]) -> dict:
    """What the record says of a note; ValueError if runs are missing or differ."""
    if missing := sum(not run.kept.exists() for run in runs):
        raise ValueError(f"not recorded: {missing} of {len(runs)} runs are missing")
    found = {"seed 0": verdicts(runs[0].note)}
    found |= {run.label: verdicts(run.kept) for run in runs}
    failed = {}
    for claim in sorted(set().union(*found.values())):
        if missing := [label for label in found if claim not in found[label]]:
            where = ", ".join(missing)
            raise ValueError(f"not recorded: no claim {claim!r} in {where}")
        failed[claim] = [label for label in found if found[label][claim] == "failed"]
    return {
        "fingerprint": runs[0].fingerprint,
        "claims": len(failed),
        "seeds": list(SEEDS),
        "settings": [run.label for run in runs if "=" in run.label],
        "failed": {claim: where for claim, where in failed.items() if where},
    }


def week(number: int) -> int:
    """Run every note under a seed that is not recorded; say which verdicts are new.

    The second run of a note has one of its recorded settings, another each week.
    """
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    plans, seed, news = {}, f"seed {max(SEEDS) + number}", []
    for name, note in NOTES.items():
        known, now = record.get(name), fingerprint(note)
        if not known or known["fingerprint"] != now:
            news.append(f"{name}: not recorded as it is now; run make robustness")
            continue
        settings = known["settings"]
        turn = settings[number % len(settings)] if settings else ""
        labels = {seed: "", f"{seed}, {turn}": turn} if turn else {seed: ""}
        plans[name] = {Run(note, now, label): turn for label, turn in labels.items()}
    quiet_environment()
    execute([run for runs in plans.values() for run in runs])
    for name, runs in plans.items():
        for run, setting in runs.items():
            news += changes(run, setting, record[name]["failed"])
    print("\n".join(f"- {line}" for line in news) or "Every verdict is as recorded.")
    return int(bool(news))


def changes(run: Run, setting: str, failed: dict[str, list[str]]) -> list[str]:
    """The claims that fare otherwise than recorded, with what the record says."""
    where = f"{run.note.stem}, {run.label}"
    if not run.kept.exists():
        return [f"{where}: the run did not end"]
    found = []
    for claim, verdict in verdicts(run.kept).items():
        before, fails = failed.get(claim, []), verdict == "failed"
        if fails != (setting in before if setting else False):
            known = f"recorded: fails under {', '.join(before) or 'no run'}"
            found.append(f"{where}: {claim} {'fails' if fails else 'holds'}; {known}")
    return found


def store(entries: dict[str, dict]) -> None:
    """Put entries into the record, and drop those of notes that are gone."""
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    record = {name: item for name, item in (record | entries).items() if name in NOTES}
    part = RECORD.with_suffix(".part")
    part.write_text(compact(dict(sorted(record.items()))) + "\n", encoding="utf-8")
    part.replace(RECORD)


def compact(value: object, start: str = "\n") -> str:
    """JSON with a line for each key, and each list on one line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = start + "  "
    lines = (f'{inner}"{key}": {compact(item, inner)}' for key, item in value.items())
    return "{" + ",".join(lines) + start + "}"


def main(names: list[str]) -> int:
    """Make the runs of these notes, or of all; store the entries that are complete."""
    if names[:1] == ["--week"]:
        if len(names) != 2 or not names[1].isdecimal() or not int(names[1]):
            print("Say which week, from 1: make week NUMBER=34")
            return 2
        return week(int(names[1]))
    wanted = list(dict.fromkeys(Path(name).stem for name in names or NOTES))
    if unknown := [name for name in wanted if name not in NOTES]:
        print(f"There is no note {', '.join(unknown)}; there are: {', '.join(NOTES)}")
        return 2
    plans, entries, interrupted = {}, {}, False
    for name in wanted:
        try:
            plans[name] = plan(name)
        except (SyntaxError, ValueError) as error:
            complain(name, error)
    quiet_environment()
    try:
        execute([run for runs in plans.values() for run in runs])
    except KeyboardInterrupt:
        print("Interrupted; what is finished is kept, and the same command goes on.")
        interrupted = True
    for name, runs in plans.items():
        try:
            entries[name] = entry(runs)
            folder = runs[0].kept.parent.relative_to(ROOT)
            print(f"{name}: recorded; its runs are in {folder.as_posix()}")
        except ValueError as error:
            complain(name, error)
    if entries:
        store(entries)
    return 130 if interrupted else int(len(entries) < len(wanted))


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # nbclient's exit hooks would complain of kernels that were ended
