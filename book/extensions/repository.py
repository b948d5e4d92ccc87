"""Adds the buttons that lead to the repository and to Binder, if the checkout knows
where it is published."""

from __future__ import annotations

import os
import re
import subprocess

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config


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


def github_name(remote: str) -> str:
    """OWNER/NAME of a GitHub address in any of git's forms, or nothing."""
    match = re.fullmatch(
        r"(?:\w+://)?(?:[^@/]+@)?github\.com(?::\d+)?[:/]+([\w.-]+/[\w.-]+?)(?:\.git)?/?",
        remote,
    )
    return match[1] if match else ""


def add_buttons(app: Sphinx, config: Config) -> None:
    """Tell the theme the repository; without one it shows no button."""
    folder = str(app.srcdir)
    name = os.environ.get("GITHUB_REPOSITORY") or github_name(
        git(folder, "remote", "get-url", "origin")
    )
    if not name:
        return
    head = git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    options = config.html_theme_options
    options["repository_url"] = f"https://github.com/{name}"
    options["repository_branch"] = head.removeprefix("origin/") or "main"
    owner, _, project = name.partition("/")
    config.html_baseurl = f"https://{owner.lower()}.github.io/{project}/"
    options["use_repository_button"] = options["use_source_button"] = True
    options["launch_buttons"] = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
    }


def only_notebooks_launch(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """A page that is not a notebook file has nothing to open in Binder."""
    if not str(context.get("page_source_suffix", "")).endswith("ipynb"):
        buttons = context.get("header_buttons", [])
        buttons[:] = [
            button for button in buttons if button.get("label") != "launch-buttons"
        ]


def setup(app: Sphinx) -> dict:
    """Register the hooks, before the theme reads options and after it made buttons."""
    app.connect("config-inited", add_buttons, priority=100)
    app.connect("html-page-context", only_notebooks_launch, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
