"""What is wrong with a set of outlines: broken ones, ground claimed twice, children outside their parents.

Shapes are compared in the coordinates they came in, so that neighbours who share their vertices share nothing else;
only what is found is measured, in square metres on the ellipsoid. A finding carries its shape, for a map to draw.
Outlines are in WGS-84, and valid: `mend_outline` first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GEOSException
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import area_m2
from geo.sentences import Sentence, say

if TYPE_CHECKING:
    from geo.redraws.mends import Mend

Severity = Literal["block", "warn"]
Outline = Polygon | MultiPolygon


@dataclass(frozen=True)
class AreaOutline:
    """One area as a file brings it: its row (the first is 1), and the code of its parent where that is known."""

    code: str
    outline: Outline
    row: int | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Finding:
    """One trouble between areas: the codes and rows concerned, the ground concerned (WGS-84) and its size.

    `mend` is what would put it right, where that can be said.
    """

    code: str
    codes: tuple[str, ...]
    rows: tuple[int, ...]
    size_m2: float
    shape: Outline
    message: Sentence
    severity: Severity = "block"
    mend: Mend | None = None

    def accepted(self) -> Finding:
        """The same finding as a recorded warning."""
        return replace(self, severity="warn")


def spoken_m2(size_m2: float) -> str:
    """Say a size as people do: 12.5 m², 14,291 m², 3.47 km².

    >>> spoken_m2(0.0341), spoken_m2(14291.2), spoken_m2(3.468e6)
    ('0.034 m²', '14,291 m²', '3.47 km²')
    """
    if size_m2 >= 1e6:
        return f"{size_m2 / 1e6:,.2f} km²"
    return f"{size_m2:,.0f} m²" if size_m2 >= 100 else f"{size_m2:.2g} m²"


def _spoken_share(share: float) -> str | Sentence:
    """Say a share as people do.

    >>> _spoken_share(1.0), _spoken_share(0.0049), _spoken_share(1e-9)
    ('100 %', '0.49 %', 'less than 0.001 %')
    """
    percent = share * 100
    if percent < 0.001:
        return say("less than {share} %", share=0.001)
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


# --- one outline ------------------------------------------------------------------------------------------------

_REASONS: dict[str, tuple[str, Sentence]] = {
    "Self-intersection": ("crosses-itself", say("crosses itself")),
    "Ring Self-intersection": ("touches-itself", say("touches itself")),
    "Hole lies outside shell": ("hole-outside", say("has a hole outside the outline")),
    "Holes are nested": ("nested-holes", say("has a hole inside a hole")),
    "Nested shells": ("nested-parts", say("has a part inside another part")),
    "Interior is disconnected": ("interior-cut", say("is cut in two by its own holes")),
    "Duplicate Rings": ("repeated-ring", say("has the same ring twice")),
    "Too few points in geometry component": ("too-few-points", say("has a ring of too few points")),
}
_SENTENCES: dict[str, Sentence] = {
    "null": say("there is no outline"),
    "empty": say("the outline is empty"),
    "unreadable": say("the outline cannot be read"),
    "not-finite": say("a coordinate is not a number"),
    "not-polygon": say("it is not a polygon"),
    "unclosed": say("a ring was not closed"),
    "stray-parts": say("lines or points came with the polygon"),
    "no-ground": say("the outline encloses no ground"),
    "invalid": say("the outline is not valid"),
    **dict(_REASONS.values()),
}


@dataclass(frozen=True)
class Mended:
    """An outline that can be used, or None when nothing was left, and what was done to it.

    `why` is "" when nothing was amiss, else a stable code; `where` is the place (lon, lat) when it is known. The
    difference is between the ground as drawn (each ring's own area, holes taken off) and as mended, in square
    metres and as a share of the mended outline: 0 when only Z, or what has no area, was dropped.
    """

    outline: Outline | None
    why: str = ""
    where: tuple[float, float] | None = None
    difference_m2: float = 0.0
    difference_share: float = 0.0

    @property
    def sentence(self) -> Sentence:
        """What was wrong and how much the mended copy differs, for a report; "" when nothing was amiss.

        >>> mend_outline(Polygon([(0, 0), (2, 0), (2, 2), (1, -0.1), (0, 2)])).sentence
        'crosses itself near 1.04762 0.00000; the mended copy differs by 0.5 %'
        """
        if not self.why:
            return Sentence()
        said = _SENTENCES[self.why]
        if self.where:
            said = say("{trouble} near {place}", trouble=said, place=f"{self.where[0]:.5f} {self.where[1]:.5f}")
        if self.outline is None or not self.difference_m2:
            return said
        share = _spoken_share(self.difference_share)
        return say("{trouble}; the mended copy differs by {share}", trouble=said, share=share)


def mend_outline(geometry: BaseGeometry | bytes | None) -> Mended:
    """Return a valid two-dimensional polygon or multipolygon for whatever a file gave, and what that took.

    WKB is taken as bytes, because rings that are not closed exist only there.

    >>> mend_outline(Polygon([(0, 0), (1, 0), (1, 1)]))
    Mended(outline=<POLYGON ((0 0, 1 0, 1 1, 0 0))>, why='', where=None, difference_m2=0.0, difference_share=0.0)
    >>> bow_tie = mend_outline(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    >>> bow_tie.outline.geom_type, bow_tie.outline.area, bow_tie.why, bow_tie.where
    ('MultiPolygon', 2.0, 'crosses-itself', (1.0, 1.0))
    >>> mend_outline(shapely.Point(1, 1)).why, mend_outline(None).why, mend_outline(Polygon()).why
    ('not-polygon', 'null', 'empty')
    """
    if isinstance(geometry, bytes):
        return _mend_wkb(geometry)
    if geometry is None:
        return Mended(None, "null")
    if geometry.is_empty:
        return Mended(None, "empty")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return Mended(None, "not-finite")
    drawn = polygons(shapely.force_2d(geometry))
    if drawn is None:
        return Mended(None, "not-polygon")
    if not drawn.is_valid:
        return _mend_invalid(drawn)
    return Mended(drawn, "" if isinstance(geometry, (Polygon, MultiPolygon)) else "stray-parts")


def _mend_wkb(wkb: bytes) -> Mended:
    with np.errstate(invalid="ignore"):  # NaN is met and named later
        try:
            return mend_outline(shapely.from_wkb(wkb))
        except GEOSException:
            closed = cast("BaseGeometry | None", shapely.from_wkb(wkb, on_invalid="fix"))
    if closed is None:
        return Mended(None, "unreadable")
    mended = mend_outline(closed)
    return mended if mended.why else replace(mended, why="unclosed")


def _mend_invalid(drawn: Outline) -> Mended:
    """Mend ring by ring: what a part encloses is ground, what a hole inside it encloses is not."""
    reason, _, place = shapely.is_valid_reason(drawn).partition("[")
    why = _REASONS[reason][0] if reason in _REASONS else "invalid"
    numbers = re.findall(r"[-+0-9.eE]+", place)
    where = (float(numbers[0]), float(numbers[1])) if len(numbers) == 2 else None
    made = shapely.make_valid(drawn, method="structure", keep_collapsed=False)
    outline = polygons(shapely.union_all(shapely.get_parts(made)))  # its parts may still share an edge
    if outline is None:  # rings that turn back on themselves: what lies an odd number of lines inside is ground
        outline = polygons(shapely.make_valid(drawn, method="linework"))
    if outline is None:
        return Mended(None, "no-ground", where)
    size_m2 = area_m2(outline)
    difference_m2 = abs(size_m2 - area_m2(drawn))
    return Mended(outline, why, where, difference_m2, difference_m2 / size_m2)


def polygons(geometry: BaseGeometry) -> Outline | None:
    """Return the polygonal parts that enclose ground, as one geometry, or None.

    >>> polygons(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (5 5), POLYGON ((0 0, 1 0, 1 1, 0 0)))"))
    <POLYGON ((0 0, 1 0, 1 1, 0 0))>
    """
    if isinstance(geometry, (Polygon, MultiPolygon)):
        return None if geometry.is_empty else geometry
    flat = shapely.get_parts(shapely.get_parts(geometry))
    found = [part for part in flat.tolist() if isinstance(part, Polygon) and not part.is_empty]
    if not found:
        return None
    return found[0] if len(found) == 1 else MultiPolygon(found)


def as_multi(outline: Outline) -> MultiPolygon:
    """Return the outline as the tables keep it: always of parts."""
    return outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])


def as_simple(outline: Outline) -> Outline:
    """Return an outline of one part as a polygon."""
    return outline.geoms[0] if isinstance(outline, MultiPolygon) and len(outline.geoms) == 1 else outline


# --- outlines side by side --------------------------------------------------------------------------------------


def find_overlaps(grids: Sequence[AreaOutline], *, ignore_below_m2: float = 0.0) -> list[Finding]:
    """Report each pair of areas sharing more than `ignore_below_m2` of ground, largest first.

    Digitised neighbours rarely match to the millimetre; the tolerance is the sliver a surveyor would not argue
    about. Twins and areas inside others are found like any. A few seconds for 10,000 outlines: whether two share
    ground at all is asked before the shape of it, which costs five times as much.
    """
    outlines = _outlines(grids)
    one, other = shapely.STRtree(outlines).query(outlines)
    one, other = one[one < other], other[one < other]
    sharing = shapely.relate_pattern(outlines[one], outlines[other], "T********")
    pairs = zip(one[sharing].tolist(), other[sharing].tolist(), strict=True)
    found = [finding for i, j in pairs if (finding := _overlap(grids[i], grids[j], ignore_below_m2))]
    return sorted(found, key=lambda finding: (-finding.size_m2, finding.codes))


def _overlap(one: AreaOutline, other: AreaOutline, ignore_below_m2: float) -> Finding | None:
    one, other = sorted((one, other), key=lambda area: area.code)
    shape = polygons(shapely.intersection(one.outline, other.outline))
    if shape is None or (size_m2 := area_m2(shape)) <= ignore_below_m2:
        return None
    smaller_m2 = min(area_m2(one.outline), area_m2(other.outline))
    size: str | Sentence = spoken_m2(size_m2)
    if size_m2 > 0.01 * smaller_m2:
        size = say("{size} ({share} of the smaller one)", size=size, share=f"{size_m2 / smaller_m2:.0%}")
    message = say("{one} and {other} share {size}.", one=one.code, other=other.code, size=size)
    return Finding("overlap", (one.code, other.code), _rows(one, other), size_m2, shape, message)


def find_outside_parent(
    children: Sequence[AreaOutline],
    parents: Mapping[str, AreaOutline],
    *,
    ignore_below_m2: float = 0.0,
    ignore_below_share: float = 0.0,
) -> list[Finding]:
    """Report each child whose ground lies outside its parent by more than both tolerances, largest first.

    The share is of the child's own ground. Children whose parent is not among `parents` are passed over: an unknown
    parent is another trouble.
    """
    known = [child for child in children if child.parent in parents]
    above = [parents[child.parent] for child in known if child.parent is not None]
    within = shapely.covers(_outlines(above), _outlines(known))
    found = [
        finding
        for child, parent, inside in zip(known, above, within.tolist(), strict=True)
        if not inside and (finding := _outside(child, parent, ignore_below_m2, ignore_below_share))
    ]
    return sorted(found, key=lambda finding: (-finding.size_m2, finding.codes))


def _outside(child: AreaOutline, parent: AreaOutline, ignore_m2: float, ignore_share: float) -> Finding | None:
    shape = polygons(shapely.difference(child.outline, parent.outline))
    if shape is None or (size_m2 := area_m2(shape)) <= ignore_m2:
        return None
    share = size_m2 / area_m2(child.outline)
    if share <= ignore_share:
        return None
    message = say(
        "{code} lies outside its parent {parent} by {size} ({share} of it).",
        code=child.code, parent=parent.code, size=spoken_m2(size_m2), share=f"{share:.2%}",
    )  # fmt: skip
    return Finding("outside-parent", (child.code, parent.code), _rows(child), size_m2, shape, message)


@dataclass(frozen=True)
class Covering:
    """The parent that covers most of a child, and how much of the child's ground that is, from 0 to 1."""

    parent: AreaOutline
    share: float


def covering_parent(child: AreaOutline, parents: Sequence[AreaOutline]) -> Covering | None:
    """Return the area that covers most of another, or None where none shares ground with it."""
    return covering_parents([child], parents)[0]


def covering_parents(children: Sequence[AreaOutline], parents: Sequence[AreaOutline]) -> list[Covering | None]:
    """Return for each child the parent that covers most of its ground; of equal ones that with the smallest code."""
    in_code_order = sorted(parents, key=lambda parent: parent.code)
    tree = shapely.STRtree(_outlines(in_code_order))
    outlines = _outlines(children)
    shares = [(child, 1.0, parent) for child, parent in tree.query(outlines, predicate="covered_by").T.tolist()]
    whole = {child for child, _, _ in shares}
    shares += [
        (child, _share(children[child], in_code_order[parent]), parent)
        for child, parent in tree.query(outlines, predicate="intersects").T.tolist()
        if child not in whole
    ]
    found: list[Covering | None] = [None] * len(children)
    for child, share, parent in sorted(shares, key=lambda one: (one[1], -one[2])):
        found[child] = Covering(in_code_order[parent], share) if share > 0 else None
    return found


def _share(child: AreaOutline, parent: AreaOutline) -> float:
    shared = polygons(shapely.intersection(child.outline, parent.outline))
    return area_m2(shared) / area_m2(child.outline) if shared is not None else 0.0


def _outlines(areas: Sequence[AreaOutline]) -> NDArray[np.object_]:
    outlines = np.empty(len(areas), dtype=object)
    outlines[:] = [area.outline for area in areas]
    return outlines


def _rows(*areas: AreaOutline) -> tuple[int, ...]:
    return tuple(area.row for area in areas if area.row is not None)
