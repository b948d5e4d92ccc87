"""Adds the buttons that lead to the repository, to Binder and to Colab, if the checkout
knows where it is published."""

from __future__ import annotations

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


def only_notebooks_launch(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """A page that is not a notebook file has nothing to open in Binder or Colab."""
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
