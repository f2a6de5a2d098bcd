"""What a departmental grid is to the comprehensive grids, in sentences that can be said again in another language."""

from __future__ import annotations

from collections.abc import Sequence

from geo.coverage import spoken_m2
from geo.redraws.nets import SMALLEST_M2, NetGrid, Relation, Verdict
from geo.sentences import Sentence, join, listed, say

MOST_CODES = 3
"""More codes than these are counted, not named."""


def verdict_sentence(one: NetGrid) -> Sentence:
    """Say the verdict with its figures, as `cuts 2 (A1, A2): 14,291 m² would change hands; 120 m² lie in no grid`."""
    whole, parts = one.tiles(Relation.WHOLE), one.tiles(Relation.PART)
    match one.verdict:
        case Verdict.FOLLOWS:
            if one.sliver_m2 < SMALLEST_M2:
                return say("is exactly {codes}", codes=_counted(whole))
            size = spoken_m2(one.sliver_m2)
            return say("is {codes}, but for {size} along the borders", codes=_counted(whole), size=size)
        case Verdict.WITHIN:
            share = f"{one.shared[0].share_of_tile:.1%}"
            return say("lies inside {code} and is {share} of it", code=one.shared[0].tile, share=share)
        case Verdict.OUTSIDE:
            return say("{share} of it lies in no comprehensive grid", share=f"{one.beyond_m2 / one.area_m2:.0%}")
    said = []
    if parts:
        size = spoken_m2(one.cut_m2)
        said.append(say("cuts {codes}: {size} would change hands", codes=_counted(parts), size=size))
    if whole:
        said.append(say("holds {codes} whole", codes=_counted(whole)))
    if one.juts:
        said.append(say("{size} lie in no comprehensive grid", size=spoken_m2(one.beyond_m2)))
    return join("{one}; {other}", said)


def _counted(codes: Sequence[str]) -> str | Sentence:
    """The codes, or how many there are with the first of them."""
    if len(codes) <= 1:
        return codes[0]
    first = listed(codes[:MOST_CODES])
    if len(codes) > MOST_CODES:
        return say("{count} grids ({codes} …)", count=len(codes), codes=first)
    return say("{count} grids ({codes})", count=len(codes), codes=first)
