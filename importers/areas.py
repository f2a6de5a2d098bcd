"""Areas from a shapefile, GeoPackage or GeoJSON: every area of the file is loaded, or none, and it is said why.

A file adds areas; it never changes one that is in force, which is a redraw and another matter. So a second run
finds everything unchanged and loads nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import GB, AreaKind, Profile, levels_above
from geo.codes import profile as find_profile
from geo.coverage import Finding
from geo.crs import Bounds, area_m2
from geo.loading import NewVersion, Period, StoredVersion, add_areas, add_versions, lock_areas, versions_during
from geo.locate import LocatableArea
from geo.models import AreaImport
from geo.sentences import Sentence, join, listed, say
from importers.area_choosing import keep_only
from importers.area_ground import outside_parents, overlaps
from importers.area_parents import Above, find_parents
from importers.area_rows import AreaRow, AreaRows, fields_of, read_rows
from importers.columns import Wanted, match_columns
from importers.encodings import AUTO
from importers.errors import ReadError
from importers.layers import read_layer
from importers.report import ImportReport, Problem, finding_json

ACCEPTABLE = {
    "overlap": "grids that share ground: on it the smallest code answers",
    "outside-parent": "areas that stick out of the one above",
    "geometry-invalid": "outlines that had to be mended by more than a trifle: the mended copy is used",
    "geometry-null": "rows without an outline: they are left out",
    "geometry-empty": "rows whose outline is empty: they are left out",
    "parent-unknown": "parents that are not there: the area above that covers most is taken, if any",
    "name-empty": "rows without a name: they are called by their code",
}
"""What `--accept` can turn from a reason not to load into a recorded warning, and what is then done."""

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
SAME_PLACE_DEG = 1e-8
"""Outlines whose corners differ by less than this (1 mm) are the same: PROJ's last digits change with its version."""


@dataclass(frozen=True)
class Reading:
    """How a file of areas is to be read: what its areas are, and what is known of it beforehand.

    `domain` is what specialised grids are for, where no column says it; `layer` names one where the file holds
    several; `columns` goes from our fields to the file's headings. `one_domain`: all areas are of `domain`, whatever
    a column says, as in a net that a department drew for itself.
    """

    kind: AreaKind
    domain: str | None = None
    columns: Mapping[str, str] | None = None
    encoding: str = AUTO
    crs: str = AUTO
    datum: str | None = None
    layer: str | None = None
    profile: Profile = GB
    one_domain: bool = False

    def wanted(self) -> tuple[Wanted, ...]:
        """The columns looked for."""
        return tuple(each for each in fields_of(self.kind) if not (self.one_domain and each.name == "domain"))


def read_areas(
    db: Session, path: Path, reading: Reading, *, keep_all: bool = False
) -> tuple[ImportReport, AreaRows | None]:
    """Read the rows of a file and check each by itself; None where it cannot be read at all, as the report says.

    `keep_all` keeps rows whose code is missing, malformed or repeated, for somebody who can give them another.
    """
    try:
        box = county_box(db) if reading.kind is not AreaKind.COUNTY else None
        found = read_layer(
            path, encoding=reading.encoding, crs=reading.crs, datum=reading.datum, layer=reading.layer, county_box=box
        )
    except ReadError as error:
        return ImportReport.refused(path, error), None
    matched = match_columns(found.columns, reading.wanted(), reading.columns)
    detected = replace(found.detected, columns=matched.mapping, unused=matched.ignored)
    report = ImportReport(path.name, detected, rows=len(found), problems=[*found.problems, *matched.problems()])
    report.problems += _wrong_domain(reading)
    if report.blocks and matched.problems():
        return report, None
    return report, read_rows(found, matched, reading.kind, reading.profile, domain=reading.domain, keep_all=keep_all)


def import_areas(
    db: Session,
    path: Path,
    *,
    kind: AreaKind,
    by: str,
    domain: str | None = None,
    valid_from: datetime | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str = AUTO,
    crs: str = AUTO,
    datum: str | None = None,
    layer: str | None = None,
    profile: Profile | str = "gb",
    accept: Collection[str] = (),
    only: Collection[str] | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """Load every area of a file, in force from `valid_from` on (None: since before anyone knows), or none.

    `layer` names one where the file holds several. `domain` is what specialised grids are for, where no column says
    it. `accept` names kinds of trouble (see
    ACCEPTABLE) that somebody has looked at and wants loaded; what was accepted is recorded with the import. `only` are
    the codes that were chosen of a department's net, all of whose grids are of `domain`: other rows are left out.
    Waits for other changes to areas and keeps them waiting until the transaction ends. Flushes, never commits;
    a report that blocks has written nothing.
    """
    profile = find_profile(profile) if isinstance(profile, str) else profile
    lock_areas(db)
    reading = Reading(kind, domain, columns, encoding, crs, datum, layer, profile, one_domain=only is not None)
    report, rows = read_areas(db, path, reading)
    if rows is not None and only is not None:
        keep_only(rows, report, only)
    report.problems += _not_acceptable(accept)
    if rows is None or report.blocks:
        return _accepting(report, accept)
    work = _Work(db, kind, Range(valid_from, None), rows)
    work.examine(profile, report)
    _accepting(report, accept)
    report.counts = {"new": len(work.fresh), "unchanged": len(work.unchanged)}
    if not report.blocks:
        work.load(report, accept, by=by, now=now)
        report.loaded = len(work.fresh)
    return report


@dataclass
class _Work:
    """The rows of one file on their way into the database."""

    db: Session
    kind: AreaKind
    period: Period
    found: AreaRows
    parents: Mapping[int, LocatableArea] = field(default_factory=dict)
    fresh: list[AreaRow] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)

    def examine(self, profile: Profile, report: ImportReport) -> None:
        """Find parents, compare with what is in force, and look at the ground; add what is wrong to the report."""
        above = areas_valid_at(self.db, self.period.lower or END_OF_TIME, kinds=levels_above(self.kind))
        self.parents = find_parents(self.found, Above(self.kind, above), profile)
        tiles = self.kind is AreaKind.COMPREHENSIVE
        codes = None if tiles else [row.code for row in self.found.rows]
        standing = versions_during(self.db, self.period, [self.kind], codes=codes)
        self._compare(standing)
        report.problems += self._row_problems()
        report.findings += outside_parents(self.fresh, self.parents, self.kind)
        if tiles:
            report.findings += overlaps(self.fresh, [one for one in standing if one.code not in self._fresh_codes()])

    def load(self, report: ImportReport, accept: Collection[str], *, by: str, now: datetime | None) -> None:
        """Write the new areas and what was accepted with them."""
        if not self.fresh:
            return
        batch = AreaImport(
            file_name=report.file, kind=self.kind, loaded_by=by, detected=report.detected.to_json(),
            accepted=_what_was_accepted(report, accept), **({"loaded_at": now} if now else {}),
        )  # fmt: skip
        self.db.add(batch)
        self.db.flush()
        ids = add_areas(self.db, self.kind, {row.code: row.domain for row in self.fresh})
        sizes = area_m2(np.array([row.outline for row in self.fresh], dtype=object))
        add_versions(
            self.db,
            (self._version(row, ids[row.code], float(size)) for row, size in zip(self.fresh, sizes, strict=True)),
            import_id=batch.id,
        )

    def _version(self, row: AreaRow, area_id: int, size_m2: float) -> NewVersion:
        parent = self.parents.get(row.number)
        parent_id = parent.area_id if parent else None
        return NewVersion(area_id, self.period, row.name, row.outline, parent_id, row.households, size_m2)

    def _fresh_codes(self) -> set[str]:
        return {row.code for row in self.fresh}

    def _compare(self, standing: Sequence[StoredVersion]) -> None:
        """Tell new rows from those in force already, alike or not."""
        by_code: dict[str, list[StoredVersion]] = defaultdict(list)
        for version in standing:
            by_code[version.code].append(version)
        for row in self.found.rows:
            versions = by_code.get(row.code, [])
            if not versions:
                self.fresh.append(row)
            elif differences := self._differences(row, versions):
                said = say(
                    "“{code}” is in force with another {what}; to change it is a redraw, not an import",
                    code=row.code, what=join("{one} and another {other}", differences),
                )  # fmt: skip
                self.found.object(row.number, "code", "code-taken", said)
            else:
                self.unchanged.add(row.code)

    def _differences(self, row: AreaRow, versions: Sequence[StoredVersion]) -> list[Sentence]:
        """In what the row differs from the versions of its area in the same period."""
        parent = self.parents.get(row.number)
        begins, lower = versions[0].valid.lower, self.period.lower
        differing = {
            say("beginning"): begins is not None and (lower is None or lower < begins),
            say("name"): any(one.name != row.name for one in versions),
            say("parent"): any(one.parent_code != (parent.code if parent else None) for one in versions),
            say("domain"): any(one.domain != row.domain for one in versions),
            say("number of households"): row.households is not None
            and any(one.households != row.households for one in versions),
            say("outline"): any(not _same_place(one.outline, row.outline) for one in versions),
        }
        return [what for what, differs in differing.items() if differs]

    def _row_problems(self) -> list[Problem]:
        """The rows' problems; an outline that was mended and accepted before is no reason to stop now."""
        numbers = {row.number for row in self.found.rows if row.code in self.unchanged}
        return [
            replace(problem, severity="warn") if problem.row in numbers and problem.code in ACCEPTABLE else problem
            for problem in sorted(self.found.problems, key=lambda problem: problem.row or 0)
        ]


def _same_place(one: shapely.MultiPolygon, other: shapely.MultiPolygon) -> bool:
    """Whether two outlines have the same corners, in whatever order their rings and parts are written."""
    return one == other or bool(shapely.equals_exact(one, other, SAME_PLACE_DEG, normalize=True))


def county_box(db: Session) -> Bounds | None:
    """Where areas must lie, with a little room around: the box of every county, None while there is none."""
    counties = areas_valid_at(db, END_OF_TIME, kinds=[AreaKind.COUNTY])
    if not counties:
        return None
    west, south, east, north = shapely.total_bounds([county.outline for county in counties])
    room = 0.02
    return float(west) - room, float(south) - room, float(east) + room, float(north) + room


def _wrong_domain(reading: Reading) -> list[Problem]:
    if reading.domain is None or reading.kind is AreaKind.SPECIALISED:
        return []
    return [Problem(None, "domain", "domain-unwanted", say("only specialised grids have a domain"))]


def _not_acceptable(accept: Collection[str]) -> list[Problem]:
    known = listed(ACCEPTABLE)
    return [
        Problem(
            None,
            "accept",
            "cannot-accept",
            say("“{word}” cannot be accepted; what can: {known}", word=word, known=known),
        )
        for word in sorted(set(accept) - ACCEPTABLE.keys())
    ]


def _accepting(report: ImportReport, accept: Collection[str]) -> ImportReport:
    """Turn what somebody has accepted into warnings."""
    report.problems = [replace(one, severity="warn") if one.code in accept else one for one in report.problems]
    report.findings = [one.accepted() if one.code in accept else one for one in report.findings]
    return report


def _what_was_accepted(report: ImportReport, accept: Collection[str]) -> dict[str, Any]:
    """What is recorded with the import: the kinds accepted, and each trouble of these kinds."""

    def without_shape(finding: Finding) -> dict[str, Any]:
        return {name: value for name, value in finding_json(finding).items() if name != "geometry"}

    return {
        "kinds": sorted(accept),
        "problems": [asdict(one) for one in report.problems if one.code in accept],
        "findings": [without_shape(one) for one in report.findings if one.code in accept],
    }
