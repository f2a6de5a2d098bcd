"""A row of the address list before anybody has looked in which village it lies."""

from dataclasses import dataclass

from shapefiles.mesh import Points

DOOR, LANE_DOOR, HOUSE, COMPOUND, BUILDING, UNIT, HAMLET = "门牌", "弄内门牌", "农房", "小区", "楼幢", "单元", "村组"
LANDMARKS = ("机关", "学校", "医院", "市场", "公园", "工地", "景区", "车站", "工厂", "商业", "桥梁", "村居")
"""Kinds of rows, as the column 类型 has them."""

PLENTIFUL = (DOOR, LANE_DOOR, HOUSE, BUILDING, UNIT)
"""Kinds of which a shorter list has fewer; it has all of the others."""


@dataclass(frozen=True)
class Draft:
    """A place with the pieces of its name. Village and township follow from the point, in metres of EPSG:4549."""

    kind: str
    point: Points
    road: str = ""
    number: str = ""
    compound: str = ""
    """A compound in town, a hamlet in the country."""
    building: str = ""
    landmark: str = ""
    aliases: tuple[str, ...] = ()
    says_village: bool = False
    """Whether the standard address names the village or community: where a road or a hamlet is known only within it."""
    line: int = -1
    """Number of the street along which it is numbered; -1 for none."""

    @property
    def tail(self) -> str:
        """The name after county, township and village."""
        middle = self.compound + self.number if self.kind == HOUSE else self.road + self.number + self.compound
        return middle + self.building + self.landmark
