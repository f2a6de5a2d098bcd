"""What the files really say, for tests: where each report's point falls, and every fault committed on purpose.

Computed from the generator's own outlines, by the rule of the service: covered, on a shared edge the smallest
code; outside every grid but within 30 m the nearest; else nowhere.
"""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from geo.crs import to_wgs84
from shapefiles.county import Area, County
from shapefiles.faults import REFUSED, REPEATED_NUMBER
from shapefiles.layers import SURVEY, in_degrees, outlines
from shapefiles.mesh import Points
from shapefiles.offices import stated_degrees
from shapefiles.overlays import SpecialisedGrid
from shapefiles.people import Roster
from shapefiles.reports import Report

SNAP_M = 30.0
COLUMNS = ("file", "row", "external_number", "lon", "lat", "grid", "stated_lon", "stated_lat", "stated_grid",
           "stated_specialised", "border_m", "expect", "faults", "cluster")  # fmt: skip


def write_truth(folder: Path, county: County, specialised: Sequence[SpecialisedGrid], roster: Roster,
                reports: Sequence[Report], *, seed: int, until: date) -> tuple[Path, Path]:  # fmt: skip
    """Write truth.csv, a line for each report in the order of the files, and truth.json about everything else."""
    happened = np.array([report.point for report in reports])
    degrees = np.column_stack(to_wgs84(happened[:, 0], happened[:, 1], SURVEY))
    stated = np.where([[_states_place(report)] for report in reports], stated_degrees(reports), np.nan)
    codes = [grid.code for grid in county.grids]
    grids = in_degrees(outlines(county.grids))
    truly, as_stated = _smallest(grids, codes, degrees), _smallest(grids, codes, stated)
    overlays = _all(in_degrees(outlines(specialised), decimals=7), [grid.code for grid in specialised], stated)
    edge_m, nearest = _borders(county.grids, reports)
    lines = []
    row_of: Counter[str] = Counter()
    for number, report in enumerate(reports):
        row_of[report.channel.file] += 1
        expect = _expect(report, as_stated[number], edge_m[number])
        lines.append((
            report.channel.file, row_of[report.channel.file], report.number, *degrees[number].tolist(), truly[number],
            *(_blank(value) for value in stated[number].tolist()),
            nearest[number] if expect == "snapped" else as_stated[number], ";".join(overlays[number]),
            _blank(edge_m[number]), expect, ";".join(report.faults), report.cluster,
        ))  # fmt: skip
    table, summary = folder / "truth.csv", folder / "truth.json"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *lines])
    about = {"seed": seed, "until": until.isoformat()}
    facts = about | _people(roster, county, specialised) | _faults(reports, lines)
    summary.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    return table, summary


def _expect(report: Report, grid: str, edge_m: float) -> str:
    """Return what is to become of the row: refused, repeated, or stored with a locating status."""
    if set(report.faults) & set(REFUSED):
        return "refused"
    if set(report.faults) & set(REPEATED_NUMBER):
        return "repeated"
    if report.raw:
        return "invalid"
    if report.stated is None:
        return "unlocated"
    return "located" if grid else "snapped" if edge_m <= SNAP_M else "unlocated"


def _states_place(report: Report) -> bool:
    """Tell whether the row's coordinates are a place at all."""
    return report.stated is not None and not {"lon", "swapped"} & report.raw.keys()


def _blank(value: float) -> float | str:
    return "" if np.isnan(value) else float(value)


def _all(shapes: NDArray[np.object_], codes: Sequence[str], points: Points) -> list[list[str]]:
    """Return the codes of all shapes that cover each point, smallest first."""
    found: list[list[str]] = [[] for _ in points]
    known = np.flatnonzero(~np.isnan(points[:, 0]))
    at, shape = STRtree(shapes).query(shapely.points(points[known]), predicate="intersects")
    for point, number in zip(known[at].tolist(), shape.tolist(), strict=True):
        found[point].append(codes[number])
    return [sorted(each) for each in found]


def _smallest(shapes: NDArray[np.object_], codes: Sequence[str], points: Points) -> list[str]:
    return [found[0] if found else "" for found in _all(shapes, codes, points)]


def _borders(grids: Sequence[Area], reports: Sequence[Report]) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Return how many metres each stated point is from the nearest border, and the grid to which it is nearest."""
    known = [number for number, report in enumerate(reports) if _states_place(report)]
    points = np.asarray(shapely.points(np.array([reports[number].stated for number in known])))
    shapes = outlines(grids)
    distance = np.full(len(reports), np.nan)
    (at, _), away = STRtree(shapely.boundary(shapes)).query_nearest(points, return_distance=True)
    distance[np.array(known)[at]] = away
    return distance, _nearest(shapes, grids, points, known)


def _nearest(
    shapes: NDArray[np.object_], grids: Sequence[Area], points: NDArray[np.object_], known: Sequence[int]
) -> dict[int, str]:
    """Return the nearest grid (of several the smallest code) of each report whose point no grid covers."""
    tree = STRtree(shapes)
    strays = np.setdiff1d(np.arange(len(points)), tree.query(points, predicate="intersects")[0])
    nearest: dict[int, str] = {}
    for stray, grid in zip(*tree.query_nearest(points[strays]).tolist(), strict=True):
        report = known[int(strays[stray])]
        nearest[report] = min(nearest.get(report, grids[grid].code), grids[grid].code)
    return nearest


def _faults(reports: Sequence[Report], lines: Sequence[Sequence[object]]) -> dict[str, object]:
    rows: defaultdict[str, list[list[object]]] = defaultdict(list)
    clusters: Counter[str] = Counter()
    for report, line in zip(reports, lines, strict=True):
        for fault in report.faults:
            rows[fault].append([line[0], line[1], line[2]])
        clusters[report.cluster] += bool(report.cluster)
    return {
        "reports": dict(Counter(report.channel.file for report in reports)),
        "expect": dict(Counter(str(line[11]) for line in lines)),
        "clusters": {name: count for name, count in sorted(clusters.items()) if name},
        "faults": dict(sorted(rows.items())),
    }


def _people(roster: Roster, county: County, specialised: Sequence[SpecialisedGrid]) -> dict[str, object]:
    today = roster.today
    held = {(duty.area, duty.role) for duty in roster.duties if duty.until is None}
    return {
        "staff": len(roster.people),
        "duties": len(roster.duties),
        "grids_without_worker": [grid.code for grid in county.grids if (grid.code, "网格员") not in held],
        "specialised_without_worker": [grid.code for grid in specialised if (grid.code, "网格员") not in held],
        "villages_without_liaison": [area.code for area in county.villages if (area.code, "网格联络员") not in held],
        "away_at_the_end": [one.number for one in roster.people.values()
                            if one.away_from and one.away_until and one.away_from <= today <= one.away_until],
        "certificates_expired": [one.number for one in roster.people.values()
                                 if one.certificate_expires and one.certificate_expires < today],
    }  # fmt: skip
