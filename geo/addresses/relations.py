"""Words that say where a place is from another one: across, beside, fifty metres east, where two roads cross."""

import math
import re
from dataclasses import dataclass

_BEARINGS = {"北": 0, "东北": 45, "东": 90, "东南": 135, "南": 180, "西南": 225, "西": 270, "西北": 315}
_OFFSET = re.compile(
    r"(?:往|向|朝|以|偏)?(东北|东南|西北|西南|东|西|南|北)(?:侧|面|边|方向|方|行|走)*(?:约|大约|大概|近)?(\d{1,4})(?:多)?(?:米|公尺|M)"
)
_FAR = re.compile(
    r"(?:往|向|朝)?(东北|东南|西北|西南|东|西|南|北)(?:侧|面|边)?(?:约|大约)?(\d{1,2}(?:\.\d)?)(?:公里|千米|KM)"
)
_MEASURES = frozenset("米公M")
"""One of these is in what any measure is said in."""
_OPPOSITE = re.compile(r"斜对面|对面|对过|正对面")
_BESIDE = re.compile(r"旁边|隔壁|附近|边上|周边|旁")
_CROSSING = re.compile(
    r"(?:的)?(?:交叉路?口|十字路口|丁字路口|三岔路口|交叉路?处?|交汇处?口?|交界[处口]?|路口|转角|拐角|口)"
)
_JOINED = re.compile(r"[与和跟及同,、-]{1,2}|靠近|近")
_STONE = re.compile(r"(\d{1,3}(?:\.\d+)?)公里(?:(?:又|\+)?(\d{1,3}(?:\.\d+)?)(?:公尺|米))?")


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation in the text. kind: offset, opposite, beside, crossing or stone (a kilometre along a highway)."""

    kind: str
    start: int
    end: int
    east_m: float = 0.0
    north_m: float = 0.0


def find_relations(text: str) -> list[Relation]:
    """Return the relations that stand in a text, in its one way of writing.

    >>> [(each.kind, round(each.east_m), round(each.north_m)) for each in find_relations("小学往东50米对面")]
    [('offset', 50, 0), ('opposite', 0, 0)]
    """
    found: list[Relation] = []
    patterns = [("opposite", _OPPOSITE), ("beside", _BESIDE)]
    if not _MEASURES.isdisjoint(text):
        found += [_offset(match, 1.0) for match in _OFFSET.finditer(text)]
        found += [_offset(match, 1000.0) for match in _FAR.finditer(text)]
        patterns.append(("stone", _STONE))
    for kind, pattern in patterns:
        found += [Relation(kind, match.start(), match.end()) for match in pattern.finditer(text)]
    return [each for each in found if not any(_within(each, other) for other in found)]


def _within(one: Relation, other: Relation) -> bool:
    return one is not other and other.start <= one.start and one.end <= other.end and one.kind != other.kind


def _offset(match: re.Match[str], unit: float) -> Relation:
    bearing, away = math.radians(_BEARINGS[match[1]]), float(match[2]) * unit
    return Relation("offset", match.start(), match.end(), math.sin(bearing) * away, math.cos(bearing) * away)


def crossing(text: str, one_end: int, other_start: int, other_end: int) -> int | None:
    """Return where the words end that make two roads' names a crossing, or None where they do not.

    The names must be joined (与, 和 or a mark, or nothing between) and, unless joined so, followed by 交叉口 or 路口.
    """
    between = text[one_end:other_start]
    after = _CROSSING.match(text, other_end)
    bare = _CROSSING.sub("", between)
    if after and (not bare or _JOINED.fullmatch(bare)):
        return after.end()
    return other_end if bare and _JOINED.fullmatch(bare) else None
