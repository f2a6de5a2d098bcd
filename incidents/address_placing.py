"""Whether an address is certain enough to place a report without a person: a rule over plain values.

The middle of a road, a village or a township never places a report: it does so only where all of it lies in one grid.
"""

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from geo.addresses.answers import Answer, Candidate

AUTO_CONFIDENCE = 0.8
"""A place at least this likely is taken. Confidence is calibrated: of those just above, one in five lies elsewhere;
of all that are taken, far fewer, because most are much more certain."""

AGREED_CONFIDENCE = 0.6
"""Where every candidate lies in one grid, it need not be known which of them is meant: together they must be this
likely. What is less likely may be something else altogether."""

RIVAL_SHARE = 0.5
"""A candidate in another grid that is at least half as likely as the best leaves the choice to a person."""

_TOWNSHIP_ENDINGS = ("街道办事处", "街道", "镇", "乡")


class PlacingRule(StrEnum):
    """Why a report was placed by its words, or left to a person."""

    CERTAIN_POINT = "certain-point"
    ALL_IN_ONE_GRID = "all-in-one-grid"
    NOTHING_FOUND = "nothing-found"
    ONLY_AN_AREA = "only-an-area"
    UNCERTAIN = "uncertain"
    SEVERAL_PLACES = "several-places"
    ANOTHER_TOWNSHIP = "another-township"
    OUTSIDE_ALL_GRIDS = "outside-all-grids"


@dataclass(frozen=True, slots=True)
class Decision:
    """The candidate that places the report, or None, and the rule that said so."""

    candidate: Candidate | None
    rule: PlacingRule


def decide(answer: Answer, grid_of: Callable[[Candidate], Collection[Hashable]]) -> Decision:
    """Say whether `answer` places a report.

    `grid_of` names the grids that a candidate may lie in: of a place the one that covers it, of an area every one that
    it reaches; none outside.
    """
    best = answer.best
    if best is None:
        return Decision(None, PlacingRule.NOTHING_FOUND)
    if contradicts(answer.township, best.township):
        return Decision(None, PlacingRule.ANOTHER_TOWNSHIP)
    reached = [frozenset(grid_of(candidate)) for candidate in answer.candidates]
    if _agree(answer, reached):
        return Decision(best, PlacingRule.ALL_IN_ONE_GRID)
    if not best.accuracy.is_point:
        return Decision(None, PlacingRule.ONLY_AN_AREA)
    if not reached[0]:
        return Decision(None, PlacingRule.OUTSIDE_ALL_GRIDS)
    if _has_rival(answer, reached):
        return Decision(None, PlacingRule.SEVERAL_PLACES)
    if best.confidence < AUTO_CONFIDENCE:
        return Decision(None, PlacingRule.UNCERTAIN)
    return Decision(best, PlacingRule.CERTAIN_POINT)


def contradicts(named: str | None, found: str | None) -> bool:
    """Whether two names are of different townships. One that is not known contradicts nothing.

    >>> contradicts("安宜", "安宜镇"), contradicts("泾河镇", "安宜镇"), contradicts(None, "安宜镇")
    (False, True, False)
    """
    return bool(named and found) and township_stem(named or "") != township_stem(found or "")


def township_stem(name: str) -> str:
    """A township's name as people say it, without what kind of township it is.

    >>> township_stem("氾水镇"), township_stem("城北街道"), township_stem("镇")
    ('氾水', '城北', '镇')
    """
    for ending in _TOWNSHIP_ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def _agree(answer: Answer, reached: list[frozenset[Hashable]]) -> bool:
    """Whether all candidates lie in one grid, and one of them is probably meant."""
    if not all(reached) or len(frozenset[Hashable]().union(*reached)) != 1:
        return False
    places = 1 - prod(1 - candidate.confidence for candidate in answer.candidates if candidate.accuracy.is_point)
    areas = [candidate.confidence for candidate in answer.candidates if not candidate.accuracy.is_point]
    return max([places, *areas]) >= AGREED_CONFIDENCE  # of areas one lies in another: together they are no likelier


def _has_rival(answer: Answer, reached: list[frozenset[Hashable]]) -> bool:
    """Whether a place in another grid is nearly as likely as the best, or the very same words lead to both.

    An area is no rival: its name was read besides that of the place, and weighed there.
    """
    best, *others = answer.candidates
    others = [other for other, theirs in zip(others, reached[1:], strict=True) if theirs != reached[0]]
    least = RIVAL_SHARE * best.confidence
    return any(other.accuracy.is_point and (other.confidence >= least or _indistinct(best, other)) for other in others)


def _indistinct(one: Candidate, other: Candidate) -> bool:
    """Whether the words cannot tell two places of a kind apart: then no confidence can."""
    return bool(one.pieces) and (one.accuracy, set(_said(one))) == (other.accuracy, set(_said(other)))


def _said(candidate: Candidate) -> Iterator[tuple[str, int, int, str, bool]]:
    """The pieces that lead to a candidate, and of a named area whether the candidate lies in it."""
    lies_in = {"township": candidate.township, "village": candidate.village}
    for piece in candidate.pieces:
        inside = not contradicts(piece.value, lies_in.get(piece.kind))
        yield piece.kind, piece.start, piece.end, piece.how, inside
