"""In which coordinate system a layer is drawn, and its outlines brought to WGS-84.

A .prj may be missing, meaningless or false, and metres say little about themselves. So whatever is told, named or
guessed is tested: 99 % of the corners must come to lie in the county. Where more than one system would fit, the
clerk is asked. The transformation itself is geo.crs's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from geo.crs import (
    BD09,
    GCJ02,
    WGS84,
    Bounds,
    Datum,
    DatumError,
    Floats,
    accuracy_there_m,
    described_datum,
    parse_datum,
    to_wgs84,
)
from geo.crs_guessing import guess_crs, guess_swapped_crs, share_within
from geo.sentences import Sentence, join, listed, say
from importers.errors import CrsImplausible, CrsUnknown, CrsUnusable, DatumConflict
from importers.rawlayer import DeclaredCrs, RawLayer, Shapes
from importers.report import Problem
from importers.systems import central_meridian, code_of, datum_of, identify, named, titled

AUTO = "auto"
AT_HOME = 0.99
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
_LARGEST_M = 1e9
"""No coordinate on earth is larger, in metres or feet: beyond it a number is a filler or a fault."""


@dataclass(frozen=True)
class Placed:
    """Outlines in WGS-84, and by what: `crs` as EPSG code or by the file's own name, `datum` as it was understood."""

    outlines: Shapes
    crs: str
    datum: str
    notes: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass
class _Choice:
    """The system decided on, with why; `swapped` when north was written before east."""

    datum: Datum
    why: Sentence
    problems: list[Problem] = field(default_factory=list)
    swapped: bool = False


def place(
    raw: RawLayer, *, file: Path, crs: str = AUTO, datum: str | None = None, county_box: Bounds | None = None
) -> Placed:
    """Transform a layer's outlines to WGS-84 (lon, lat).

    `crs` is a person's --crs; `datum` says that longitudes and latitudes are gcj02 or bd09. Raises CrsUnusable,
    CrsUnknown, CrsImplausible or DatumConflict.
    """
    drawn: Floats = shapely.get_coordinates(raw.outlines)
    usable = _usable(drawn)
    bounds = _bounds(_only(drawn, usable))
    choice = _told(file, crs) if crs.casefold() != AUTO else _choose(raw, file, bounds, county_box)
    choice = _shifted(file, choice, datum)
    corners = _transformed(drawn, usable, choice)
    stays = np.array_equal(corners, drawn)  # degrees, as a rule
    placed: Shapes = raw.outlines if stays else shapely.set_coordinates(raw.outlines.copy(), corners)
    _check_at_home(file, _only(corners, usable), choice, bounds, county_box)
    notes = [say("coordinates read as {system}: {why}", system=titled(choice.datum), why=choice.why)]
    _say_accuracy(_only(drawn, usable), choice, notes)
    return Placed(placed, code_of(choice.datum), datum_of(choice.datum), tuple(notes), tuple(choice.problems))


def _told(file: Path, crs: str) -> _Choice:
    try:
        return _Choice(parse_datum(crs), say("as told"))
    except DatumError as fault:
        raise CrsUnusable(file, crs=crs, reason=fault.sentence) from None


def _choose(raw: RawLayer, file: Path, bounds: Bounds, county_box: Bounds | None) -> _Choice:
    """Believe what the file names, as long as it is a coordinate system; otherwise conclude from the numbers."""
    problems: list[Problem] = []
    if raw.crs is not None:
        try:
            code = identify(raw.crs.text)
        except (CRSError, ValueError):
            shown = re.sub(r"\s+", " ", raw.crs.text)[:40]
            said = say(
                "{part} is no coordinate system (it begins “{beginning}”); it was left aside",
                part=raw.crs.by, beginning=shown,
            )  # fmt: skip
            problems.append(Problem(None, None, "prj-unreadable", said, "warn"))
        else:
            return _named(file, raw.crs, code)
    concluded = _concluded(raw, file, bounds, county_box)
    concluded.problems = [*problems, *concluded.problems]
    return concluded


def _named(file: Path, declared: DeclaredCrs, code: str | None) -> _Choice:
    name = pyproj.CRS.from_user_input(declared.text).name
    if code is None:
        return _described(file, declared, name)
    try:
        return _Choice(parse_datum(code), say("{part} says {system}", part=declared.by, system=name))
    except DatumError as fault:
        raise CrsUnusable(file, crs=name, reason=fault.sentence) from None


def _described(file: Path, declared: DeclaredCrs, name: str) -> _Choice:
    """Believe a description that no register has, as of a county with a central meridian of its own."""
    try:
        datum = described_datum(declared.text)
    except DatumError:
        reason = say(
            "{part} describes it, but it cannot be turned into WGS-84; export the layer as EPSG:4490, or say --crs",
            part=declared.by,
        )
        raise CrsUnusable(file, crs=name, reason=reason) from None
    meridian = central_meridian(pyproj.CRS.from_user_input(declared.text))
    if meridian is None:
        return _Choice(datum, say("{part} describes it; it is in no register", part=declared.by))
    said = say(
        "{part} describes it, with the central meridian {meridian}°; it is in no register",
        part=declared.by, meridian=f"{meridian:.10g}",
    )  # fmt: skip
    return _Choice(datum, said)


def _concluded(raw: RawLayer, file: Path, bounds: Bounds, county_box: Bounds | None) -> _Choice:
    """Conclude from the numbers alone: degrees are WGS-84 until said otherwise, metres must leave one possibility."""
    if _within(bounds, WORLD):
        if raw.degrees_by_format:
            return _Choice(WGS84, say("GeoJSON is in degrees"))
        said = say("no coordinate system is named; the numbers are degrees and were taken for WGS-84")
        return _Choice(WGS84, say("the numbers are degrees"), [Problem(None, None, "crs-assumed", said, "warn")])
    candidates, swapped = guess_crs(bounds, county_box), False
    if not candidates and (candidates := guess_swapped_crs(bounds, county_box)):
        swapped = True
    if len(candidates) != 1:
        raise _unknown(file, candidates, bounds, county_box)
    code = f"EPSG:{candidates[0]}"
    why = say("no coordinate system is named; of the usual ones only {code} fits", code=code)
    if county_box:
        why = say("{why} the county", why=why)
    said = say("Confirm it with --crs {code}", code=code)
    if swapped:
        said = join("{one}. {other}", (say("North is written before east; they were exchanged"), said))
    said = join("{one}. {other}", (why, said))
    return _Choice(parse_datum(code), why, [Problem(None, None, "crs-guessed", said, "warn")], swapped)


def _unknown(file: Path, candidates: Iterable[int], bounds: Bounds, county_box: Bounds | None) -> CrsUnknown:
    """Say what could be meant. That numbers look like metres of CGCS2000 is no proof: feet look the same."""
    codes = tuple(f"EPSG:{code}" for code in candidates)
    systems = [titled(parse_datum(code)) for code in codes]
    if not codes:
        said = say("{range}; {none_fits}.", range=_range(bounds), none_fits=_none_fits(county_box))
    elif len(codes) > _FEW:
        said = say(
            "If they are metres of CGCS2000, {count} central meridians could be meant, from {first} to {last}.",
            count=len(codes), first=systems[0], last=systems[-1],
        )  # fmt: skip
    else:
        said = say("These could be meant: {systems}.", systems=listed(systems))
    example = codes[0] if 0 < len(codes) <= _FEW else _USUAL
    return CrsUnknown(file, candidates=codes, candidates_said=said, example=example)


def _range(bounds: Bounds) -> Sentence:
    west, south, east, north = (f"{bound:,.0f}" for bound in bounds)
    return say(
        "East runs from {west} to {east}, north from {south} to {north}", west=west, east=east, south=south, north=north
    )


def _none_fits(county_box: Bounds | None) -> Sentence:
    if county_box:
        return say("none of the usual systems would put them in the county")
    return say("none of the usual systems fits")


_FEW = 6
_USUAL = "EPSG:4549"


def _shifted(file: Path, choice: _Choice, datum: str | None) -> _Choice:
    """Apply a declared GCJ-02 or BD-09 to degrees; other datums say nothing that the system does not say already."""
    if datum is None:
        return choice
    try:
        said = parse_datum(datum)
    except DatumError as fault:
        raise CrsUnusable(file, crs=datum, reason=fault.sentence) from None
    if said not in (GCJ02, BD09):
        return choice
    if choice.datum.planar:
        raise DatumConflict(file, crs=named(choice.datum), datum=str(said))
    problems = [problem for problem in choice.problems if problem.code != "crs-assumed"]
    return _Choice(
        said, say("{why}, declared to be {datum}", why=choice.why, datum=said.name), problems, choice.swapped
    )


def _transformed(corners: Floats, usable: NDArray[np.bool_], choice: _Choice) -> Floats:
    """Transform every corner; what is no coordinate at all becomes infinite, for the check of outlines to report.

    Not NaN, which equals nothing: a ring that begins and ends there would be open.
    """
    x, y = np.where(usable, corners.T, 0.0)
    east, north = (y, x) if choice.swapped else (x, y)
    lonlat = np.column_stack(to_wgs84(east, north, choice.datum))
    lonlat[~usable] = np.inf
    return lonlat


def _check_at_home(file: Path, corners: Floats, choice: _Choice, bounds: Bounds, county_box: Bounds | None) -> None:
    """Raise CrsImplausible unless nearly all corners lie in the county, or, with no county known, on the earth."""
    share = share_within(corners[:, 0], corners[:, 1], county_box or WORLD)
    if share >= AT_HOME or not len(corners):
        return
    others = [code for code in guess_crs(bounds, county_box) if f"EPSG:{code}" != code_of(choice.datum)]
    codes = tuple(f"EPSG:{code}" for code in others)
    if codes and county_box:
        systems = join("{one} or {other}", codes[:3])
        advice = say("Read as {systems} they would: say so with --crs if that is what it is.", systems=systems)
    elif codes:
        few = ", ".join(codes[:3]) + (" …" if len(codes) > 3 else "")
        advice = say("The numbers could be {systems}: say which with --crs.", systems=few)
    elif guess_swapped_crs(bounds, county_box):
        advice = say("North seems to be written before east: export the layer with east (longitude) first.")
    else:
        advice = say("If the file is of the right place, say its true system with --crs.")
    why = choice.why
    if not (choice.datum.planar or _within(bounds, WORLD)):
        why = say("{why}, but the numbers are no degrees", why=why)
    read_as = say("{system} ({why})", system=named(choice.datum), why=why)
    where = say("in the county") if county_box else say("on the earth")
    raise CrsImplausible(file, crs=read_as, share=f"{share:.0%}", where=where, candidates=codes, advice=advice)


def _say_accuracy(drawn: Floats, choice: _Choice, notes: list[Sentence]) -> None:
    """Add how exactly the system turns into WGS-84 where the layer lies: a note, or a problem where that is poor."""
    some = drawn[:: max(1, len(drawn) // _ASKED)]
    east, north = (some[:, 1], some[:, 0]) if choice.swapped else (some[:, 0], some[:, 1])
    accuracy = accuracy_there_m(east, north, choice.datum)
    if accuracy is None:
        said = say(
            "how exactly {system} turns into WGS-84 is not known: outlines may lie tens of metres off",
            system=titled(choice.datum),
        )
    elif accuracy > _POOR_M:
        said = say(
            "{system} turns into WGS-84 within {accuracy} m here: outlines may lie so much off",
            system=titled(choice.datum), accuracy=f"{accuracy:g}",
        )  # fmt: skip
    else:
        if accuracy > 1:
            name = named(choice.datum)
            notes.append(say("{system} turns into WGS-84 within {accuracy} m", system=name, accuracy=f"{accuracy:g}"))
        return
    choice.problems.append(Problem(None, None, "datum-imprecise", said, "warn"))


_ASKED = 20
"""Of so many corners PROJ is asked how exact it was."""
_POOR_M = 5.0
"""What may lie farther off than this, on the wrong side of a street, is worth a warning."""


def _usable(corners: Floats) -> NDArray[np.bool_]:
    """Tell which corners are coordinates at all."""
    x, y = corners.T
    usable: NDArray[np.bool_] = (np.abs(x) < _LARGEST_M) & (np.abs(y) < _LARGEST_M)
    return usable


def _only(corners: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Leave out what is no coordinate; there are millions, and nearly always all can stay where they are."""
    return corners if usable.all() else corners[usable]


def _bounds(corners: Floats) -> Bounds:
    """Return the box of all corners; zeros when there is none."""
    if not len(corners):
        return (0.0, 0.0, 0.0, 0.0)
    x, y = corners.T
    return (float(x.min()), float(y.min()), float(x.max()), float(y.max()))


def _within(bounds: Bounds, box: Bounds) -> bool:
    """Whether bounds lie in a box, but for what rounding does to -180 and -90."""
    west, south, east, north = box
    enough_low = bounds[0] >= west - _HAIR and bounds[1] >= south - _HAIR
    return enough_low and bounds[2] <= east + _HAIR and bounds[3] <= north + _HAIR


_HAIR = 0.001
