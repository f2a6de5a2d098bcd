"""Some rows of a file of areas and not the others: what somebody has chosen of a department's net."""

from collections.abc import Collection

from importers.area_rows import AreaRows
from importers.report import ImportReport, Problem


def keep_only(found: AreaRows, report: ImportReport, codes: Collection[str]) -> None:
    """Leave out the rows that bear none of the codes, and whatever is wrong with them alone.

    What is wrong with the file as a whole stays, and so does that a code which was chosen is borne by a second row.
    """
    found.rows = [row for row in found.rows if row.code in codes]
    kept = {row.number for row in found.rows}

    def concerns(problem: Problem) -> bool:
        return problem.row is None or problem.row in kept or _borne_twice(problem) in codes

    found.problems = [problem for problem in found.problems if concerns(problem)]
    report.problems = [problem for problem in report.problems if concerns(problem)]


def _borne_twice(problem: Problem) -> object:
    """The code that another row bears already, where that is the problem."""
    return getattr(problem.message, "facts", {}).get("code") if problem.code == "code-repeated" else None
