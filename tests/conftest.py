"""How nbval runs the notebooks."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile

from kernels import quiet_environment
from support import HELPER_NOTEBOOK


def pytest_configure() -> None:
    """Notebooks run under nbval show the stills that are stored; NOTEKIT_SEED stays."""
    # A shell's & has a command ignore Ctrl+C, and all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["NOTEKIT_PLAYER"] = "still"
    quiet_environment()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Iterator[None]:
    """Compare all outputs of the helper's notebook, as they are."""
    collectors = yield
    for collector in collectors:
        if file_path == HELPER_NOTEBOOK and isinstance(collector, IPyNbFile):
            collector.compare_outputs = True
            collector.get_sanitize_files = list  # its numbers are the same everywhere
    return collectors
