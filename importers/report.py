"""What an import says: the problems of a file row by row, what was detected, and what was loaded.

One shape for the command line, the upload page and `--report`; design.md §3 fixes the JSON. Nothing is
detected in silence: every choice made about a file is in `Detected` and is printed.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import shapely

from geo.coverage import Finding
from geo.sentences import Sentence

if TYPE_CHECKING:
    from importers.errors import ReadError

Severity = Literal["block", "warn"]

SHOWN_PER_KIND = 20
"""How many problems of one kind `lines()` prints before it counts the rest."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file. `row` counts data rows from 1; None means the file as a whole.

    `message` is English that can be said again in the language of a page; JSON has the English.
    """

    row: int | None
    field: str | None
    code: str
    message: Sentence
    severity: Severity = "block"

    @property
    def blocks(self) -> bool:
        """Whether the row (or the file, without a row) may not be loaded."""
        return self.severity == "block"

    def line(self) -> str:
        """Say it as a colleague would: `row 17, NAME: empty`."""
        where = ", ".join(part for part in (f"row {self.row}" if self.row else "", self.field or "") if part)
        said = f"{where}: {self.message}" if where else self.message
        return said if self.blocks else f"warning: {said}"

    def to_json(self) -> dict[str, Any]:
        """Return the five keys of the contract."""
        return {
            "row": self.row,
            "field": self.field,
            "code": self.code,
            "message": self.message,
            "severity": self.severity,
        }


@dataclass(frozen=True)
class Detected:
    """What a file turned out to be. `columns` maps our field names to the file's headings."""

    encoding: str | None = None
    crs: str | None = None
    datum: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    layer: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header_line: int | None = None
    notes: tuple[Sentence, ...] = ()
    """Why each choice was made, one sentence each."""

    def to_json(self) -> dict[str, Any]:
        """Return the contract's four keys, then whatever else is known."""
        known: dict[str, Any] = {
            "encoding": self.encoding,
            "crs": self.crs,
            "datum": self.datum,
            "columns": dict(self.columns),
        }
        extra = {
            "unused": list(self.unused),
            "layer": self.layer,
            "delimiter": self.delimiter,
            "decimal": self.decimal,
            "header_line": self.header_line,
            "notes": list(self.notes),
        }
        return known | {key: value for key, value in extra.items() if value not in (None, [])}

    def lines(self) -> Iterator[str]:
        """Print what was detected, one fact per line."""
        facts = {"encoding": self.encoding, "coordinates": self.crs, "datum": self.datum, "layer": self.layer}
        yield from (f"{name}: {fact}" for name, fact in facts.items() if fact)
        if self.columns:
            yield "columns: " + ", ".join(f"{ours}={theirs}" for ours, theirs in self.columns.items())
        if self.unused:
            yield "columns not used: " + ", ".join(self.unused)
        yield from self.notes


@dataclass
class ImportReport:
    """Everything said about one file. `rows` were read, `loaded` are (or would be, uncommitted) in the database."""

    file: str
    detected: Detected = field(default_factory=Detected)
    rows: int = 0
    loaded: int = 0
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    committed: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    """Further figures by name: new, changed, unchanged, rejected …"""

    @classmethod
    def refused(cls, file: str | Path, error: "ReadError") -> "ImportReport":
        """The report of a file that could not be read at all."""
        return cls(file=Path(file).name, problems=[error.problem(), *error.found])

    @property
    def blocks(self) -> bool:
        """Whether anything found forbids loading: exit status 1."""
        return any(p.blocks for p in self.problems) or any(f.severity == "block" for f in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of the contract, with `committed`, `blocks` and `counts` besides."""
        return {
            "file": self.file,
            "detected": self.detected.to_json(),
            "rows": self.rows,
            "loaded": self.loaded,
            "problems": [problem.to_json() for problem in self.problems],
            "findings": [finding_json(finding) for finding in self.findings],
            "committed": self.committed,
            "blocks": self.blocks,
            "counts": dict(self.counts),
        }

    def write(self, path: Path) -> None:
        """Write the JSON to `path`, in UTF-8 with Chinese left readable."""
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def lines(self, *, per_kind: int = SHOWN_PER_KIND) -> Iterator[str]:
        """Print the report for a person: what was detected, what is wrong, what was done."""
        yield f"{self.file}: {self.rows} rows"
        yield from self.detected.lines()
        yield from _capped(((problem.code, problem.line()) for problem in self.problems), per_kind)
        yield from _capped(((finding.code, _finding_line(finding)) for finding in self.findings), per_kind)
        yield from (f"{name}: {count}" for name, count in self.counts.items())
        yield self.outcome()

    def outcome(self) -> str:
        """Say in one sentence what happened to the database."""
        if self.committed:
            return f"loaded {self.loaded} of {self.rows} rows"
        if self.blocks:
            return "nothing was loaded: the problems above must be solved first"
        return f"dry run: {self.loaded} of {self.rows} rows would be loaded; say --commit to load them"


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON, its shape (WGS-84 lon/lat) as a GeoJSON geometry."""
    return {
        "code": finding.code,
        "codes": list(finding.codes),
        "rows": list(finding.rows),
        "size_m2": finding.size_m2,
        "message": finding.message,
        "severity": finding.severity,
        "geometry": json.loads(shapely.to_geojson(finding.shape)),
    }


def _finding_line(finding: Finding) -> str:
    rows = [row for row in finding.rows if row]
    where = f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}: " if rows else ""
    return f"{'' if finding.severity == 'block' else 'warning: '}{where}{finding.message}"


def _capped(said: Iterator[tuple[str, str]], per_kind: int) -> Iterator[str]:
    """Yield at most `per_kind` lines of each code, then how many more there are of it."""
    seen: Counter[str] = Counter()
    for code, line in said:
        seen[code] += 1
        if seen[code] <= per_kind:
            yield line
    yield from (f"… and {n - per_kind} more of “{code}”" for code, n in seen.items() if n > per_kind)
