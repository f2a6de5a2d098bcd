"""Rows of an address list: which headings they go by, and how a chunk of them becomes addresses or faults.

Coordinates change their datum for a whole chunk at once; one by one a million rows would take a minute more.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geo.address_loading import NewAddress
from geo.addresses.answers import AddressRow
from geo.crs import Datum, DatumError, check_coordinates, coordinates_usable, parse_datum, to_wgs84
from geo.sentences import Sentence, say
from importers.cells import LONGEST_TEXT, text_of, too_long
from importers.columns import Matched, Wanted
from importers.tables import Row
from importers.values import BadValue, DecimalSign, is_blank, parse_number

FIELDS = (
    Wanted("name", ("标准地址", "标准地址名称", "地址名称", "名称", "地名", "地址", "详细地址", "address", "DZMC"),
           required=True),
    Wanted("aliases", ("别名", "又名", "曾用名", "俗称", "简称", "alias", "BM")),
    Wanted("kind", ("类型", "类别", "地址类型", "地名类别", "type", "LX", "LB")),
    Wanted("road", ("道路", "路名", "道路名称", "街路巷", "街路巷名称", "street", "JLX", "DL")),
    Wanted("number", ("门牌号", "门牌", "门牌号码", "门楼牌号", "house number", "MPH")),
    Wanted("compound", ("小区", "小区名称", "院落", "estate", "XQ", "XQMC")),
    Wanted("building", ("楼栋", "幢", "楼幢", "栋", "楼栋号", "幢号", "楼号", "LD", "LDH")),
    Wanted("village", ("村社区", "村居", "社区", "村", "社区村", "行政村", "社区名称", "community", "CSQ", "SQMC")),
    Wanted("township", ("镇街", "乡镇街道", "镇街道", "乡镇", "街道", "街镇", "所属镇街", "town", "ZJ", "XZJD")),
    Wanted("lon", ("经度", "經度", "X坐标", "坐标X", "longitude", "lng", "x", "JD"), required=True),
    Wanted("lat", ("纬度", "緯度", "Y坐标", "坐标Y", "latitude", "y", "WD"), required=True),
    Wanted("datum", ("坐标系", "坐标系统", "坐标类型", "crs", "ZBX")),
)  # fmt: skip
"""What an address list may hold."""

TEXTS = ("name", "kind", "road", "number", "compound", "building", "village", "township")
_BETWEEN_ALIASES = re.compile(r"[;；、|｜\n]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Fault = tuple[str | None, str, Sentence]
"""What is wrong with a row: field, code and sentence."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no address, and everything that is wrong with it: field, code and sentence."""

    row: Row
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row whose texts are read and whose numbers are not yet a place."""

    row: Row
    texts: dict[str, str]
    aliases: tuple[str, ...]
    x: float
    y: float
    datum: Datum


class AddressReader:
    """Reads the rows of one file. `datum` is that of rows which name none."""

    def __init__(self, matched: Matched, *, datum: Datum, decimal: DecimalSign | None) -> None:
        self._headings = matched.mapping
        self._datum = datum
        self._decimal = decimal

    def read(self, rows: Iterable[Row]) -> Iterator[NewAddress | Rejected]:
        """Each row as an address, or everything that is wrong with it; those of one datum come together."""
        drafts: dict[Datum, list[_Draft]] = {}
        for row in rows:
            draft = self._draft(row)
            if isinstance(draft, Rejected):
                yield draft
            else:
                drafts.setdefault(draft.datum, []).append(draft)
        for datum, alike in drafts.items():
            yield from _placed(alike, datum)

    def _draft(self, row: Row) -> _Draft | Rejected:
        cells = {name: row.cells[heading] for name, heading in self._headings.items()}
        faults: list[Fault] = [(None, each.code, each.message) for each in row.problems if each.blocks]
        texts = {name: tidy(cells[name]) for name in TEXTS if name in cells}
        too_much = {name: text for name, text in texts.items() if len(text) > LONGEST_TEXT}
        faults += [(name, "too-long", too_long(text, LONGEST_TEXT)) for name, text in too_much.items()]
        if not texts["name"]:
            faults.append(("name", "empty", say("empty: nothing could be found by it")))
        numbers = [self._number(name, cells[name], faults) for name in ("lon", "lat")]
        datum = self._datum_of(cells.get("datum", ""), faults)
        if faults:
            return Rejected(row, tuple(faults))
        return _Draft(row, texts, split_aliases(cells.get("aliases", ""), texts["name"]), numbers[0], numbers[1], datum)

    def _number(self, name: str, cell: str, faults: list[Fault]) -> float:
        if _PLAIN_NUMBER.fullmatch(cell):
            return float(cell)
        try:
            number = parse_number(cell, decimal=self._decimal)
        except BadValue as bad:
            faults.append((name, bad.code, bad.sentence))
            return float("nan")
        if number is None:
            faults.append((name, "empty", say("empty: an address without a point cannot be found on a map")))
            return float("nan")
        return number

    def _datum_of(self, cell: str, faults: list[Fault]) -> Datum:
        if is_blank(cell):
            return self._datum
        try:
            return parse_datum(cell)
        except DatumError as error:
            faults.append(("datum", "unknown-datum", error.sentence))
            return self._datum


def split_aliases(cell: str, name: str) -> tuple[str, ...]:
    """The names between ; ； 、 and |, each once, without the name itself.

    >>> split_aliases("老供销社； 供销社、老供销社", "安宜供销社")
    ('老供销社', '供销社')
    """
    found = dict.fromkeys(tidy(each) for each in _BETWEEN_ALIASES.split(cell)) if cell else {}
    return tuple(each for each in found if each and each != name and len(each) <= LONGEST_TEXT)


def tidy(cell: str) -> str:
    """The cell with single spaces and without characters that no database keeps; nothing where it says it is blank."""
    plain = " ".join((cell if cell.isprintable() else text_of(cell)).split())
    return "" if len(plain) < 5 and is_blank(plain) else plain


def _placed(drafts: Sequence[_Draft], datum: Datum) -> Iterator[NewAddress | Rejected]:
    x, y = np.array([one.x for one in drafts]), np.array([one.y for one in drafts])
    usable = coordinates_usable(x, y, datum)
    lon, lat = to_wgs84(np.where(usable, x, np.nan), np.where(usable, y, np.nan), datum)
    for draft, east, north in zip(drafts, lon.tolist(), lat.tolist(), strict=True):
        if east != east or north != north:
            yield Rejected(draft.row, (_unusable(draft),))
        else:
            yield _address(draft, east, north)


def _address(draft: _Draft, lon: float, lat: float) -> NewAddress:
    place = AddressRow(0, lon=lon, lat=lat, aliases=draft.aliases, **draft.texts)
    return NewAddress(draft.row.number, place, draft.x, draft.y, draft.datum.name)


def _unusable(draft: _Draft) -> Fault:
    problem = check_coordinates(draft.x, draft.y, draft.datum)
    if problem is None:
        said = say("{x}, {y} is no place in {datum}.", x=draft.x, y=draft.y, datum=draft.datum.name)
        return "lon", "out-of-range", said
    return "lon", problem.code, problem.message
