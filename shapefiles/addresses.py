"""The county's standard address list (标准地址库): streets with numbered doors, lanes, compounds, landmarks, hamlets.

Drawn from streams of its own: with or without it, the other files stay the same to the byte. A shorter list has all
streets, compounds, landmarks and hamlets of a longer one, and some of its doors, buildings and houses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely import LineString, STRtree

from geo.crs import from_wgs84, to_wgs84
from shapefiles.address_compounds import draft_compounds
from shapefiles.address_drafts import PLENTIFUL, Draft
from shapefiles.address_landmarks import draft_landmarks
from shapefiles.address_streets import crossings, draft_doors, draft_lanes, name_streets, number_doors
from shapefiles.address_villages import draft_community_roads, draft_villages
from shapefiles.chance import Rng, stream
from shapefiles.county import County, Village
from shapefiles.layers import SURVEY
from shapefiles.mesh import Points
from shapefiles.names import COUNTY
from shapefiles.overlays import SpecialisedGrid
from shapefiles.places import Places
from shapefiles.tables import write_csv

COMPOUNDS = 900
DATUM = "gcj02"
HEADINGS = ("标准地址", "别名", "类型", "道路", "门牌号", "小区", "楼栋", "村社区", "镇街", "经度", "纬度")
BARE_ROWS, PATCHY_CELLS = 0.12, 0.08
"""Share of rows that give nothing but name and point, and in the others the share of blank cells."""


@dataclass(frozen=True)
class Address:
    """One row of the list and the truth behind it."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    road: str
    number: str
    compound: str
    building: str
    landmark: str
    village: str
    township: str
    grid: str
    """Code of the comprehensive grid in which it lies."""
    lon: float
    lat: float
    """WGS-84."""
    line: int
    """Number of the street in `AddressBook.streets` along which it is numbered; -1 for none."""


@dataclass(frozen=True)
class Crossing:
    """Where two streets cross."""

    one: str
    two: str
    township: str
    lon: float
    lat: float


@dataclass(frozen=True)
class AddressBook:
    """The whole list, and what only its makers know. `shorter` gives the rows of a list that is sent."""

    addresses: tuple[Address, ...]
    """In the order in which they would come into a growing list."""
    streets: tuple[LineString, ...]
    """In metres of EPSG:4549."""
    crossings: tuple[Crossing, ...]

    def shorter(self, count: int) -> list[Address]:
        """Return `count` rows, in the order of their names. Raises ValueError when there are not so many."""
        if count > len(self.addresses):
            raise ValueError(f"the county has {len(self.addresses)} addresses, not {count}")
        return sorted(self.addresses[:count], key=lambda address: address.name)


def found_addresses(county: County, specialised: Sequence[SpecialisedGrid], places: Places, seed: int) -> AddressBook:
    """Return every address of the county of this seed; about 120,000."""
    streets = name_streets(county, stream(seed, "street names"))
    doors = number_doors(streets, county, stream(seed, "doors"))
    tree = STRtree([grid.outline for grid in county.grids])
    drafts = [
        *draft_landmarks(county, specialised, streets, doors, stream(seed, "landmarks")),
        *draft_villages(places, stream(seed, "hamlets")),
        *draft_compounds(streets, doors, COMPOUNDS, stream(seed, "compounds")),
        *draft_doors(streets, doors, stream(seed, "more doors")),
        *draft_lanes(streets, doors, county, stream(seed, "lanes")),
        *draft_community_roads(places, stream(seed, "community roads")),
    ]
    addresses = _growing(_place(drafts, county, tree), stream(seed, "growing list"))
    lines = tuple(street.line for street in streets)
    meetings = [(streets[one].name, streets[two].name, point) for one, two, point in crossings(streets)]
    return AddressBook(tuple(addresses), lines, tuple(_crossings(meetings, county, tree)))


def write_addresses(path: Path, addresses: Sequence[Address], seed: int) -> None:
    """Write the list as the office sends it: GB18030, GCJ-02, several aliases with ; between, cells left blank."""
    rng = stream(seed, "address cells")
    x, y = from_wgs84(np.array([one.lon for one in addresses]), np.array([one.lat for one in addresses]), DATUM)
    rows = (_row(one, at_x, at_y, rng) for one, at_x, at_y in zip(addresses, x.tolist(), y.tolist(), strict=True))
    write_csv(path, HEADINGS, rows, encoding="gb18030")


def _row(one: Address, x: float, y: float, rng: Rng) -> list[str]:
    pieces = (one.kind, one.road, one.number, one.compound, one.building, one.village, one.township)
    told = (rng.random(len(pieces)) >= PATCHY_CELLS) & (rng.random() >= BARE_ROWS)
    cells = [piece if keep else "" for piece, keep in zip(pieces, told.tolist(), strict=True)]
    return [one.name, ";".join(one.aliases), *cells, f"{x:.6f}", f"{y:.6f}"]


def _place(drafts: Sequence[Draft], county: County, tree: STRtree) -> Iterator[Address]:
    """Yield the drafts that lie in the county, with village, township and grid; of equal names the first."""
    villages = {village.code: village for village in county.villages}
    townships = {township.code: township.name for township in county.townships}
    points = np.round([draft.point for draft in drafts], 3)
    lonlat = np.round(np.column_stack(to_wgs84(points[:, 0], points[:, 1], SURVEY)), 8).tolist()
    seen: set[str] = set()
    for draft, number, (lon, lat) in zip(drafts, _covering(points, tree), lonlat, strict=True):
        if number < 0:
            continue
        grid = county.grids[number]
        address = _address(draft, villages[grid.parent], townships, grid.code, lon, lat)
        if address.name not in seen:
            seen.add(address.name)
            yield address


def _covering(points: Points, tree: STRtree) -> list[int]:
    """Return the number of the first grid that covers each point, or -1."""
    at, grid = tree.query(shapely.points(points), predicate="intersects")
    found = np.full(len(points), len(tree.geometries))
    np.minimum.at(found, at, grid)
    return np.where(found == len(tree.geometries), -1, found).tolist()


def _address(draft: Draft, village: Village, townships: dict[str, str], grid: str, lon: float, lat: float) -> Address:
    township = townships[village.parent]
    within = township + village.name if draft.says_village else township
    aliases = draft.aliases
    if draft.landmark and draft.road:
        aliases = (draft.landmark, *aliases)
    if draft.says_village:
        aliases = tuple(village.name + alias for alias in aliases)
    return Address(
        f"{COUNTY}{within}{draft.tail}", aliases, draft.kind, draft.road, draft.number, draft.compound, draft.building,
        draft.landmark, village.name, township, grid, lon, lat, draft.line,
    )  # fmt: skip


def _growing(addresses: Iterator[Address], rng: Rng) -> list[Address]:
    """Put what every list has first, and shuffle the rest."""
    few, many = list[Address](), list[Address]()
    for address in addresses:
        (many if address.kind in PLENTIFUL else few).append(address)
    return [*few, *(many[number] for number in rng.permutation(len(many)).tolist())]


def _crossings(meetings: Sequence[tuple[str, str, Points]], county: County, tree: STRtree) -> Iterator[Crossing]:
    points = np.array([point for *_, point in meetings])
    lon, lat = to_wgs84(points[:, 0], points[:, 1], SURVEY)
    townships = {township.code: township.name for township in county.townships}
    for (one, two, _), number, x, y in zip(meetings, _covering(points, tree), lon.tolist(), lat.tolist(), strict=True):
        if number >= 0:
            yield Crossing(one, two, townships[county.grids[number].parent[:9]], x, y)
