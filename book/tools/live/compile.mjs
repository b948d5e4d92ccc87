// Compiles the Python files of a folder for the Python in a browser: each that has none gets a .pyc beside it, without docstrings and columns.
// Arguments: the folder of the package pyodide, the folder of the files.
import { pathToFileURL } from "node:url";

const [pyodide, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide({ env: { PYTHONNODEBUGRANGES: "1" } });  // smaller files
python.FS.mkdir("/files");
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/files");
python.runPython(`
import ast
import os
import warnings
from importlib._bootstrap_external import _code_to_hash_pyc
from pathlib import Path

warnings.simplefilter("ignore")
SCOPES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
for file in sorted(Path("/files").rglob("*.py")):
    if file.with_suffix(".pyc").exists():
        continue
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, SCOPES) and ast.get_docstring(node, clean=False) is not None:
            rest = node.body[1:] or [ast.copy_location(ast.Pass(), node.body[0])]
            node.body[:] = rest
    name = str(file.relative_to("/files"))
    code = compile(tree, name, "exec", dont_inherit=True)
    part = file.with_suffix(".part")  # a compilation that is ended leaves no half file
    part.write_bytes(_code_to_hash_pyc(code, bytes(8), checked=False))
    os.replace(part, file.with_suffix(".pyc"))
`);
