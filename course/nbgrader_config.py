"""nbgrader's settings for the problem sets; nbgrader reads this file where it runs."""

import os
import sys
from pathlib import Path

# nbgrader looks on PATH for alembic, which was installed beside it.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)
sys.path.insert(0, str(Path(__file__).resolve().parent))
from nbgrader.converters import Autograde  # noqa: E402

from apart import Apart  # noqa: E402

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "derive-check-run"
# What an answer cell holds in the students' copies.
c.ClearSolutions.code_stub = {"python": "# Your answer.\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer.*"
# A collected file is named by its student and its set: ada_random-angles.ipynb.
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>[^/_]+)_(?P<file_id>[^/]+)"
# Tests run apart from what they test; thirty seconds a cell.
c.Autograde.autograde_preprocessors = [
    Apart if step.__name__ == "Execute" else step
    for step in Autograde.autograde_preprocessors.default()
]
c.Apart.timeout = 30
