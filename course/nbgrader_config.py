"""nbgrader's settings for the problem sets; nbgrader reads this file where it runs."""

import os
import sys
import warnings
from pathlib import Path

# nbgrader looks on PATH for alembic, which was installed beside it.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)
sys.path.insert(0, str(Path(__file__).resolve().parent))
from nbgrader.converters import Autograde  # noqa: E402
from sqlalchemy.exc import SAWarning  # noqa: E402

from apart import Apart  # noqa: E402
from words import SaveGrades  # noqa: E402

# nbgrader's own, at each new student: they mean nothing.
warnings.filterwarnings("ignore", category=SAWarning)

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "derive-check-run"
# What an answer cell holds in the students' copies.
c.ClearSolutions.code_stub = {"python": "# Your answer.\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer.*"
# A collected file is named by its student and its set, which has no underscore:
# ada_random-angles.ipynb; a browser may have put a number behind: "... (1).ipynb".
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?P<student_id>[^/]+)_(?P<file_id>[^/_]+?)(?: \(\d+\))?\.ipynb"
)
# Tests run apart from what they test, thirty seconds a cell; new words are listed.
ours = {"Execute": Apart, "SaveAutoGrades": SaveGrades}
c.Autograde.autograde_preprocessors = [
    ours.get(step.__name__, step)
    for step in Autograde.autograde_preprocessors.default()
]
c.Apart.timeout = 30
