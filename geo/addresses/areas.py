"""Townships and villages known by name, with where they are."""

import re
from dataclasses import dataclass

from geo.addresses.writing import plain

_TOWNSHIP_END = re.compile(r"(?:街道办事处|街道|镇|乡|区|市)$")
_VILLAGE_END = re.compile(r"(?:村村民委员会|社区居民委员会|村民委员会|居民委员会|村委会|居委会|社区|村|里|居委)$")


@dataclass(frozen=True, slots=True)
class AreaName:
    """A township or village as the gazetteer knows it. radius_m: the extent, from the middle to the farthest border.

    township: the name of the one that a village lies in. county: what tells two townships of one name apart, "" where
    all lie in one county.
    """

    code: str
    name: str
    lon: float
    lat: float
    radius_m: float
    township: str = ""
    county: str = ""
    aliases: tuple[str, ...] = ()


def township_names(area: AreaName) -> set[str]:
    """Return what a township is called, in the one way of writing: 安宜镇, 安宜镇人民政府, and 安宜 for short."""
    names = {plain(name) for name in (area.name, *area.aliases)}
    stems = {_TOWNSHIP_END.sub("", name) for name in names}
    return names | {stem for stem in stems if len(stem) > 1}


def village_names(area: AreaName) -> set[str]:
    """Return what a village is called: one that became a community keeps its old name in people's mouths."""
    names = {plain(name) for name in (area.name, *area.aliases)}
    stems = {_VILLAGE_END.sub("", name) for name in names}
    ends = ("村", "社区", "居委会", "村委会", "里") if not plain(area.name).endswith("里") else ("里", "村", "社区")
    return names | {stem + end for stem in stems if stem for end in ends if len(stem + end) > 2 or stem + end in names}
