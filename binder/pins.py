"""Writes binder/requirements.txt from the notebooks' section of requirements.txt."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# Made by binder/pins.py from the notebooks' section of requirements.txt.
# PyTorch without CUDA is far smaller; it comes from PyTorch's own index.
--extra-index-url https://download.pytorch.org/whl/cpu
# What these packages need has the versions of the lock.
--constraint ../requirements.lock
"""


def binder_requirements(requirements: str) -> str:
    """What Binder installs: the section '# notebooks', with PyTorch's CPU build."""
    section = re.search(
        r"^# notebooks\n(.*?)(?=^# |\Z)", requirements, re.MULTILINE | re.DOTALL
    )
    if section is None:
        raise ValueError("requirements.txt has no section '# notebooks'")
    pins = re.findall(r"^([\w-]+)==([\w.]+)", section[1], re.MULTILINE)
    return HEAD + "".join(
        f"{name}=={version}{'+cpu' * (name == 'torch')}\n" for name, version in pins
    )


if __name__ == "__main__":
    pins = binder_requirements((ROOT / "requirements.txt").read_text())
    (ROOT / "binder" / "requirements.txt").write_text(pins)
