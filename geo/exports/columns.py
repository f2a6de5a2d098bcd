"""What a file says of an area besides its outline: names for machines, Chinese headings, and what they mean.

The headings are among those that an import finds by itself (importers.area_rows), also when a .dbf cuts them off
after ten bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.codes import AreaKind
from geo.exports.areas import ExportedArea

Cell = str | int | float | None

TITLES = {
    AreaKind.COUNTY: ("县区", "county"),
    AreaKind.TOWNSHIP: ("镇街", "townships"),
    AreaKind.VILLAGE: ("村社区", "villages"),
    AreaKind.COMPREHENSIVE: ("综合网格", "comprehensive grids"),
    AreaKind.SPECIALISED: ("专属网格", "specialised grids"),
}
"""What a layer of each kind is called, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is the attribute of ExportedArea, and the field of an import; `kind` is what cells hold."""

    name: str
    heading: str
    kind: type[str] | type[int] | type[float]
    meaning: tuple[str, str]

    def cell(self, area: ExportedArea) -> Cell:
        """Return what the column says of an area; a moment as ISO 8601."""
        value = getattr(area, self.name)
        return value.isoformat() if isinstance(value, datetime) else value


_COLUMNS = (
    Column("code", "编码", str, ("区划或网格的编码", "code of the area")),
    Column("name", "名称", str, ("区划或网格的名称", "name of the area")),
    Column("parent", "上级编码", str, ("所属上一级区划的编码", "code of the area above")),
    Column("households", "户数", int, ("户数，空为未知", "households counted, blank when unknown")),
    Column("domain", "领域", str, ("专属网格的领域", "what a specialised grid is for")),
    Column("area_m2", "面积", float, ("椭球面积，平方米", "ground on the ellipsoid, square metres")),
    Column("valid_from", "生效时间", str, ("此边界生效的时间，空为自始", "since when in force, blank for since ever")),
)


def columns_of(kind: AreaKind) -> tuple[Column, ...]:
    """Return the columns of a layer; only specialised grids have a domain."""
    return tuple(column for column in _COLUMNS if kind is AreaKind.SPECIALISED or column.name != "domain")


def all_columns() -> tuple[Column, ...]:
    """Return every column that some layer has."""
    return _COLUMNS


def cells_of(areas: Iterable[ExportedArea], columns: Sequence[Column]) -> list[list[Cell]]:
    """Return one row of cells for each area."""
    return [[column.cell(area) for column in columns] for area in areas]
