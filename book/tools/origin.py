"""Where a checkout comes from: its repository on GitHub, and the site of that."""

from __future__ import annotations

import os
import re
import subprocess


def git(folder: str, *arguments: str) -> str:
    """What git answers, or nothing."""
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            text=True,
            timeout=20,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def github_name(folder: str) -> str:
    """OWNER/NAME where GitHub has this checkout's origin, or nothing."""
    remote = git(folder, "remote", "get-url", "origin")
    match = re.fullmatch(
        r"(?:\w+://)?(?:[^@/]+@)?github\.com(?::\d+)?[:/]+([\w.-]+/[\w.-]+?)(?:\.git)?/?",
        remote,
    )
    found = match[1] if match else ""
    return os.environ.get("GITHUB_REPOSITORY") or found


def site(name: str) -> str:
    """The address at which GitHub publishes the site of OWNER/NAME."""
    owner, _, project = name.partition("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" + (f"{project}/" if project.lower() != host else "")


def default_branch(folder: str) -> str:
    """The branch that the repository shows, as far as this checkout knows it.

    Only a clone has origin/HEAD; else it is the usual one of the branches fetched, the
    only one, or the one that is checked out.
    """
    head = git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    if head:
        return head.removeprefix("origin/")
    listed = git(folder, "for-each-ref", "--format=%(refname)", "refs/remotes/origin")
    fetched = [ref.removeprefix("refs/remotes/origin/") for ref in listed.split()]
    usual = [name for name in ("main", "master") if name in fetched]
    alone = fetched if len(fetched) == 1 else []
    here = git(folder, "symbolic-ref", "--short", "HEAD")
    return next(iter([*usual, *alone, *filter(None, [here]), "main"]))
