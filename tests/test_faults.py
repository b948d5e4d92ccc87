"""What may go wrong while a book is built ends with a clear message, and the next make
book repairs itself: killed kernels, a full disk, Ctrl+C, two builds, half an
environment, a cache of another version, a noisy environment."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
import pytest
from filelock import FileLock

from kernels import hold
from rerun import write
from support import ROOT, SmallBook, code, make_command, prose

EXECUTED = "running notebooks... "
AGAIN = "every notebook runs again"


SOUND = "print('the output')"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    """A book that was built once."""
    book = SmallBook(tmp_path_factory.mktemp("faults"))
    book.add("note", [], setup=SOUND)
    assert_built(book)
    return book


@pytest.fixture
def book(built: SmallBook) -> SmallBook:
    """The book with a sound note, whatever the last test did."""
    built.add("note", [], setup=SOUND)
    return built


def assert_built(book: SmallBook) -> str:
    """The next build passes, and its page shows the output; what it says."""
    passed, output = book.build()
    assert passed and "the output" in book.page("note"), output
    return output


def test_a_killed_kernel_is_named_and_its_run_forgotten(book: SmallBook) -> None:
    kill = (
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(9)"
    )
    book.add("note", [], setup=kill)
    passed, output = book.build()
    assert not passed and "note.ipynb failed" in output, output
    assert "DeadKernelError" in output and "Kernel died" in output, output
    book.add("note", [], setup=SOUND)
    assert_built(book)


def test_a_full_disk_is_named(book: SmallBook) -> None:
    large = "import IPython\nIPython.display.HTML('the output' + 3_000_000 * '.')"
    book.add("note", [], setup=large)
    how = make_command()
    how["args"] = ["bash", "-c", f"ulimit -f 1000; {shlex.join(how['args'])}"]
    result = subprocess.run(**how, cwd=book.folder, text=True, capture_output=True)
    output = result.stdout + result.stderr
    assert result.returncode and "File too large" in output, output
    assert "The book was not built" in output, output
    assert_built(book)


def interrupt(book: SmallBook, begun: Callable[[str], bool]) -> None:
    """End a build with Ctrl+C, once what it says shows that it has begun."""
    log = book.folder / "log"
    with log.open("w") as end:
        how = make_command()
        how["env"] |= {"PYTHONFAULTHANDLER": "1"}
        build = subprocess.Popen(
            **how, cwd=book.folder, stdout=end, stderr=end, start_new_session=True
        )
        for _ in range(1200):
            if begun(log.read_text()):
                break
            time.sleep(0.1)
        else:
            os.killpg(build.pid, signal.SIGKILL)
            pytest.fail(f"the build never came so far: {log.read_text()}")
        family = psutil.Process(build.pid).children(recursive=True)
        os.killpg(build.pid, signal.SIGINT)
        try:
            assert build.wait(60) != 0
        except subprocess.TimeoutExpired:  # each process says where it stands
            os.killpg(build.pid, signal.SIGABRT)
            psutil.wait_procs(family, timeout=10)
            pytest.fail(f"the build did not end: {log.read_text()}")
    _, left = psutil.wait_procs(family, timeout=30)
    assert not left
    said = log.read_text()
    assert "Interrupted" in said and "Traceback" not in said, said


def test_ctrl_c_ends_the_build_and_its_kernels(book: SmallBook) -> None:
    wait = "import pathlib, time\npathlib.Path('here').touch()\ntime.sleep(600)"
    book.add("note", [], setup=wait)
    started = book.folder / "notebooks" / "here"
    interrupt(book, lambda said: started.exists())
    book.add("note", [], setup=SOUND)
    assert_built(book)


def test_the_build_after_ctrl_c_among_pages_is_whole(book: SmallBook) -> None:
    def files() -> dict[Path, bytes]:
        paths = (book.folder / "_build" / "html").rglob("*.html")
        return {path: path.read_bytes() for path in paths}

    assert_built(book)
    whole = files()
    shutil.rmtree(book.folder / "_build" / "html")
    interrupt(book, lambda said: "writing output" in said)
    assert_built(book)
    assert files() == whole


def test_two_builds_at_once_do_not_spoil_each_other(book: SmallBook) -> None:
    with FileLock(book.folder / "_build" / ".lock"):
        passed, output = book.build()
    assert not passed and "Another build works in this folder" in output, output
    assert_built(book)


def test_a_cache_of_another_version_is_made_anew(book: SmallBook) -> None:
    cache = book.folder / "_build" / ".jupyter_cache"
    (cache / "global.db").write_bytes(b"SQLite format 4\0" + bytes(4000))
    book.add("note", [code("print(2)")], setup=SOUND)
    assert AGAIN in assert_built(book)
    for stored in cache.rglob("base.ipynb"):
        stored.write_text(stored.read_text()[:100])
    book.add("note", [], setup="print('the output')\nprint(3)")
    assert_built(book)
    for stored in cache.rglob("base.ipynb"):
        stored.write_text(stored.read_text()[:100])
    shutil.rmtree(book.folder / "_build" / "html")
    (book.folder / "_build" / ".pages").unlink()
    assert EXECUTED in assert_built(book)


NOISE = {
    "MPLBACKEND": "Agg",
    "PYTHONWARNINGS": "always",
    "HOME": "/proc",  # which nobody can write to, not even root
    "XDG_CONFIG_HOME": "/proc",
    "XDG_CACHE_HOME": "/proc",
    "MPLCONFIGDIR": "/proc",
}


def test_noise_of_the_environment_fails_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from test_gate import ALT, CAPTION, FIGURE

    book = SmallBook(tmp_path)
    book.add("figure", [code(FIGURE, image=ALT, figure=CAPTION)])
    for name, value in NOISE.items():
        monkeypatch.setenv(name, value)
    passed, output = book.build()
    assert passed, output
    assert ALT["alt"] in book.page("figure")


def test_a_run_with_a_warning_is_shown_and_not_reused(book: SmallBook) -> None:
    loud = "import os, sys\nif os.path.exists('loud'): print('odd', file=sys.stderr)"
    book.add("note", [], setup=f"{loud}\nprint('the output')")
    noise = book.folder / "notebooks" / "loud"
    noise.touch()
    for _ in ("the first time", "and again"):
        passed, output = book.build()
        assert not passed and EXECUTED in output, output
        assert "note.ipynb, cell 2, wrote: odd" in output, output
    noise.unlink()
    assert EXECUTED in assert_built(book)
    assert EXECUTED not in assert_built(book)


def test_a_warning_of_prose_costs_no_run_and_is_counted_once(book: SmallBook) -> None:
    book.add("note", [prose("[Nowhere](nowhere.md).")], setup="print('another output')")
    passed, output = book.build()
    assert not passed and EXECUTED in output and "1 warning" in output, output
    passed, output = book.build()
    assert not passed and EXECUTED not in output, output


def test_a_stored_note_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(notebook: object, path: Path) -> None:
        path.write_text("{")
        raise OSError("No space left on device")

    note = tmp_path / "note.ipynb"
    note.write_text("as it was")
    monkeypatch.setattr(nbformat, "write", half)
    with pytest.raises(OSError, match="No space"):
        write(nbformat.v4.new_notebook(), note)
    assert note.read_text() == "as it was" and list(tmp_path.iterdir()) == [note]


def test_make_notebooks_waits_for_no_build(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(SystemExit, match="Another build"):
        hold(tmp_path)
    with hold(tmp_path):
        pass  # it was released


# The virtual environment.

FAKE = """\
#!/bin/sh
# Stands for a Python that makes environments, whose pip is there at once.
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"-m pip"*) echo installs; test ! -e fails ;;
esac
"""


def test_half_an_environment_is_finished(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    fake = tmp_path / "python"
    fake.write_text(FAKE)
    fake.chmod(0o755)

    def make() -> subprocess.CompletedProcess[str]:
        command = ["make", f"PYTHON={fake}", ".venv/requirements.lock"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, capture_output=True
        )

    (tmp_path / "fails").touch()  # pip is interrupted
    result = make()
    assert result.returncode and "installation failed" in result.stdout
    (tmp_path / "fails").unlink()
    assert "installs" in make().stdout
    assert "installs" not in make().stdout
    (tmp_path / ".venv" / "bin" / "python").unlink()  # that Python was uninstalled
    (tmp_path / ".venv" / "bin" / "python").symlink_to("nowhere")
    assert "installs" in make().stdout
    assert "installs" not in make().stdout
