"""What is wrong with the ground of a redraw: ground that nobody has, that two have, that lies where it should not.

`shapely.coverage_is_valid` finds overlaps and misses gaps; comparing every pair of grids finds no gap either and
takes long. Here the ground is cut only where the number of areas that cover it changes (`geo.redraws.faces`): where
everything fits there is nothing to cut, and little where little is wrong. Files that differ by less than a millimetre
fit too. Parents whose borders are farther off than that, and so fit nowhere, cut nothing where grids lie side by side
under them; but what each grid along them has outside its parent must be drawn, and where it is worth a word a mend
proposed: that takes ten times as long, and the most where by ten centimetres nearly each grid is worth one.

A mend that is proposed can be accepted together with all the others, in any order. What it takes from one grid it
leaves to the grid that stays, what it gives has no other taker, and of three that share ground one remains. One thing
is left for a second look: ground that only a stray had is empty once it is taken, where no grid is beside it that is at
home there, as when that one was not drawn either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from geo.coverage import AreaOutline, Finding, Outline
from geo.redraws.faces import faces_of, net_of
from geo.redraws.gaps import empty_ground, gap
from geo.redraws.mends import DraftGrid
from geo.redraws.outside import stray_findings, stray_ground
from geo.redraws.overlaps import overlap, shared_ground
from geo.redraws.seams import empty_slivers, near_borders, shared_slivers, slivers_of
from geo.redraws.sizes import Tolerances

AS_EVER = Tolerances()


def examine_ground(
    grids: Sequence[DraftGrid],
    parents: Mapping[str, Outline],
    *,
    standing: Sequence[AreaOutline] = (),
    tolerances: Tolerances = AS_EVER,
) -> list[Finding]:
    """Return what is wrong with the ground of the grids of a draft, what blocks first, the largest first.

    `parents` are the outlines of the areas that the draft fills, by code: without any, gaps are what grids enclose,
    and nothing is outside. A grid may name a parent that is not there: then only the ground outside all of them is
    told. `standing` are grids in force beside the draft, which it must leave alone; they fill ground, and are never
    changed. All outlines are WGS-84 and valid.

    Findings are `gap`, `remainder` (a gap at the border of the parent), `overlap` (of a pair), `outside-parent` (in
    another parent), `outside-scope` (in none); and as warnings `sliver`, and `near-border` instead of three slivers or
    more between the same two. Codes and rows are those of the grids concerned; of a gap those beside it, the longest
    common border first, and the code of the parent last. Grids that lie outside their parent are told with its code.
    """
    net = net_of(grids, parents, standing)
    faces = faces_of(net)
    shared = shared_ground(net, faces, tolerances)
    strays = stray_ground(net, faces, tolerances)
    empty = empty_ground(net, faces, tolerances)
    slivers = slivers_of(net, shared, empty, tolerances)
    found: list[Finding] = []
    takes: dict[int, list[Outline]] = defaultdict(list)
    for finding in chain(
        (finding for each in shared if (finding := overlap(net, each, takes, tolerances)) is not None),
        (finding for stray in strays for finding in stray_findings(net, stray, takes, tolerances)),
        near_borders(net, slivers, takes, tolerances),
        shared_slivers(net, slivers, takes, tolerances),
        (gap(net, each, takes) for each in empty if not each.thin and each.is_told(tolerances)),
        empty_slivers(net, slivers, takes, tolerances),
    ):  # one by one: what a mend takes from a row is known to all the later ones
        found.append(finding)
        for change in finding.mend.changes if finding.mend else ():
            takes[change.row] += [change.take] if change.take is not None else []
    return sorted(found, key=lambda finding: (finding.severity, -finding.size_m2, finding.codes))
