"""Packs Python, SymPy and notekit for the reader's browser, into _static/live.

npm fetches Pyodide, by the version and the hash of book/tools/live/package-lock.json;
SymPy and mpmath are the ones that the notebooks run with. Without network the book is
built all the same, and the log says what it lacks.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import mpmath
import sympy
from mathematics import FOLDER, NODE, PROGRAM
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
TOOLS, NOTEKIT = ROOT / "book" / "tools" / "live", ROOT / "notebooks" / "notekit"
NPM = "--ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000"
# What no derivation needs, so that a reader waits for less.
LEFT_OUT = re.compile(
    r"(.*/)?(tests|benchmarks|test|__pycache__)/|sympy/(physics/(?!__init__|matrices"
    r"|units)|testing|parsing/(autolev|latex|c|fortran|sym_expr))|(_pyrepl|unittest|xml"
    r"|xmlrpc|multiprocessing|http|wsgiref|dbm|curses|sqlite3|email|tkinter|idlelib"
    r"|ensurepip|venv|turtledemo|lib2to3)/|encodings/(?!ascii|utf_8\.|latin_1|cp437"
    r"|aliases|__init__|idna)|(pdb|pydoc|doctest|mailbox|imaplib|smtplib|ftplib|poplib"
    r"|pickletools|tarfile|_pyio|_pydatetime|turtle|optparse|pyclbr|trace|profile"
    r"|cProfile|pstats|ipaddress|nturl2path|netrc)\.py"
)
FILES = ("pyodide.mjs", "pyodide.asm.mjs")

logger = logging.getLogger(__name__)


def fetch(work: Path) -> Path:
    """The folder of Pyodide, which npm fetches if it is not there yet."""
    target = work / "node_modules" / "pyodide"
    if not target.exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TOOLS / name, work / name)
        program = next(FOLDER.glob("**/node_modules/npm/bin/npm-cli.js"))
        run(NODE, program, "ci", *NPM.split(), "--prefix", work, cwd=work)
    return target


def run(*command: object, cwd: Path) -> None:
    """Run a program; CalledProcessError, with what it said, if it fails."""
    words = [str(word) for word in command]
    subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True)


def sources(pyodide: Path, work: Path) -> dict[str, bytes]:
    """The Python files to pack, by their names in the archive."""
    with zipfile.ZipFile(pyodide / "python_stdlib.zip") as standard:
        found = {
            name: standard.read(name)
            for name in standard.namelist()
            if name.endswith(".py") and not LEFT_OUT.match(name)
        }
    for package in (sympy, mpmath):
        folder = Path(package.__file__).parent
        for path in folder.rglob("*.py"):
            name = path.relative_to(folder.parent).as_posix()
            if not LEFT_OUT.match(name):
                found[name] = path.read_bytes()
    for name in ("__init__", "proof", "ledger", "style"):
        found[f"notekit/{name}.py"] = (NOTEKIT / f"{name}.py").read_bytes()
    return found | {path.name: path.read_bytes() for path in TOOLS.glob("*.py")}


def archive(pyodide: Path, work: Path) -> bytes:
    """All Python files, compiled, as one archive; what is compiled already stays so."""
    folder, wanted = work / "files", sources(pyodide, work)
    for name, content in wanted.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".pyc").unlink(missing_ok=True)
            path.write_bytes(content)
    run(NODE, TOOLS / "compile.mjs", pyodide, folder, cwd=work)
    path = work / "python.zip"
    with zipfile.ZipFile(path, "w") as packed:  # not compressed: gzip does it better
        for name in sorted(wanted):
            info = zipfile.ZipInfo(name + "c")
            packed.writestr(info, (folder / info.filename).read_bytes())
    return path.read_bytes()


def pack(work: Path) -> Path | None:
    """The folder with all that a browser needs, or None if Pyodide cannot be had."""
    work.mkdir(parents=True, exist_ok=True)
    inputs = [*TOOLS.iterdir(), *NOTEKIT.glob("*.py"), Path(__file__), PROGRAM]
    digest = hashlib.sha256((version("sympy") + version("mpmath")).encode())
    for path in sorted(filter(Path.is_file, inputs), key=lambda path: path.name):
        digest.update(path.read_bytes())
    target = work / f"pack-{digest.hexdigest()[:12]}"
    if target.exists():
        return target
    logger.info("packing Python for browsers; the first time takes a minute")
    try:
        pyodide = fetch(work)
    except (subprocess.CalledProcessError, OSError, StopIteration) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        logger.info("%s", "\n".join(said[:5]))
        return None
    for old in work.glob("pack-*"):
        shutil.rmtree(old)
    making = work / "making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    for path in (*(pyodide / name for name in FILES), TOOLS / "worker.mjs", PROGRAM):
        shutil.copy(path, making / path.name)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {}  # none of them is here
    (making / "pyodide-lock.json").write_text(json.dumps(lock))
    for name, content in {
        "python.bin": archive(pyodide, work),
        "wasm.bin": (pyodide / "pyodide.asm.wasm").read_bytes(),
    }.items():
        (making / name).write_bytes(gzip.compress(content, 9, mtime=0))
    return making.rename(target)
