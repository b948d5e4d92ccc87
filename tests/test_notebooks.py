"""Statements about every stored note; each also refuses a notebook that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode, v4

from rerun import FIRST_ID
from robustness import choices
from support import (
    HELPER_NOTEBOOK,
    MACHINE_PATH,
    NOTEBOOKS,
    claims,
    code_cells,
    markdown,
    read,
)

HEADINGS = (
    "You will be able to",
    "What the article claims",
    "Derive",
    "Check",
    "Run",
    "What held, and what did not",
    "Exercises",
    "In one minute",
)
SHOWS_SOMETHING = re.compile(
    r"^(?:\w+ = )?nk\.(?:claim|derive|explore)\(|^print\(", re.MULTILINE
)
SIZE_LIMIT = 1_500_000  # bytes
CELL_LINES, LINE_WIDTH, FUNCTION_LINES = 50, 88, 30
FREE = {"check", "reference", "your-turn"}  # of exercises, beyond a sitting's limits
CODE_CELLS, WORDS, SETTINGS = range(30, 56), range(2500, 4001), range(4, 9)

Rule = Callable[[NotebookNode], Iterator[str]]


# What a stored notebook must be: each rule yields sentences that say where it is not.


def every_cell_was_run_in_order(notebook: NotebookNode) -> Iterator[str]:
    for expected, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != expected:
            count = cell.execution_count
            yield f"cell number {expected} was run as number {count}: {excerpt(cell)}"


def outputs_are_stored(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        if not cell.outputs and (
            SHOWS_SOMETHING.search(cell.source) or "mystnb" in cell.metadata
        ):
            yield f"no output is stored for: {excerpt(cell)}"


def no_error_is_stored(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if (
                output.output_type == "error"
                and "raises-exception" not in cell.metadata.get("tags", ())
            ):
                yield f"a stored {output.ename}: {excerpt(cell)}"


def no_widget_state_is_stored(notebook: NotebookNode) -> Iterator[str]:
    if "widgets" in notebook.metadata:
        yield "the notebook's metadata hold widget state"
    for cell in code_cells(notebook):
        if any(
            "application/vnd.jupyter.widget-view+json" in output.get("data", {})
            for output in cell.outputs
        ):
            yield f"a widget is stored instead of a still: {excerpt(cell)}"


def the_file_is_small(notebook: NotebookNode) -> Iterator[str]:
    size = len(nbformat.writes(notebook).encode())
    if size > SIZE_LIMIT:
        yield f"{size:,} bytes stored, more than {SIZE_LIMIT:,}"


def no_machine_path_is_stored(notebook: NotebookNode) -> Iterator[str]:
    for match in MACHINE_PATH.finditer(nbformat.writes(notebook)):
        around = match.string[match.start() - 30 : match.end() + 30]
        yield f"the path of one machine: …{around!r}…"


def claims_are_compared_by_nbval(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        if "nk.claim(" in cell.source and "nbval-check-output" not in cell.metadata.get(
            "tags", ()
        ):
            yield f"a claim without the tag nbval-check-output: {excerpt(cell)}"


def figures_have_words(notebook: NotebookNode) -> Iterator[str]:
    for cell in figure_cells(notebook):
        mystnb = cell.metadata.get("mystnb", {})
        alt = mystnb.get("image", {}).get("alt", "")
        caption, name = (
            mystnb.get("figure", {}).get(key, "") for key in ("caption", "name")
        )
        for what, words in {"alt text": alt, "caption": caption}.items():
            if len(words.split()) < 4:
                yield f"a figure without {what}: {excerpt(cell)}"
        if not name.startswith("fig-"):
            yield f"a figure without a name fig-…: {excerpt(cell)}"


def alt_texts_are_unique(notebook: NotebookNode) -> Iterator[str]:
    seen: set[str] = set()
    for cell in figure_cells(notebook):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if alt and alt in seen:
            yield f"two figures have the alt text {alt!r}"
        seen.add(alt)


def two_figures_are_interactive(notebook: NotebookNode) -> Iterator[str]:
    count = sum(cell.source.count("nk.explore(") for cell in code_cells(notebook))
    if count < 2:
        yield f"{count} interactive figures, at least two are wanted"


def the_sections_are_in_order(notebook: NotebookNode) -> Iterator[str]:
    found = re.findall(r"^#{2,3}\s+(.+?)\s*$", markdown(notebook), re.MULTILINE)
    position = 0
    for heading in HEADINGS:
        if heading in found[position:]:
            position = found.index(heading, position) + 1
        else:
            yield f"the section {heading!r} is missing or out of order in {found}"


def the_claims_are_listed(notebook: NotebookNode) -> Iterator[str]:
    listed = set(
        re.findall(
            r"#claim-([\w-]+)",
            section(notebook, "What the article claims", upto="Derive"),
        )
    )
    judged = {claim["id"] for claim in claims(notebook)}
    if not listed:
        yield "the section 'What the article claims' links to no claim"
    for name in sorted(listed - judged):
        yield f"the claim {name!r} is listed but no cell judges it"


def claim_ids_are_unique(notebook: NotebookNode) -> Iterator[str]:
    names = [claim["id"] for claim in claims(notebook)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the claim {name!r} is made twice"


def every_claim_is_judged(notebook: NotebookNode) -> Iterator[str]:
    for claim in claims(notebook):
        if claim["verdict"] == "not judged":
            yield f"store the notebook on a quiet machine: {claim['figure']}"


def no_address_in_memory_is_stored(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            for address in re.findall(r"\bat (0x[0-9a-f]+)", text):
                yield f"{address}, which is another in the next run: {excerpt(cell)}"


def the_kernel_is_plain_python(notebook: NotebookNode) -> Iterator[str]:
    name = notebook.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"the kernel is {name!r}, not 'python3'"


def no_editor_left_its_marks(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if "lines_to_next_cell" in cell.metadata:
            yield f"the metadata lines_to_next_cell: {excerpt(cell)}"


def cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        if len(lines) > CELL_LINES and cell.get("id") != FIRST_ID:
            yield f"{len(lines)} lines in a cell, at most {CELL_LINES}: {excerpt(cell)}"
        for line in lines:
            if len(line) > LINE_WIDTH:
                yield f"{len(line)} characters, at most {LINE_WIDTH}: {line}"


def functions_are_short(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(without_magics(cell.source))):
            if isinstance(node, ast.FunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{node.name} has {lines} lines, at most {FUNCTION_LINES}"


def brackets_are_printed(notebook: NotebookNode) -> Iterator[str]:
    """SymPy prints no bracket around an UnevaluatedExpr that it subtracts."""
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(without_magics(cell.source))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Mult)):
                last = ast.unparse(node.right)
                if re.match(r"sp\.UnevaluatedExpr\(.*\)$", last):
                    yield f"{last} gets no brackets: sp.Mul(…, evaluate=False) has them"


def a_sitting_is_enough(notebook: NotebookNode) -> Iterator[str]:
    own = [c for c in notebook.cells if not FREE & set(c.metadata.get("tags", ()))]
    own = NotebookNode(cells=[c for c in own if c.get("id") != FIRST_ID])
    cells, words = len(code_cells(own)), len(markdown(own).split())
    if cells not in CODE_CELLS:
        yield f"{cells} code cells, wanted {CODE_CELLS.start} to {CODE_CELLS.stop - 1}"
    if words not in WORDS:
        yield f"{words} words, wanted {WORDS.start} to {WORDS.stop - 1}"


def four_exercises_are_set(notebook: NotebookNode) -> Iterator[str]:
    count = len(re.findall(r"★+", section(notebook, "Exercises", upto="In one minute")))
    if count < 4:
        yield f"{count} exercises marked with ★, at least four are wanted"


def choices_can_be_varied(notebook: NotebookNode) -> Iterator[str]:
    count = sum(cell.source.count("nk.setting(") for cell in code_cells(notebook))
    if count not in SETTINGS:
        yield f"{count} settings, wanted {SETTINGS.start} to {SETTINGS.stop - 1}"


def settings_in_prose_are_taken(notebook: NotebookNode) -> Iterator[str]:
    """A reader can put `name=value` into NOTEKIT_SETTING as it stands."""
    sources = [without_magics(cell.source) for cell in code_cells(notebook)]
    values = choices(ast.parse("\n".join(sources)))
    for name, text in re.findall(r"`(\w+)=([^`]*)`", markdown(notebook)):
        if not any(text in (str(v), repr(v)) for v in values.get(name, [text])):
            yield f"{name}={text}, among {values[name]}"


STORED: tuple[Rule, ...] = (
    every_cell_was_run_in_order,
    outputs_are_stored,
    no_error_is_stored,
    no_widget_state_is_stored,
    the_file_is_small,
    no_machine_path_is_stored,
    no_address_in_memory_is_stored,
    the_kernel_is_plain_python,
    no_editor_left_its_marks,
)
ARTICLE: tuple[Rule, ...] = (
    claims_are_compared_by_nbval,
    figures_have_words,
    alt_texts_are_unique,
    two_figures_are_interactive,
    the_sections_are_in_order,
    the_claims_are_listed,
    claim_ids_are_unique,
    every_claim_is_judged,
    cells_are_short,
    functions_are_short,
    brackets_are_printed,
    a_sitting_is_enough,
    four_exercises_are_set,
    choices_can_be_varied,
    settings_in_prose_are_taken,
)


def without_magics(source: str) -> str:
    """Python that a plain parser reads."""
    return re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)


def excerpt(cell: NotebookNode) -> str:
    """The last line of a cell, by which an author finds it."""
    return cell.source.strip().splitlines()[-1]


def figure_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that show a picture."""

    def shows_image(cell: NotebookNode) -> bool:
        return any(
            mime.startswith("image/")
            for output in cell.outputs
            for mime in output.get("data", {})
        )

    return [
        cell
        for cell in code_cells(notebook)
        if "nk.explore(" in cell.source or shows_image(cell)
    ]


def section(notebook: NotebookNode, start: str, upto: str) -> str:
    """The prose between two headings."""
    match = re.search(
        rf"^#+ {re.escape(start)}$(.*?)(?=^#+ {re.escape(upto)}$|\Z)",
        markdown(notebook),
        re.M | re.S,
    )
    return match[1] if match else ""


def test_the_book_has_notebooks() -> None:
    assert NOTEBOOKS, "notebooks/ holds no notebook"


@pytest.mark.parametrize("rule", (*STORED, *ARTICLE), ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path, rule: Rule) -> None:
    assert not list(rule(read(path)))


@pytest.mark.parametrize("rule", (*STORED, cells_are_short), ids=lambda r: r.__name__)
def test_helper_notebook(rule: Rule) -> None:
    assert not list(rule(read(HELPER_NOTEBOOK)))


# The rules themselves: a small sound notebook passes, and one thing spoiled is refused.


def sound_notebook() -> NotebookNode:
    """A notebook that breaks no rule."""

    def cell(
        source: str, mime: str, count: int, output: dict, **metadata: object
    ) -> NotebookNode:
        shown = v4.new_output("display_data", {mime: "shown"}, metadata=output)
        return v4.new_code_cell(
            source, outputs=[shown], execution_count=count, metadata=metadata
        )

    def figure(name: str) -> dict:
        caption = {"caption": "A line against its argument.", "name": f"fig-{name}"}
        return {"image": {"alt": f"A line that falls: {name}"}, "figure": caption}

    prose = "\n\n".join(f"## {heading}" for heading in HEADINGS)
    prose = prose.replace("## Derive", "1. [All is well](#claim-sound).\n\n## Derive")
    prose = prose.replace("## In one", "★ ★ ★★ ★★★\n\n## In one")
    prose += "\n\n" + "word " * WORDS.start
    cells = [
        v4.new_markdown_cell(prose),
        cell(
            "nk.claim('sound')",
            "text/plain",
            1,
            {"notekit": {"id": "sound", "verdict": "checked", "figure": "one: 1"}},
            tags=["nbval-check-output"],
        ),
        cell("nk.explore(one)", "image/svg+xml", 2, {}, mystnb=figure("one")),
        cell("nk.explore(two)", "image/svg+xml", 3, {}, mystnb=figure("two")),
    ]
    settings = "\n".join(f"nk.setting({name!r}, 1, among=(2,))" for name in "abcd")
    more = [settings, "def short():\n    return 1", *["x = 1"] * CODE_CELLS.start]
    cells += [v4.new_code_cell(source) for source in more]
    for count, code in enumerate(cells[1:], start=1):
        code.execution_count = count
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def spoil_prose(old: str, new: str) -> Callable[[NotebookNode], None]:
    """Replace words of the prose."""

    def spoil(notebook: NotebookNode) -> None:
        notebook.cells[0].source = notebook.cells[0].source.replace(old, new)

    return spoil


def spoil_code(source: str) -> Callable[[NotebookNode], None]:
    """Replace the cell of settings."""
    return lambda notebook: notebook.cells[4].update(source=source)


SPOILED: dict[Rule, Callable[[NotebookNode], object]] = {
    every_cell_was_run_in_order: lambda nb: nb.cells[2].update(execution_count=7),
    outputs_are_stored: lambda nb: nb.cells[1].outputs.clear(),
    no_error_is_stored: lambda nb: nb.cells[1].outputs.append(
        v4.new_output("error", ename="ValueError")
    ),
    no_widget_state_is_stored: lambda nb: (
        nb.cells[2]
        .outputs[0]
        .data.update({"application/vnd.jupyter.widget-view+json": {}})
    ),
    the_file_is_small: lambda nb: (
        nb.cells[1].outputs[0].data.update({"text/plain": "x" * SIZE_LIMIT})
    ),
    no_machine_path_is_stored: lambda nb: (
        nb.cells[1].outputs[0].data.update({"text/plain": "saved in /home" + "/reader"})
    ),
    no_address_in_memory_is_stored: lambda nb: (
        nb.cells[1].outputs[0].data.update({"text/plain": "<memory at 0x7f158daab7c0>"})
    ),
    the_kernel_is_plain_python: lambda nb: nb.metadata.kernelspec.update(name="my-env"),
    claims_are_compared_by_nbval: lambda nb: nb.cells[1].metadata.pop("tags"),
    figures_have_words: lambda nb: nb.cells[2].metadata.mystnb.pop("image"),
    alt_texts_are_unique: lambda nb: nb.cells[3].metadata.update(nb.cells[2].metadata),
    two_figures_are_interactive: lambda nb: nb.cells.pop(3),
    the_sections_are_in_order: spoil_prose("## Check", "## Verify"),
    the_claims_are_listed: spoil_prose("#claim-sound", "#claim-lost"),
    claim_ids_are_unique: lambda nb: nb.cells.append(nb.cells[1]),
    every_claim_is_judged: lambda nb: (
        nb.cells[1].outputs[0].metadata.notekit.update(verdict="not judged")
    ),
    no_editor_left_its_marks: lambda nb: nb.cells[0].metadata.update(
        lines_to_next_cell=2
    ),
    cells_are_short: spoil_code('"' + "long" * LINE_WIDTH + '"'),
    functions_are_short: spoil_code("def f():\n" + "    x = 1\n" * FUNCTION_LINES),
    brackets_are_printed: spoil_code("x - sp.UnevaluatedExpr(x + y)"),
    a_sitting_is_enough: spoil_prose("word word", "word"),
    four_exercises_are_set: spoil_prose("★ ★ ", "★ "),
    choices_can_be_varied: spoil_code("x = 1"),
    settings_in_prose_are_taken: spoil_prose("★★★", "★★★ With `a=3`"),
}


@pytest.mark.parametrize("rule", SPOILED, ids=lambda rule: rule.__name__)
def test_rule_accepts_a_sound_notebook_and_refuses_a_spoiled_one(rule: Rule) -> None:
    notebook = sound_notebook()
    nbformat.validate(notebook)
    assert not list(rule(notebook))
    spoiled = deepcopy(notebook)
    SPOILED[rule](spoiled)
    assert list(rule(spoiled))


def test_a_stripped_notebook_is_refused() -> None:
    notebook = sound_notebook()
    for cell in code_cells(notebook):
        cell.update(outputs=[], execution_count=None)
    assert list(every_cell_was_run_in_order(notebook)) and list(
        outputs_are_stored(notebook)
    )
