"""Lists answers in words to be graded again when they have changed.

nbgrader lists answers in code again; with words it keeps the points that the old ones
were given, and says nothing.
"""

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Base, Gradebook, TaskCell
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy import Column, String, Text


class Words(Base):
    """The words of a submission for which points are given; in the gradebook."""

    __tablename__ = "words"
    grade_id = Column(String(32), primary_key=True)
    text = Column(Text(), nullable=False)


class SaveGrades(SaveAutoGrades):
    """In place of nbgrader's SaveAutoGrades: compares words with those of last time."""

    def preprocess(self, nb: NotebookNode, resources):
        """Save the marks of a submitted notebook."""
        nb, resources = super().preprocess(nb, resources)
        text = "\n\n".join(
            cell.source
            for cell in nb.cells
            if cell.cell_type != "code" and not utils.is_locked(cell)
        )
        names = self.notebook_id, self.assignment_id, self.student_id
        with Gradebook(self.db_url) as gradebook:
            for grade in gradebook.find_submission_notebook(*names).grades:
                if isinstance(grade.cell, TaskCell):
                    before = gradebook.db.get(Words, grade.id)
                    if grade.manual_score is not None:
                        changed = before is None or before.text != text
                        grade.needs_manual_grade |= changed
                    gradebook.db.merge(Words(grade_id=grade.id, text=text))
            gradebook.db.commit()
        return nb, resources
