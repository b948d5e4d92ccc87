"""Adds the buttons that lead to the repository, to Binder and to Colab, if the checkout
knows where it is published."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from origin import default_branch, github_name, site  # noqa: E402


def add_buttons(app: Sphinx, config: Config) -> None:
    """Tell the theme the repository; without one it shows no button."""
    folder = str(app.srcdir)
    name = github_name(folder)
    if config.html_baseurl:  # names of files are joined to it
        config.html_baseurl = config.html_baseurl.rstrip("/") + "/"
    if not name:
        return
    config.html_baseurl = config.html_baseurl or site(name)
    options = config.html_theme_options
    options["repository_url"] = f"https://github.com/{name}"
    options["repository_branch"] = default_branch(folder)
    options["use_repository_button"] = options["use_source_button"] = True
    options["launch_buttons"] = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    }


def only_what_runs_launches(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """A page that is not a notebook file has nothing to open in Binder or Colab.

    Colab takes the notebook alone: it runs there if it says from where to get notekit.
    """
    buttons = context.get("header_buttons", [])
    launch = [group for group in buttons if group.get("label") == "launch-buttons"]
    if not str(context.get("page_source_suffix", "")).endswith("ipynb"):
        buttons[:] = [group for group in buttons if group not in launch]
        return
    stored = Path(app.env.doc2path(page)).read_text(encoding="utf-8")
    call = json.dumps(f'find_notekit("{app.config.html_baseurl}")')[1:-1]
    for group in launch:
        known = call in stored
        kept = [b for b in group["buttons"] if known or b.get("text") != "Colab"]
        group["buttons"] = kept


def setup(app: Sphinx) -> dict:
    """Register the hooks, before the theme reads options and after it made buttons."""
    app.connect("config-inited", add_buttons, priority=100)
    app.connect("html-page-context", only_what_runs_launches, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
