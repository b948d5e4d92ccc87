"""Statements about the files around the book: nothing private in them, one style, one
list of versions, Binder and CI can read theirs."""

import os
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pins import binder_requirements
from support import MACHINE_PATH, ROOT

REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|conda\.anaconda|/[s]imple\b"
    r"|find[-_]links|download\.pytorch"
)
# PyTorch's builds without CUDA are only in its own index, so Binder must be told of it.
MAY_NAME_A_REGISTRY = {"binder/requirements.txt", "binder/pins.py"}


def committed() -> list[str]:
    """The files that are in the repository, or will be with the next commit."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("this copy of the book is not a git repository")
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def found(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    """Where the pattern stands in these files."""
    hits = []
    for name in names:
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        hits += [
            f"{name}: …{text[max(0, match.start() - 40) : match.end() + 40]!r}…"
            for match in pattern.finditer(text)
        ]
    return hits


def test_no_file_names_a_path_of_one_machine() -> None:
    assert not found(MACHINE_PATH, committed())


def test_no_file_names_a_package_registry() -> None:
    assert not found(
        REGISTRY, [name for name in committed() if name not in MAY_NAME_A_REGISTRY]
    )


# In two pieces, so that this file does not name one itself.
PRIVATE = [
    "/home" + "/reader/book",
    "C:" + "\\Users\\reader",
    str(ROOT) + "/book",
    "lib/site-packages" + "/x.py",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_a_path_of_one_machine_is_recognised(text: str) -> None:
    assert MACHINE_PATH.search(f"saved in {text}")


@pytest.mark.parametrize("command", ["format --check", "check"])
def test_ruff_has_nothing_to_say_about(command: str) -> None:
    words = [sys.executable, "-m", "ruff", *command.split(), "--output-format=concise"]
    result = subprocess.run(words, cwd=ROOT, text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_requirement_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements and all(
        re.match(r"[\w.-]+==[\w.]+( +#|$)", line) for line in requirements
    ), requirements


# A line of the lock, as uv writes it, and the names below it of what needs the package.
LOCKED = re.compile(r"^(\w.*)\n((?:    #.*\n)+)", re.MULTILINE)
LOCK = (ROOT / "requirements.lock").read_text()


def pins(lines: list[str]) -> dict[str, Version]:
    """The version of each package that these lines pin on this machine."""
    wanted = [Requirement(line.partition(" #")[0]) for line in lines]
    return {
        canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version)
        for pin in wanted
        if pin.marker is None or pin.marker.evaluate()
    }


def test_the_lock_is_that_of_the_requirements() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = pins([line for line in lines if re.match(r"\w", line)])
    direct = [
        line for line, why in LOCKED.findall(LOCK) if "-r requirements.txt" in why
    ]
    assert pins(direct) == wanted, "requirements.lock is out of date: run make lock"


def test_the_lock_pins_whatever_is_installed() -> None:
    locked = pins([line for line, _ in LOCKED.findall(LOCK)])
    for package in distributions(path=[sysconfig.get_path("purelib")]):
        name = canonicalize_name(package.name)
        version = Version(Version(package.version).public)  # without +cpu
        # pip comes with Python, before there is a list to read.
        assert name == "pip" or locked.get(name) == version, f"{name} {version}"


def test_binder_installs_the_pins_of_the_notebooks() -> None:
    wanted = binder_requirements((ROOT / "requirements.txt").read_text())
    stored = (ROOT / "binder" / "requirements.txt").read_text()
    assert stored == wanted, (
        "binder/requirements.txt is out of date: run python binder/pins.py"
    )


def test_binder_installs_only_what_notebooks_need() -> None:
    wanted = binder_requirements(
        "# notebooks\nnumpy==1.2  # arrays\ntorch==3.4\n\n# book\nsphinx==5.6\n"
    )
    assert wanted.splitlines()[-2:] == ["numpy==1.2", "torch==3.4+cpu"]


def test_binder_and_ci_use_the_same_python() -> None:
    binder = (ROOT / "binder" / "runtime.txt").read_text().strip()
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "book.yml").read_text())[
        "jobs"
    ]["test"]["steps"]
    (ci,) = [
        step["with"]["python-version"]
        for step in steps
        if "python-version" in step.get("with", {})
    ]
    assert binder == f"python-{ci}"


def test_repo2docker_accepts_the_repository() -> None:
    command = [Path(sys.executable).with_name("jupyter-repo2docker"), "--no-build", "."]
    result = subprocess.run(
        command, cwd=ROOT, text=True, capture_output=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in result.stdout
    assert (ROOT / "binder" / "runtime.txt").read_text().strip().replace(
        "-", "="
    ) in result.stderr


def test_the_workflow_names_what_it_uses_by_a_hash_and_may_do_little() -> None:
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert set(job.get("permissions", {})) <= {"pages", "id-token"}
        for step in job["steps"]:
            used = step.get("uses", "@" + "0" * 40)
            assert re.search(r"@(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})$", used), used
            if "checkout" in used:
                assert step["with"]["persist-credentials"] is False
            if "setup-python" in used:
                assert step["with"]["cache"] == "pip"


def test_ci_starts_with_an_executable_bash_script() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
