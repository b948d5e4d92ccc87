"""Packs Python, SymPy and notekit for the reader's browser, into _static/live.

npm fetches Pyodide, by the version and the hash of book/tools/live/package-lock.json;
SymPy and mpmath are the ones that the notebooks run with. Without network the book is
built all the same, and the log says what it lacks.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sysconfig
import zipfile
from fnmatch import fnmatchcase
from importlib.metadata import files, version
from pathlib import Path
from tempfile import TemporaryDirectory

import mpmath
import sympy
from mathematics import FOLDER, NODE, PROGRAM
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
TOOLS, NOTEKIT = ROOT / "book" / "tools" / "live", ROOT / "notebooks" / "notekit"
COMPILER = TOOLS / "compile.mjs"
NPM = "--ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000"
# What no derivation needs, so that a reader waits for less.
LEFT_OUT = [
    *("test/*", "*/test/*", "*/tests/*", "*/benchmarks/*", "*/__pycache__/*"),
    *("sympy/testing/*", "sympy/parsing/autolev/*", "sympy/parsing/latex/*"),
    *("sympy/parsing/c/*", "sympy/parsing/fortran/*", "sympy/parsing/sym_expr*"),
    *(f"{name}/*" for name in ("_pyrepl", "unittest", "xml", "xmlrpc", "wsgiref")),
    *(f"{name}/*" for name in ("multiprocessing", "http", "dbm", "curses", "sqlite3")),
    *(f"{name}/*" for name in ("email", "tkinter", "idlelib", "ensurepip", "venv")),
    *(f"{name}/*" for name in ("turtledemo", "lib2to3")),
    *(f"{name}.py" for name in ("pdb", "pydoc", "doctest", "mailbox", "imaplib")),
    *(f"{name}.py" for name in ("smtplib", "ftplib", "poplib", "pickletools")),
    *(f"{name}.py" for name in ("tarfile", "_pyio", "_pydatetime", "turtle")),
    *(f"{name}.py" for name in ("optparse", "pyclbr", "trace", "profile", "cProfile")),
    *(f"{name}.py" for name in ("pstats", "ipaddress", "nturl2path", "netrc")),
    *("sympy/physics/*", "encodings/*"),
]
# Of these, something is needed all the same.
KEPT = [
    *("sympy/physics/__init__.py", "sympy/physics/matrices.py"),
    *("encodings/__init__.py", "encodings/aliases.py", "encodings/ascii.py"),
    *("encodings/cp437.py", "encodings/idna.py", "encodings/latin_1.py"),
    "encodings/utf_8.py",
]
# Servers know .js; .mjs is not JavaScript to all of them.
FILES = {"pyodide.mjs": "pyodide.js", "pyodide.asm.mjs": "pyodide.asm.js"}

LICENCES = """\
Python for the reader's browser is put together from these works.

Pyodide {}, Mozilla Public License 2.0, https://www.mozilla.org/MPL/2.0/
    source: https://github.com/pyodide/pyodide
Python, Python Software Foundation License, https://docs.python.org/3/license.html
SymPy and mpmath, New BSD License, as bytecode without docstrings
KaTeX, MIT License, as sphinxcontrib-katex, BSD License, carries it
"""

logger = logging.getLogger(__name__)


def modules(folder: Path, wanted: Path) -> Path:
    """What the package files of a folder list, which npm fetches if it is not there."""
    target = folder / "node_modules"
    if not target.exists():
        with TemporaryDirectory(dir=folder) as new:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(wanted / name, new)
            program = next(FOLDER.glob("**/node_modules/npm/bin/npm-cli.js"))
            run(NODE, program, "ci", *NPM.split(), "--prefix", new, cwd=Path(new))
            (Path(new) / target.name).rename(target)
    return target


def fetch(folder: Path) -> Path:
    """The folder of Pyodide, which npm fetches if it is not there yet, as a whole."""
    return modules(folder, TOOLS) / "pyodide"


def run(*command: object, cwd: Path) -> None:
    """Run a program; CalledProcessError, with what it said, if it fails."""
    words = [str(word) for word in command]
    subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True)


def needed(name: str) -> bool:
    """Whether a Python file belongs into the archive."""
    left_out = any(fnmatchcase(name, pattern) for pattern in LEFT_OUT)
    kept = any(fnmatchcase(name, pattern) for pattern in KEPT)
    return name.endswith(".py") and (kept or not left_out)


def sources(pyodide: Path) -> dict[str, bytes]:
    """The Python files to pack, by their names in the archive."""
    with zipfile.ZipFile(pyodide / "python_stdlib.zip") as standard:
        found = {
            name: standard.read(name) for name in standard.namelist() if needed(name)
        }
    for package in (sympy, mpmath):
        folder = Path(package.__file__).parent
        for path in folder.rglob("*.py"):
            name = path.relative_to(folder.parent).as_posix()
            if needed(name):
                found[name] = path.read_bytes()
    for name in ("__init__", "answers", "ledger", "proof", "style"):
        found[f"notekit/{name}.py"] = (NOTEKIT / f"{name}.py").read_bytes()
    return found | {path.name: path.read_bytes() for path in TOOLS.glob("*.py")}


def archive(pyodide: Path, folder: Path) -> bytes:
    """All Python files, compiled, as one archive; what is compiled already stays so."""
    wanted = sources(pyodide)
    for name, content in wanted.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".pyc").unlink(missing_ok=True)
            path.write_bytes(content)
    run(NODE, COMPILER, pyodide, folder, cwd=folder)
    path = folder / "python.zip"
    with zipfile.ZipFile(path, "w") as packed:  # not compressed: gzip does it better
        for name in sorted(wanted):
            info = zipfile.ZipInfo(name + "c")
            packed.writestr(info, (folder / info.filename).read_bytes())
    return path.read_bytes()


def licences(pyodide: Path) -> str:
    """Whose work is packed, under which licence, and where its source is."""
    number = json.loads((pyodide / "package.json").read_text(encoding="utf-8"))
    texts = [LICENCES.format(number["version"])]
    for name in ("sympy", "mpmath", "sphinxcontrib-katex"):
        (path, *_) = (path for path in files(name) if path.name == "LICENSE")
        texts.append(f"{name}\n\n{path.read_text(encoding='utf-8')}")
    katex = ROOT / "book" / "static" / "katex" / "LICENSE"
    texts.append(f"KaTeX\n\n{katex.read_text(encoding='utf-8')}")
    python = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if python.exists():  # some systems keep it elsewhere; its address is above
        texts.append(f"Python\n\n{python.read_text(encoding='utf-8')}")
    return "\n\n----\n\n".join(texts)


def digest(*inputs: Path | str) -> str:
    """What changes with the content of any of these files, or with any text."""
    found = hashlib.sha256()
    for value in inputs:
        found.update(value.encode() if isinstance(value, str) else value.read_bytes())
    return found.hexdigest()[:12]


def fill(target: Path, pyodide: Path, compiled: Path) -> None:
    """Put all that a browser needs into a new folder."""
    for name, new in FILES.items():
        text = (pyodide / name).read_text(encoding="utf-8")
        for old in FILES:
            text = text.replace(old, FILES[old])
        (target / new).write_text(text, encoding="utf-8")
    for path in (TOOLS / "worker.js", PROGRAM):
        shutil.copy(path, target / path.name)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {}  # none of them is here
    (target / "pyodide-lock.json").write_text(json.dumps(lock))
    (target / "LICENSES.txt").write_text(licences(pyodide), encoding="utf-8")
    for name, content in {
        "python.bin": archive(pyodide, compiled),
        "wasm.bin": (pyodide / "pyodide.asm.wasm").read_bytes(),
    }.items():
        (target / name).write_bytes(gzip.compress(content, 9, mtime=0))


def said(error: Exception) -> str:
    """The first lines of what a program, or an error, said."""
    text = str(getattr(error, "stderr", "") or error)
    return "\n".join(text.strip().splitlines()[:5])


def pack(work: Path) -> Path | None:
    """The folder with all that a browser needs, or None if Pyodide cannot be had."""
    # Another version of Pyodide is fetched and compiled anew, in a folder of its own.
    fetched = work / f"pyodide-{digest(TOOLS / 'package-lock.json', COMPILER)}"
    fetched.mkdir(parents=True, exist_ok=True)
    inputs = [*TOOLS.iterdir(), *NOTEKIT.glob("*.py"), Path(__file__), PROGRAM]
    inputs = sorted(filter(Path.is_file, inputs), key=lambda path: path.name)
    target = work / f"pack-{digest(version('sympy'), version('mpmath'), *inputs)}"
    if target.exists():
        return target
    logger.info("packing Python for browsers; the first time takes a minute")
    try:
        pyodide = fetch(fetched)
    except (subprocess.CalledProcessError, OSError, StopIteration) as error:
        logger.info("%s", said(error))
        return None
    for old in {*work.glob("pack-*"), *work.glob("pyodide-*")} - {fetched}:
        shutil.rmtree(old, ignore_errors=True)
    try:
        with TemporaryDirectory(dir=work) as new:
            making, compiled = Path(new) / "pack", fetched / "files"
            making.mkdir()
            compiled.mkdir(exist_ok=True)
            fill(making, pyodide, compiled)
            return making.rename(target)
    except (subprocess.CalledProcessError, OSError) as error:
        logger.warning("Python could not be packed for browsers: %s", said(error))
        return None
