"""Reads a question: which names of the list stand in it, which numbers belong to them, what is said beside."""

import re
from dataclasses import dataclass, field

from geo.addresses.answers import Piece
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.names import SHORTEST_NEAR, Hit
from geo.addresses.pieces import GENERIC, NO_DOOR, Door, Head, as_building, read_door
from geo.addresses.relations import Relation, find_relations
from geo.addresses.townships import Townships
from geo.addresses.writing import Written, write

_FIGURES = re.compile(r"(?<![\d.])\d+|[A-Z](?=座|幢|号楼)")
_ROAD_ENDS = re.compile(
    r"([一-鿿]{1,5}?(?:路|街|大道|公路|巷)(?:[东西南北中]?段|\d段)?)(?=\d|,|$|口|与|和|[东西南北]侧|附近|旁|对面|交)"
)
_VILLAGE_ENDS = re.compile(r"([一-鿿]{1,5}?(?:村|社区|居委会?))(?=[一-鿿\d])(?![村里路街弄大小])")
_OPENING = re.compile(
    r"(?:^|[,\d]|[在到是向往位于近和与跟及同从由至过住家报映]|[市县区省镇乡村里]|街道|社区|居委会?|[路街号弄巷幢座楼室])$"
)
_NUMERALS = frozenset("一二三四五六七八九十0123456789")
_SUFFIXED = re.compile(r"(?:镇|乡|街道|区|市|办事处|开发区|园区)$")
_TURNS = frozenset("东西南北中新老大小上下前后内外一二三四五六七八九十0123456789")
_BETWEEN = ("", ",", "的", "大约", "约", "边上", "旁边", "南侧", "北侧", "东侧", "西侧", "小区")
"""What may stand between a name and its number."""
_NAMED_AFTER = frozenset("路街村里巷桥大道")
"""What makes a township's bare name before it another name."""
_HEADS = tuple(Head)
_TAKEN = re.compile(r"[年月日时分点人个]")


@dataclass(slots=True)
class Mention:
    """A name in the question with what hangs on it. clean: nothing unexplained stands directly before it.
    turned: its slip is a word such as 东, 新 or 二, by which names differ on purpose; sibling: a number
    in the name of a quarter."""

    start: int
    end: int
    name: int
    how: str
    slips: int
    kind: Head
    door: Door = NO_DOOR
    door_span: tuple[int, int] | None = None
    ordered: bool = True
    clean: bool = True
    turned: bool = False
    sibling: bool = False
    areas: tuple[int, ...] = ()
    pieces: list[Piece] | None = None
    """Once asked for (see understanding.py)."""

    @property
    def key(self) -> tuple[int, int, int]:
        return self.start, self.end, self.name


@dataclass(slots=True)
class Reading:
    """What was understood of a question. heads: names of places, areas by kind beside them."""

    written: Written
    heads: list[Mention] = field(default_factory=list)
    townships: list[Mention] = field(default_factory=list)
    villages: list[Mention] = field(default_factory=list)
    counties: list[Mention] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    unknown_roads: list[tuple[int, int]] = field(default_factory=list)
    unknown_villages: list[tuple[int, int]] = field(default_factory=list)
    nearest: dict[tuple[int, int, int], list[int]] = field(default_factory=dict)
    """By mention, the places that were found to lie nearest to what else is named (see claims.py)."""
    pieces: dict[tuple[int, int, str], Piece] | None = None
    """Of the areas and relations, once asked for (see understanding.py)."""

    def areas_of(self, kind: Head) -> list[Mention]:
        """Return the list of the areas of a kind."""
        return {Head.TOWNSHIP: self.townships, Head.VILLAGE: self.villages, Head.COUNTY: self.counties}[kind]


class Reader:
    """Reads questions against one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.names = gazetteer.names
        values = gazetteer.values
        self.place_kind, self.name_place = values["place_kind"], values["name_place"]
        self.area_first, self.areas = values["name_area_first"], values["name_area"]
        self.area_kind = values["area_kind"]
        self.townships = Townships(gazetteer)

    def read(self, question: str) -> Reading:
        """Return what the question says."""
        written = write(question)
        text = written.text
        exact, homophones = self.names.find(text)
        exact = _outermost([hit for hit in exact if _is_name(hit, text)])
        hits = exact + _outermost([hit for hit in homophones if not _covered(hit, exact)])
        doors = _doors(text, hits)
        unknown = _unknown_roads(text, hits)
        villages = [match.span(1) for match in _VILLAGE_ENDS.finditer(text)]
        hits += self._near_villages(text, _unknown_villages(villages, hits))
        if unknown or not self._anchored(hits, doors):
            hits += self._near(text, hits, unknown)
            unknown = [span for span in unknown if not any(hit.end == span[1] for hit in hits)]
        if not any(Head.TOWNSHIP in self._areas(hit.name) for hit in hits):
            hits += self.townships.slips(text)
        reading = Reading(written, relations=find_relations(text), unknown_roads=unknown)
        reading.unknown_villages = _unknown_villages(villages, hits)
        ends = {hit.end for hit in hits}
        for hit in hits:
            clean = hit.start in ends or _opens(text, hit.start)
            self._file(reading, hit, text, clean)
        _hang(reading, doors)
        return reading

    def _near(self, text: str, hits: list[Hit], unknown: list[tuple[int, int]]) -> list[Hit]:
        """Look for names with a slip where no name was found."""
        free = [True] * len(text)
        for hit in hits:
            if not any(hit.start < end and start < hit.end for start, end in unknown):
                free[hit.start : hit.end] = [False] * (hit.end - hit.start)
        starts = [place for place in range(len(text) - 2) if free[place] and not text[place].isdigit()]
        found = [
            hit
            for hit in self.names.find_near(text, starts)
            if not _covered(hit, hits) and _sensible(hit, text, self.names.name(hit.name))
        ]
        exact_ends = {hit.end for hit in hits if hit.how == "exact" and hit.end - hit.start > 2}
        return [hit for hit in found if all(free[hit.start : hit.end]) or hit.end not in exact_ends or unknown][:40]

    def _near_villages(self, text: str, unknown: list[tuple[int, int]]) -> list[Hit]:
        """Look for a village with a slip where the text has a village that the list does not."""
        found: list[Hit] = []
        for start, end in unknown:
            near = self.names.find_near(text, range(start, max(start + 1, end - 2)))
            found += [hit for hit in near if hit.end == end and self._bears_village(hit.name)]
        return found[:10]

    def _bears_village(self, name: int) -> bool:
        return Head.VILLAGE in self._areas(name) or self._kind(name) is Head.VILLAGE

    def _anchored(self, hits: list[Hit], doors: list[tuple[int, int, Door]]) -> bool:
        """Tell whether a number hangs on a name, or a place without a number is named."""
        for hit in hits:
            kind = self._kind(hit.name)
            if kind in (Head.COMPOUND, Head.LANDMARK) or (
                kind is Head.ROAD and any(start == hit.end for start, _, _ in doors)
            ):
                return True
        return False

    def _kind(self, name: int) -> Head | None:
        first, last = self.name_place[name], self.name_place[name + 1]
        return _HEADS[self.place_kind[first]] if last > first else None

    def _areas(self, name: int) -> dict[Head, list[int]]:
        """Return the areas that bear a name, by their kind."""
        areas: dict[Head, list[int]] = {}
        for area in self.areas[self.area_first[name] : self.area_first[name + 1]]:
            kind = _HEADS[self.area_kind[area]] if area >= 0 else Head.COUNTY
            areas.setdefault(kind, []).append(area if area >= 0 else -1 - area)
        return areas

    def _file(self, reading: Reading, hit: Hit, text: str, clean: bool) -> None:
        """Put a name where it belongs: a township, a village, a county, or a place of the list."""
        areas, kind, name = self._areas(hit.name), self._kind(hit.name), self.names.name(hit.name)
        named_after = kind is Head.ROAD or text[hit.end : hit.end + 1] in _NAMED_AFTER
        if named_after and Head.TOWNSHIP in areas and not _SUFFIXED.search(name):
            del areas[Head.TOWNSHIP]  # 中山路 does not name 中山区, nor 斜土路 the 斜土路街道
        if kind is Head.VILLAGE:
            areas.setdefault(kind, [])
        for area_kind, numbers in areas.items():
            reading.areas_of(area_kind).append(Mention(*hit, area_kind, clean=clean, areas=tuple(numbers)))
        if kind is not None:
            head = Mention(*hit, kind, clean=clean)
            if hit.how == "typo":
                written = text[hit.start : hit.end]
                head.turned, head.sibling = _turned(name, written), _siblings(name, written)
            reading.heads.append(head)


def _turned(name: str, written: str) -> bool:
    """Tell whether two names differ by a word that tells names apart."""
    return any(sign in _TURNS for sign in set(name) ^ set(written))


def _siblings(name: str, written: str) -> bool:
    """Tell whether two names of quarters differ in their number alone: 崂山四村 and 崂山五村."""
    if len(name) != len(written):
        return False
    (differing,) = [pair for pair in zip(name, written, strict=True) if pair[0] != pair[1]] or [("", "")]
    return (
        name[-1] in "村区期苑坊" and len(name) > SHORTEST_NEAR and all(sign in _NUMERALS for sign in differing if sign)
    )


def _opens(text: str, place: int) -> bool:
    """Tell whether a name may begin at a place: what stands before it is explained, or ends something else."""
    return _OPENING.search(text[max(0, place - 3) : place]) is not None


def _covered(one: Hit, others: list[Hit]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others if other.how == "exact")


def _outermost(hits: list[Hit]) -> list[Hit]:
    """Keep the names that are part of no longer one, in their order."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not kept or hit.end > kept[-1].end or hit[:2] == kept[-1][:2]:
            kept.append(hit)
    return kept


def _is_name(hit: Hit, text: str) -> bool:
    """Tell whether what stands there can be a name: no number, no part of one, no mere kind of place."""
    written, before = text[hit.start : hit.end], text[hit.start - 1 : hit.start]
    return written not in GENERIC and not written.isdigit() and not (written[0].isdigit() and before.isdigit())


def _sensible(hit: Hit, text: str, name: str) -> bool:
    """A name with a slip ends as it should, or in a number: 人民路 for 人民88号, never for 人民村."""
    written = text[hit.start : hit.end]
    if any(sign in written for sign in ",与和") or any(sign.isdigit() for sign in written) != any(
        map(str.isdigit, name)
    ):
        return False
    if len(written) < SHORTEST_NEAR and not text[hit.end : hit.end + 1].isdigit():
        return False  # 公里 is no 公馆里
    if name[-1] == written[-1]:
        return name[0] == written[0] or hit.start == 0 or len(name) > 3 or _opens(text, hit.start)
    return name[:-1] == written and text[hit.end : hit.end + 1].isdigit()


def _doors(text: str, hits: list[Hit]) -> list[tuple[int, int, Door]]:
    """Return the numbers of the text that are part of no name."""
    doors: list[tuple[int, int, Door]] = []
    for match in _FIGURES.finditer(text):
        start = match.start()
        if (doors and start < doors[-1][1]) or any(hit.start <= start < hit.end for hit in hits if hit.how == "exact"):
            continue
        door, end = read_door(text, start)
        if door and not (text[end - 1].isdigit() and (end - start > 5 or _TAKEN.match(text, end))):
            doors.append((start, end, door))
    return doors


def _unknown_roads(text: str, hits: list[Hit]) -> list[tuple[int, int]]:
    """Return what looks like a road where no name of the list ends, or where one ends in mid-name."""
    found = []
    for match in _ROAD_ENDS.finditer(text):
        start, end = match.start(1), match.end(1)
        for hit in hits:
            if start < hit.end < end and hit.end < end - 1:
                start = hit.end
        ending = [hit for hit in hits if hit.end == end]
        unclean = all(hit.start > start and not _opens(text, hit.start) for hit in ending)
        if (not ending or unclean) and end - start > 1:
            found.append((start, end))
    return found


def _unknown_villages(villages: list[tuple[int, int]], hits: list[Hit]) -> list[tuple[int, int]]:
    """Return, of what looks like a village before something else, that where no name of the list ends."""
    return [(start, end) for start, end in villages if not any(hit.end == end for hit in hits)
            and not any(hit.start < end < hit.end for hit in hits if hit.how == "exact")]  # fmt: skip


def _hang(reading: Reading, doors: list[tuple[int, int, Door]]) -> None:
    """Give each number to the name that it stands behind; what is left, to the nearest name that lacks one."""
    heads = [head for head in reading.heads if head.kind is not Head.TOWNSHIP]
    text = reading.written.text
    free = list(doors)
    for head in heads:
        for start, end, door in doors:
            if start >= head.end and text[head.end : start] in _BETWEEN:
                head.door, head.door_span = door, (start, end)
                free = [each for each in free if each[0] != start]
    taken = {end for _, end in reading.unknown_roads}
    for start, end, door in free:
        if not text[end - 1].isdigit() and start not in taken:  # a bare figure may be three lamps or the second call
            _hang_loose(heads, start, end, door)
    for head in heads:
        if head.kind is not Head.ROAD:
            head.door = as_building(head.door)


def _hang_loose(heads: list[Mention], start: int, end: int, door: Door) -> None:
    """Give a number that stands behind no name to the nearest that lacks one, of the kind that such numbers have."""
    wanted = Head.ROAD if door.number else Head.COMPOUND
    lacking = [head for head in heads if not head.door and head.kind is wanted]
    lacking = lacking or [head for head in heads if not head.door and head.kind in (Head.COMPOUND, Head.VILLAGE)]
    if lacking:
        nearest = min(lacking, key=lambda head: min(abs(head.start - end), abs(start - head.end)))
        for head in lacking:
            if head.start == nearest.start:
                head.door, head.door_span, head.ordered = door, (start, end), start >= head.end


def places_of(gazetteer: Gazetteer, name: int) -> range:
    """Return the places that bear a name."""
    first = gazetteer.values["name_place"]
    return range(first[name], first[name + 1])
