"""A note in JupyterLab, in a real browser: as it opens, untrusted, in a light and in a
dark theme, and as a reader runs it and tries things out."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Browser, Page, expect

import test_site
from rerun import FIRST_CELL, main
from support import ROOT, SETUP, code, prose

ALT = "A straight line that rises from left to right."
SLOPE = "A line whose slope can be chosen."
FIGURE = """\
figure, axes = plt.subplots()
axes.plot([0, 1])
axes.set(xlabel="time (s)", ylabel="length (m)")
plt.show()"""
EXPLORE = """\
def line(slope, width):
    figure, axes = plt.subplots()
    axes.plot([0, slope], lw=1000 * width)


nk.explore(line, slope=nk.slider(1, 3, 0.5), width=nk.slider([0.001, 0.003]))"""
CLAIM = """\
two = nk.Measured(1 + 1, 2, tolerance=0.1, how="computed", what="one and one")
nk.claim("small-sum", "One and one are two.", two)"""
HELD = "One and one are two."
CAPTION = {"caption": "A straight line.", "name": "fig-line"}
browser = test_site.browser  # the same fixture here
DARK = {"theme": "JupyterLab Dark"}
WHOLE = {"notebook-extension/tracker": {"windowingMode": "none"}}  # else what is seen


def note() -> v4.new_notebook:
    """A note with a figure, a slider, a claim and a folded solution."""
    cells = [
        prose("# A note"),
        code(FIRST_CELL.read_text(encoding="utf-8").strip()),
        code(SETUP),
        code(FIGURE, image={"alt": ALT}, figure=CAPTION),
        code(EXPLORE, image={"alt": SLOPE}, figure=CAPTION),
        code(CLAIM),
        code("# Two words.\nprint('the', 'solution')"),
    ]
    cells[1].metadata["tags"] = ["remove-cell"]
    cells[-1].metadata["tags"] = ["hide-cell"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note as make notebooks stores it, beside notekit."""
    folder = tmp_path_factory.mktemp("lab") / "notes"
    shutil.copytree(ROOT / "notebooks" / "notekit", folder / "notekit")
    nbformat.write(note(), folder / "note.ipynb")
    assert main([str(folder / "note.ipynb")]) == 0
    return folder


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    """JupyterLab as somebody has it who starts it for the first time."""
    home = folder.parent / "home"
    home.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--IdentityProvider.token="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = {k: v for k, v in os.environ.items() if k != "NOTEKIT_PLAYER"}
    environment |= {"HOME": str(home), "OMP_NUM_THREADS": "1"}
    environment |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}api/status")
                break
            except OSError:
                assert server.poll() is None, (home / "log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(60)


Opener = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, lab: str, folder: Path) -> Iterator[Opener]:
    """Open a copy of the note, light or dark."""
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    context.set_default_timeout(120_000)

    def open_copy(name: str, dark: bool = False) -> Page:
        shutil.copy(folder / "note.ipynb", folder / f"{name}.ipynb")
        settings = {"apputils-extension/themes": DARK if dark else {}, **WHOLE}
        for place, words in settings.items():
            path = folder.parent / f"home/settings/@jupyterlab/{place}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".jupyterlab-settings").write_text(json.dumps(words))
        page = context.new_page()
        page.goto(f"{lab}lab/tree/{name}.ipynb?reset")
        page.get_by_role("heading", name="A note").wait_for()
        return page

    yield open_copy
    context.close()


# The least opacity, the darkest ink, and the grey of the first corner.
SHADES = """async image => {
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const paper = canvas.getContext("2d");
    paper.drawImage(image, 0, 0);
    const { data } = paper.getImageData(0, 0, canvas.width, canvas.height);
    let [opaque, ink] = [255, 255];
    for (let i = 0; i < data.length; i += 4) {
        opaque = Math.min(opaque, data[i + 3]);
        ink = Math.min(ink, Math.max(data[i], data[i + 1], data[i + 2]));
    }
    return [opaque, ink, data[0]];
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_note_that_is_opened_for_the_first_time_shows_its_figures(
    opened: Opener, dark: bool
) -> None:
    page = opened(f"first-{dark}", dark)
    theme = page.locator("body").get_attribute("data-jp-theme-name")
    assert theme == f"JupyterLab {'Dark' if dark else 'Light'}"
    for alt in (ALT, SLOPE):
        image = page.get_by_role("img", name=alt)
        expect(image).to_be_visible()
        opaque, ink, paper = image.evaluate(SHADES)
        assert opaque == 255 and ink < 30 and paper == 255
    assert "<Figure size" not in page.locator(".jp-Notebook").inner_text()


def test_solutions_are_folded(opened: Opener) -> None:
    page = opened("folded")
    expect(page.locator(".jp-Notebook")).to_contain_text(HELD)
    text = page.locator(".jp-Notebook").inner_text()
    assert "the solution" not in text and "find_notekit" not in text
    assert "'the', 'solution'" not in text  # its code, but for the first line


def run_all(page: Page) -> None:
    """Run all cells, up to the slider, which is not stored."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".nk-live")).to_be_visible(timeout=120_000)


def test_a_running_slider_has_a_name_a_value_and_a_described_figure(
    opened: Opener,
) -> None:
    page = opened("live")
    run_all(page)
    image = page.get_by_role("img", name=SLOPE)
    expect(image).to_be_visible()
    for name, first, then in (("slope", "1", "1.5"), ("width", "0.001", "0.003")):
        slider = page.get_by_role("slider", name=name)
        expect(slider).to_have_attribute("aria-valuetext", first)
        before = image.inner_html()
        slider.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", then)
        expect(image).not_to_have_js_property("innerHTML", before)


def test_a_claim_may_be_copied_and_worded_anew(opened: Opener) -> None:
    page = opened("copied")
    run_all(page)
    cell = page.locator(".jp-CodeCell").filter(has_text="small-sum")
    cell.locator(".jp-InputPrompt").click()
    for key in ("c", "v"):
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    copies = page.locator(".jp-CodeCell").filter(has_text="small-sum")
    expect(copies).to_have_count(2)
    expect(copies.nth(1)).to_contain_text("takes the place of the one before it")
    assert "ValueError" not in page.locator(".jp-Notebook").inner_text()
