"""What the locator is meant to reach, as ratios of one run, and whether it does: judged here and nowhere by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.locate import CELLS, DRAWN_AND_ASKED, ONE, ONE_WHOLE, OURS, PREPARED, SELECT_1, Measured
from bench.peers import SJOIN, SJOIN_PREPARED


@dataclass(frozen=True)
class Aim:
    """A ratio that is to be at least, or else at most, what was wanted."""

    what: str
    where: str
    wanted: float
    reached: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.reached >= self.wanted if self.at_least else self.reached <= self.wanted

    @property
    def verdict(self) -> str:
        """Met or missed, and by how much of what was wanted.

        >>> Aim("", "", 40, 60, at_least=True).verdict, Aim("", "", 0.5, 0.4).verdict, Aim("", "", 2, 3).verdict
        ('met, 50 % better', 'met, 20 % better', '**missed by 50 %**')
        """
        away = abs(self.reached / self.wanted - 1.0)
        share = f"{100 * away:.0f} %"
        return f"met, {share} better" if self.met else f"**missed by {share}**"


def aims(found: Measured) -> Iterator[Aim]:
    """Every aim that this run can judge."""
    for key, wanted in (("county", 40.0), ("100k", 25.0)):
        if ground := found.grounds.get(key):
            yield Aim(
                "sjoin, prepared before ÷ ours", ground.name, wanted, ground.ratio(SJOIN_PREPARED, OURS), at_least=True
            )
    for key, wanted in (("county", 2.0), ("100k", 4.0)):
        if ground := found.grounds.get(key):
            yield Aim("ours ÷ cells alone", ground.name, wanted, ground.ratio(OURS, CELLS))
    for ground in found.grounds.values():
        yield Aim("drawing the index and placing ÷ sjoin", ground.name, 0.5, ground.ratio(DRAWN_AND_ASKED, SJOIN))
    if one := found.one:
        ours, whole = one[ONE].p50_us, one[ONE_WHOLE].p50_us
        yield Aim("one point: ours ÷ PostGIS prepared, p50", "county", 1 / 20, ours / one[PREPARED].p50_us)
        yield Aim("one point: ours ÷ `select 1`, p50", "county", 1.0, ours / one[SELECT_1].p50_us)
        yield Aim("one point, whole answer: ours ÷ `select 1`, p50", "county", 1.0, whole / one[SELECT_1].p50_us)
