"""The pieces of an address that show by their form alone: numbers, roads, villages, compounds, relations.

Used twice: to split a name of the list whose row has no columns, and to read what a question says beside the names
that the list knows. Texts here are already in the one way of writing (see writing.py).
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

LETTERS = {**{sign: place for place, sign in enumerate("甲乙丙丁戊己庚辛壬癸", 1)},
           **{chr(65 + place): place + 1 for place in range(26)}}  # fmt: skip
LETTERED = 10_000
"""Added to a letter's place, so that 88号甲 and 88-1号 stay two."""

_ROAD = r"(?:路|街|大道|公路|胡同|高架|道|巷|弄|线|段)"
_DOOR = re.compile(
    r"(?P<before>[甲乙丙丁戊己](?=\d))?(?P<number>\d{1,5})(?:-(?P<sub>\d{1,4}))?(?P<letter>[A-Z甲乙丙丁戊己])?"
    r"(?P<mark>号楼(?![下上里前后梯道顶房层板体面外])|号院|号|支弄|弄|支巷|巷|幢|座|楼|层|单元|室|组|队|邻)?"
    r"(?:(?<=号)(?P<after>[甲乙丙丁戊己A-Z](?![座幢])|-\d{1,4}(?!\d)))?"
)
_LETTER_BUILDING = re.compile(r"(?P<letter>[A-Z])(?P<mark>号楼|幢|座|楼)")
_FIGURE = re.compile(r"[甲乙丙丁戊己]?\d+|[A-Z](?=座|幢|号楼)")
_NO_DOOR = re.compile(
    r"\d+(?:\.\d+)?(?:公里|公尺|米|厘米|千米|KM|K|M(?![A-Z])|线|路|街|村|道|[县乡]道|\.\d|年|月|日|点|时|分|人|个|辆|次|元|天|盏|棵|处|块|张|只|条|台|部|户|把|家|名|位|岁|斤|吨|平|年|万|点)"
)
_TOWNSHIP = re.compile(
    r"^(?:.{2,8}?(?:省|市|自治区))?(?:.{1,6}?(?:市|县|区))?(.{1,7}?(?:街道|镇|乡))(?![路街村里道桥弄大]|[一二三四五六七八九十]村)(?=.)"
)
_VILLAGE = re.compile(
    r"^(.{1,7}?(?:居委会|居委|社区|村委会|村))(?=.)(?!村|会|委|居委|居民|党|卫生|服务|活动|文化|宅$|路|街|弄|大道|公路|公寓|小区|花园)"
)
_GROUP = re.compile(r"^(.{1,7}?(?:队|组))(?=.)(?!宅$)")
_COMPOUND_VILLAGE = re.compile(r"(?:[一二三四五六七八九十\d]|新)村$")
_COMPOUND = re.compile(
    r"(?:小区|花园|花苑|家园|公寓|新苑|名苑|雅苑|佳苑|苑|新村|别墅|名邸|公馆|华庭|豪庭|嘉园|庭|园|城|湾|里|坊|府|邸|墅|居)$"
)

GENERIC = frozenset((
    "小区", "花园", "新村", "公寓", "社区", "大楼", "大厦", "广场", "市场", "学校", "小学", "中学", "医院", "工地",
    "宿舍", "门卫", "生活区", "工地生活区", "大道", "公路", "支路", "居委会",
))  # fmt: skip
"""Words that name a kind of place and no place, though a list may have them as names."""


class Head(IntEnum):
    """What kind of thing a name names."""

    ROAD = 0
    COMPOUND = 1
    LANDMARK = 2
    VILLAGE = 3
    TOWNSHIP = 4
    COUNTY = 5


class Door(NamedTuple):
    """A number as it stands behind a name; 0 is what is not said.

    lane: whether `number` is of a lane (弄, 巷). inner: the number within the lane. sub: what follows the number, as in
    88-2号 or 88号乙 (LETTERED + 2). building: 幢, 座, 号楼; letters as LETTERED + place. unit: 单元.
    """

    number: int = 0
    lane: bool = False
    sub: int = 0
    inner: int = 0
    building: int = 0
    unit: int = 0

    def __bool__(self) -> bool:
        return bool(self.number or self.building)


NO_DOOR = Door()
_BUILDINGS = ("幢", "座", "号楼")


def read_door(text: str, start: int) -> tuple[Door, int]:
    """Read the numbers that stand at `start`, and return them with where they end: (NO_DOOR, start) for none.

    >>> read_door("88号3幢2单元", 0) == (Door(number=88, building=3, unit=2), 8)
    True
    >>> read_door("1177弄9支弄", 0)[0] == Door(number=1177, lane=True, inner=9)
    True
    """
    door, place = NO_DOOR, start
    while True:
        found = None if _NO_DOOR.match(text, place) else _DOOR.match(text, place) or _LETTER_BUILDING.match(text, place)
        longer = None if found is None else _with(door, found, first=place == start)
        if found is None or longer is None:
            return (door, place) if place > start else (NO_DOOR, start)
        door, place = longer, found.end()


def _with(door: Door, found: re.Match[str], first: bool) -> Door | None:
    """Return the door with one more number, None where that belongs to something else."""
    parts = found.groupdict()
    mark, figure, letter = parts["mark"], int(parts.get("number") or 0), parts.get("letter")
    if mark in ("组", "队", "邻"):
        return None
    if mark in _BUILDINGS or (mark == "楼" and not door):
        return None if door.building else door._replace(building=figure or LETTERED + LETTERS[letter or "A"])
    if mark == "单元":
        return door._replace(unit=figure)
    if mark in ("室", "楼", "层") or (door.building and mark in ("号", None)):
        return door
    if not door.number:
        sub = _sub(parts.get("sub"), letter or parts.get("before"), parts.get("after"))
        return door._replace(number=figure, lane=mark in ("弄", "巷"), sub=sub) if mark or first else None
    return _behind(door, mark, figure)


def _behind(door: Door, mark: str | None, figure: int) -> Door | None:
    """Return the door with a number behind the first: within a lane, or a building."""
    if door.lane and not door.inner and mark:
        return door._replace(inner=figure)
    return door._replace(building=figure) if mark in ("号", "号院") and not door.building and not door.lane else None


def _sub(sub: str | None, letter: str | None, after: str | None) -> int:
    if after:
        return int(after[1:]) if after[0] == "-" else LETTERED + LETTERS[after]
    return LETTERED + LETTERS[letter] if letter else int(sub or 0)


def as_building(door: Door) -> Door:
    """Read the number behind a compound's name as its building: 阳光花园3号 is its third."""
    if door.building or door.lane or not door.number:
        return door
    return Door(0, False, 0, 0, door.number, door.unit)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name of the list says. `head` bears the door; `also` is a second name behind it, as the compound in
    白田中路88号阳光花园3幢. An empty head: the name is a township's or village's own.
    """

    township: str
    village: str
    groups: tuple[str, ...]
    head: str
    kind: Head
    door: Door
    also: str = ""
    also_door: Door = NO_DOOR


def kind_of(name: str) -> Head:
    """Tell what a name names by its end."""
    if re.search(f"{_ROAD}$", name) and not name.endswith("社区"):
        return Head.ROAD
    if re.search(r"(?:村|社区)$", name):
        return Head.COMPOUND if _COMPOUND_VILLAGE.search(name) else Head.VILLAGE
    return Head.COMPOUND if _COMPOUND.search(name) else Head.LANDMARK


def split_name(text: str, townships: frozenset[str] = frozenset()) -> Named:
    """Split a name of the list, in the one way of writing, into its pieces by their form.

    `townships`: the names that are known, which settle what the form leaves open.
    """
    township, text = _township(text, townships)
    village = ""
    if (found := _VILLAGE.match(text)) and not (_COMPOUND_VILLAGE.search(found[1]) and text[found.end()].isdigit()):
        village, text = found[1], text[found.end() :]
    groups = []
    while (found := _GROUP.match(text)) and not text[found.end() :][:1].isdigit():
        groups.append(found[1])
        text = text[found.end() :]
    head, door, rest = _head(text)
    also, also_door, more = _head(rest)
    if not head and groups:
        head = groups.pop()
    kind = kind_of(head) if head else Head.VILLAGE
    return Named(township, village, tuple(groups), head, kind, door, also + more, also_door)


def _township(text: str, townships: frozenset[str]) -> tuple[str, str]:
    """Take a township, with the county before it, from the beginning."""
    for length in range(min(9, len(text) - 1), 1, -1):
        if text[:length] in townships and text[length] not in "路街":
            return text[:length], text[length:]
    if found := _TOWNSHIP.match(text):
        return found[1], text[found.end() :]
    return "", text


def _head(text: str) -> tuple[str, Door, str]:
    """Split into the name before the first number, the number, and what follows it."""
    for found in _FIGURE.finditer(text):
        if found.start() == 0:
            continue
        door, end = read_door(text, found.start())
        if door and (end > found.end() or end == len(text)):
            return text[: found.start()], door, text[end:]
    return text, NO_DOOR, ""
