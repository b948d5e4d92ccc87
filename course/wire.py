"""Brings answers from the process of a student's notebook into that of the tests.

The tests run where no code of a student runs, so that nothing can be redefined below
them. What they compare is rebuilt from plain data: numbers, text, containers, arrays,
tensors and SymPy expressions. A function stays where it is: a call sends the arguments
there and brings back what it returns, or the exception that it raises.
"""

from __future__ import annotations

import base64
import builtins
import json
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import Empty

# In the student's process.

functions: list[Callable] = []  # those that the tests have seen, by their numbers


class Text:
    """A text that Jupyter shows as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def value(name: str) -> Text:
    """What a name of the notebook stands for, as JSON."""
    from IPython import get_ipython

    names = get_ipython().user_ns
    if name not in names:
        raise NameError(f"name '{name}' is not defined")
    return Text(json.dumps(plain(names[name])))


def call(number: int, arguments: str) -> Text:
    """What a function returns for pickled arguments, as JSON."""
    positional, named = pickle.loads(base64.b64decode(arguments))
    return Text(json.dumps(plain(functions[number](*positional, **named))))


def plain(item: object) -> object:
    """A value as JSON can hold it: itself, or a dictionary that names its kind."""
    if item is None or type(item) in (bool, int, float, str):
        return item
    if type(item) is complex:
        return {"complex": [item.real, item.imag]}
    if type(item) is list:
        return [plain(part) for part in item]
    if isinstance(item, (tuple, set, frozenset)):
        kind = "tuple" if isinstance(item, tuple) else "set"
        return {kind: [plain(part) for part in item]}
    if isinstance(item, dict):
        return {"dict": [[plain(key), plain(part)] for key, part in item.items()]}
    if (np := sys.modules.get("numpy")) and isinstance(item, (np.ndarray, np.generic)):
        data = base64.b64encode(np.ascontiguousarray(item).tobytes()).decode()
        return {"array": [np.asarray(item).dtype.str, np.shape(item), data]}
    if (torch := sys.modules.get("torch")) and isinstance(item, torch.Tensor):
        return {"tensor": plain(item.detach().cpu().numpy())}
    if (sp := sys.modules.get("sympy")) and isinstance(item, sp.Basic):
        return {"sympy": tree(item)}
    if sp and isinstance(item, sp.MatrixBase):
        return {"matrix": [[tree(part) for part in row] for row in item.tolist()]}
    if callable(item):
        functions.append(item)
        return {"function": len(functions) - 1}
    raise TypeError(f"an answer of type {type(item).__name__} cannot be compared")


def tree(item: object) -> list:
    """A SymPy expression as its name and its parts."""
    import sympy as sp

    name = type(item).__name__
    if isinstance(item, sp.Symbol) and name == "Symbol":
        return [name, item.name, item.assumptions0]
    if isinstance(item, sp.Rational) and item.is_finite:
        return ["Rational", str(item.p), str(item.q)]
    if isinstance(item, sp.Float):
        sign, mantissa, exponent, bits = item._mpf_
        return ["Float", sign, str(mantissa), exponent, bits, item._prec]
    return [name, [tree(part) for part in item.args]]


# In the process of the tests.


def rebuilt(data: object, notebook: Notebook) -> object:
    """The value that plain made into data; no code but NumPy's and SymPy's runs."""
    if isinstance(data, list):
        return [rebuilt(part, notebook) for part in data]
    if not isinstance(data, dict):
        return data
    ((kind, content),) = data.items()
    if kind == "complex":
        return complex(*map(float, content))
    if kind in ("tuple", "set"):
        return {"tuple": tuple, "set": set}[kind](rebuilt(content, notebook))
    if kind == "dict":
        return {rebuilt(k, notebook): rebuilt(part, notebook) for k, part in content}
    if kind == "function":
        return Function(int(content), notebook)
    if kind == "array":
        import numpy as np

        dtype, shape, raw = content
        values = np.frombuffer(base64.b64decode(raw), np.dtype(str(dtype)))
        return values.reshape(shape).copy()[()]
    if kind == "tensor":
        import torch

        return torch.as_tensor(rebuilt(content, notebook))
    import sympy as sp

    if kind == "sympy":
        return expression(content)
    if kind == "matrix":
        return sp.Matrix([[expression(part) for part in row] for row in content])
    raise TypeError(f"an answer of kind {kind} is unknown")


def expression(parts: list) -> object:
    """The SymPy expression of a tree. No text is parsed, which could run code."""
    import sympy as sp

    name, *rest = parts
    if name == "Symbol":
        assumptions = {str(key): bool(flag) for key, flag in rest[1].items()}
        return sp.Symbol(str(rest[0]), **assumptions)
    if name == "Rational":
        return sp.Rational(int(rest[0]), int(rest[1]))
    if name == "Float":
        sign, mantissa, exponent, bits, precision = map(int, rest)
        return sp.Float((sign, mantissa, exponent, bits), precision=precision)
    arguments = [expression(part) for part in rest[0]]
    kind = getattr(sp, str(name), None)
    if isinstance(kind, type) and issubclass(kind, sp.Basic) and arguments:
        return kind(*arguments)
    constant = getattr(sp.S, str(name), None)
    if isinstance(constant, sp.Basic) and not arguments:
        return constant
    raise TypeError(f"an answer that holds SymPy's {name} cannot be compared")


class Function:
    """A function of the student's notebook, called from here."""

    def __init__(self, number: int, notebook: Notebook) -> None:
        self.number, self.notebook = number, notebook

    def __call__(self, *positional: object, **named: object) -> object:
        arguments = base64.b64encode(pickle.dumps((positional, named))).decode()
        return self.notebook.ask(f"call({self.number}, {arguments!r})")


class Notebook:
    """The kernel of a student's notebook, seen from the tests."""

    def __init__(self, connection_file: str, process: int, known: set[str]) -> None:
        import zmq
        from jupyter_client import BlockingKernelClient

        self.process, self.known = process, known
        self.client = BlockingKernelClient(
            connection_file=connection_file, context=zmq.Context.instance()
        )
        self.client.load_connection_file()
        self.client.start_channels(iopub=False, stdin=False, hb=False, control=False)

    def lend(self, names: list[str], namespace: dict[str, object]) -> None:
        """Give a namespace those of the names that the tests' own cells do not set."""
        for name in set(names) - self.known:
            namespace.pop(name, None)
            with suppress(NameError):
                namespace[name] = self.ask(f"value({name!r})")

    def end(self) -> None:
        """End the connection."""
        self.client.stop_channels()

    def ask(self, question: str) -> object:
        """What value or call says there; an exception comes back as one of its name."""
        question = f"__import__('sys').modules['wire'].{question}"
        request = self.client.execute(
            "", silent=True, store_history=False, user_expressions={"answer": question}
        )
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=0.5)
            except Empty:
                self.check_that_it_lives()
                continue
            if reply["parent_header"].get("msg_id") == request:
                break
        content = reply["content"]
        answer = content.get("user_expressions", {}).get("answer", content)
        if answer["status"] != "ok":
            kind = getattr(builtins, str(answer.get("ename")), RuntimeError)
            good = isinstance(kind, type) and issubclass(kind, Exception)
            raise (kind if good else RuntimeError)(str(answer.get("evalue"))[:500])
        return rebuilt(json.loads(answer["data"]["text/plain"]), self)

    def check_that_it_lives(self) -> None:
        """Raise an error if the process has ended."""
        import psutil

        try:
            dead = psutil.Process(self.process).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            dead = True
        if dead:
            raise RuntimeError("the notebook's process has ended")
