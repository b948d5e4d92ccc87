"""What make notebooks stores in every note for viewers other than the site."""

import json
import re
from copy import deepcopy
from html import unescape
from pathlib import Path

import pytest
from matplotlib.ft2font import FT2Font

from clean import tidy
from rerun import FIRST_CELL, FIRST_ID
from support import NOTEBOOKS, ROOT, code_cells, read

every_note = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
PICTURE = re.compile(
    r'<img alt="([^"]+)" width="\d+" src="data:image/png;base64,[^"]+">'
)


@every_note
def test_the_first_cell_finds_notekit(path: Path) -> None:
    first = code_cells(read(path))[0]
    source = re.sub(r'find_notekit\("[^"]*"\)', "find_notekit()", first.source)
    assert first.id == FIRST_ID and source == FIRST_CELL.read_text("utf-8").strip()


@every_note
def test_jupyter_folds_what_the_site_folds(path: Path) -> None:
    wanted = code_cells(tidy(deepcopy(read(path))))
    for cell, tidied in zip(code_cells(read(path)), wanted, strict=True):
        assert cell.metadata == tidied.metadata


@every_note
def test_every_figure_is_also_a_picture_with_its_alt_text(path: Path) -> None:
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                picture = PICTURE.fullmatch(output.data.get("text/html", ""))
                alt = cell.metadata.mystnb.image.alt
                assert picture and unescape(picture[1]) == alt, alt


def test_pictures_of_chinese_have_the_characters() -> None:
    data = ROOT / "notebooks" / "dgcnn-data"
    words = json.dumps(
        json.loads((data / "grammar.json").read_text("utf-8")), ensure_ascii=False
    )
    known = FT2Font(data / "chinese.otf").get_charmap()
    assert not {char for char in words if not char.isascii()} - set(map(chr, known))
