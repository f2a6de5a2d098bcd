"""Texts as operators type them, made from addresses of the list by a seeded generator that knows the truth of each.

It shares no code with the matcher: its homophones, typing errors and ways of saying numbers are its own. Every text
keeps where the place is, in which grids a right answer may lie, what was done to it and how exact an answer can be.
Where not even a person who knows every address could say which of several places is meant (see knowable.py), the text
is marked: it should be handed to a person.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from bench import disturbance_words as words
from bench.disturbance_places import Ground, Where
from bench.knowable import FIELDS, County, Said
from shapefiles.address_drafts import BUILDING, DOOR, HAMLET, HOUSE, UNIT
from shapefiles.addresses import Address, AddressBook
from shapefiles.names import COUNTY

QUERIES = 5_000
HELD_OUT = 600
"""Doors that are taken from the list though their neighbours on both sides stay in it."""


@dataclass(frozen=True)
class Query:
    """One text with its truth."""

    text: str
    lon: float
    lat: float
    grids: frozenset[str]
    """The grids in which a right answer may lie: one, but where a crossing's corners are in several."""
    disturbances: tuple[str, ...]
    """The first names the class."""
    accuracy: str
    """How exact the best possible answer is, as `Accuracy` of geo.addresses has it."""
    ambiguous: bool
    address: str
    """Name of the row in the list (or held out of it) that is meant."""


@dataclass
class Draft:
    """A text in the making: what is said, how each piece is written, and in which order."""

    address: Address
    said: Said
    written: dict[str, str]
    order: list[str]
    done: list[str]
    where: Where
    rivals: dict[str, list[str]] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    county: str = ""

    def drop(self, *pieces: str) -> None:
        """Leave pieces out."""
        self.said = replace(self.said, **dict.fromkeys(pieces, ""))
        self.order = [piece for piece in self.order if piece not in pieces]

    def body(self) -> str:
        """The address as it is written."""
        return self.before + self.county + "".join(self.written[piece] for piece in self.order) + self.after


class Unfit(Exception):
    """This disturbance cannot be done to this address."""


Disturb = Callable[[Draft, "Disturber"], None]


class Disturber:
    """Makes queries from one county's addresses; the same seed gives the same ones."""

    def __init__(self, book: AddressBook, ground: Ground, seed: int = 20261031) -> None:
        self.book, self.ground, self.chance, self.county = book, ground, Random(seed), County(book.addresses)

    def hold_out(self, count: int = HELD_OUT) -> list[Address]:
        """Doors between two known numbers of their side, with which no other address shares its number."""
        sides: dict[tuple[str, str, int], list[tuple[int, Address]]] = {}
        shared: dict[tuple[str, str, str], int] = {}
        for one in self.book.addresses:
            shared[one.township, one.road, one.number] = shared.get((one.township, one.road, one.number), 0) + 1
            if one.kind == DOOR and re.fullmatch(r"\d+号", one.number):
                number = int(one.number[:-1])
                sides.setdefault((_road_of(one), one.township, number % 2), []).append((number, one))
        between = []
        for doors in sides.values():
            doors.sort(key=lambda door: door[0])
            near = (mid for low, mid, high in zip(doors, doors[1:], doors[2:], strict=False) if high[0] - low[0] <= 16)
            between += [one for _, one in near if shared[one.township, one.road, one.number] == 1]
        between.sort(key=lambda one: one.name)
        return self.chance.sample(between, count)

    def queries(self, listed: Sequence[Address], held_out: Sequence[Address], count: int = QUERIES) -> list[Query]:
        """As many texts as asked for, every class of disturbance as often as the others."""
        by_kind: dict[str, list[Address]] = {}
        for one in listed:
            by_kind.setdefault(_sort_of(one), []).append(one)
        found: list[Query] = []
        while len(found) < count:
            name = CLASSES[len(found) % len(CLASSES)]
            query = self._try(name, by_kind, held_out)
            if query is not None:
                found.append(query)
        return found

    def _try(self, name: str, by_kind: dict[str, list[Address]], held_out: Sequence[Address]) -> Query | None:
        if name == "crossing":
            return self._crossing()
        sort = self.chance.choices(list(SORTS), list(SORTS.values()))[0]
        draft = self._draft(self.chance.choice(held_out if name == "interpolated" else by_kind[sort]))
        chosen = [DISTURBANCES[name]] if name in DISTURBANCES else []
        if name == "several":
            chosen = [DISTURBANCES[each] for each in self.chance.sample(COMBINED, self.chance.choice((2, 2, 3)))]
        try:
            for disturb in sorted(chosen, key=lambda each: _LATE.get(each, 0)):
                disturb(draft, self)
        except Unfit:
            return None
        draft.done.insert(0, name)
        return self._finish(draft)

    def _draft(self, one: Address) -> Draft:
        """The address as somebody says it who makes no mistake."""
        chance = self.chance
        said = Said(one.township, one.village, one.road, one.number, one.compound, one.building, one.landmark)
        order = ["township", "village", "road", "number", "compound", "building", "landmark"]
        if one.kind in (HAMLET, HOUSE):
            order = ["township", "village", "compound", "number"]
        draft = Draft(one, said, {piece: getattr(said, piece) for piece in FIELDS}, order, [], self.ground.at(one))
        if not _says_village(one) and chance.random() < 0.9:
            draft.drop("village")
        if (one.landmark and chance.random() < 0.7) or (one.compound and one.road and chance.random() < 0.5):
            draft.drop("road", "number")
        draft.county = COUNTY if chance.random() < 0.3 else ""
        return draft

    def _finish(self, draft: Draft) -> Query | None:
        text = draft.body()
        if "bare" not in draft.done:
            text = self.chance.choice(words.OPENINGS) + text + self.chance.choice(words.COMPLAINTS)
            text += self.chance.choice(words.CLOSINGS)
        if "traditional" in draft.done:
            text = words.traditional(text, self.chance)
        where, one = draft.where, draft.address
        if not where.grids:
            return None  # beyond the county's border
        ambiguous = self.county.is_ambiguous(draft.said, one.grid, draft.rivals)
        accuracy = "interpolated" if draft.done[0] == "interpolated" else _accuracy(draft)
        return Query(text, where.lon, where.lat, where.grids, tuple(draft.done), accuracy, ambiguous, one.name)

    def _crossing(self) -> Query | None:
        chance = self.chance
        one = chance.choice(self.book.crossings)
        roads = [one.one, one.two]
        chance.shuffle(roads)
        township = one.township if chance.random() < 0.7 else ""
        same = [each for each in self.book.crossings
                if {each.one, each.two} == set(roads) and township in ("", each.township)]  # fmt: skip
        said = chance.choice(CROSSINGS)
        text = chance.choice(words.OPENINGS) + township + said.format(*roads) + chance.choice(words.COMPLAINTS)
        where = self.ground.crossing(one)
        return Query(text, where.lon, where.lat, where.grids, ("crossing",), "crossing", len(same) > 1, f"{roads}")


def _road_of(one: Address) -> str:
    return f"{one.line}" if one.line >= 0 else f"{one.village} {one.road}"


def _says_village(one: Address) -> bool:
    return one.village in one.name.removesuffix(one.landmark)


def _sort_of(one: Address) -> str:
    if one.landmark:
        return "landmark"
    if one.compound and not one.building and one.kind not in (HAMLET, HOUSE):
        return "compound"
    return {DOOR: "door", BUILDING: "building", UNIT: "building", HAMLET: "hamlet", HOUSE: "hamlet"}.get(
        one.kind, "lane"
    )


SORTS = {"door": 0.36, "building": 0.22, "compound": 0.12, "landmark": 0.14, "hamlet": 0.1, "lane": 0.06}
"""How often each sort of place is asked for: as in calls, not as in the list."""


def _accuracy(draft: Draft) -> str:
    said = draft.said
    if said.building:
        return "building"
    if said.landmark:
        return "landmark"
    return "compound" if said.compound and not (said.number and draft.address.kind == HOUSE) else "door"


# --- the disturbances ---------------------------------------------------------------------------------------


def _full_width(draft: Draft, _by: Disturber) -> None:
    _need(draft, "number", "building")
    for piece in ("number", "building"):
        draft.written[piece] = draft.written[piece].translate(words.FULL_WIDTH)


def _chinese_numeral(draft: Draft, by: Disturber) -> None:
    _need(draft, "number", "building")
    for piece in ("number", "building"):
        spoken = re.sub(r"\d+", lambda found: words.in_chinese(int(found[0]), by.chance), draft.written[piece])
        draft.written[piece] = spoken.replace("-", "之")


def _circled(draft: Draft, _by: Disturber) -> None:
    _need(draft, "number", "building")
    before = dict(draft.written)
    for piece in ("number", "building"):
        draft.written[piece] = re.sub(
            r"(?<![\d-])\d+", lambda found: words.CIRCLED[int(found[0]) - 1] if 0 < int(found[0]) <= 20 else found[0],
            draft.written[piece],
        )  # fmt: skip
    if draft.written == before:
        raise Unfit


def _traditional(draft: Draft, _by: Disturber) -> None:
    draft.done.append("traditional")


def _units(draft: Draft, by: Disturber) -> None:
    _need(draft, "number", "building")
    choose, written = by.chance.choice, draft.written
    number = written["number"].replace("弄", choose(("弄", "巷", "弄 ")))
    written["number"] = re.sub("号$", choose(("號", "#", "号院", " 号", "号门")), number)
    building = re.sub(r"^(\d+)(?:幢|栋|号楼)", lambda found: f"{choose(('', '', '第'))}{found[1]}"
                      + choose(("幢", "栋", "座", "号楼", "#楼", "號樓", "#")), written["building"])  # fmt: skip
    if draft.said.building:
        written["building"] = building.replace("单元", choose(("单元", "單元", "门", "单元门")))


def _repeated(draft: Draft, by: Disturber) -> None:
    piece = by.chance.choice([piece for piece in draft.order if draft.written[piece] and piece != "number"] or [""])
    if not piece:
        raise Unfit
    draft.written[piece] *= 2


def _filler(draft: Draft, by: Disturber) -> None:
    pieces = [piece for piece in draft.order if draft.written[piece]]
    for piece in by.chance.sample(pieces, min(2, len(pieces))):
        if piece == pieces[0] or by.chance.random() < 0.4:
            draft.written[piece] = by.chance.choice(words.FILLERS) + draft.written[piece]
        else:
            draft.written[piece] = by.chance.choice(words.BETWEEN) + draft.written[piece]


def _homophone(draft: Draft, by: Disturber) -> None:
    def swap(name: str, at: int) -> str:
        other = words.homophone(name[at], by.chance)
        if other is None:
            raise Unfit
        return name[:at] + other + name[at + 1 :]

    _misspell(draft, by, swap)


def _wrong_character(draft: Draft, by: Disturber) -> None:
    _misspell(draft, by, lambda name, at: name[:at] + words.other_character(name[at], by.chance) + name[at + 1 :])


def _missing_character(draft: Draft, by: Disturber) -> None:
    _misspell(draft, by, lambda name, at: name[:at] + name[at + 1 :])


def _misspell(draft: Draft, by: Disturber, change: Callable[[str, int], str]) -> None:
    """Change one character of one name, not of its ending (路, 小区, 社区) nor where another name comes out."""
    pieces = [piece for piece in ("township", "village", "road", "compound", "landmark")
              if piece in draft.order and len(_stem(draft.written[piece])) > 1]  # fmt: skip
    if draft.address.kind in (HAMLET, HOUSE) and "compound" in pieces:
        pieces.remove("compound")
    if not pieces:
        raise Unfit
    piece = by.chance.choice(pieces)
    meant = draft.written[piece]
    written = change(meant, by.chance.randrange(len(_stem(meant))))
    if by.county.is_name(piece, written):
        raise Unfit
    draft.written[piece] = written
    draft.rivals[piece] = by.county.rivals(piece, written, getattr(draft.said, piece))


def _stem(name: str) -> str:
    return re.sub(r"(街道|镇|社区|村|公路|路|街|巷|小区|花园|新村|公寓|家园|有限公司)$", "", name)


def _order(draft: Draft, by: Disturber) -> None:
    pieces = [piece for piece in draft.order if draft.written[piece]]
    if len(pieces) < 3:
        raise Unfit
    units = [["township"], ["village"], ["road", "number"], ["compound", "building"], ["landmark"]]
    if draft.address.kind == HOUSE:
        units = [["township"], ["village"], ["compound", "number"]]
    present = [unit for unit in ([each for each in unit if each in pieces] for unit in units) if unit]
    if len(present) < 2:
        raise Unfit
    turned = present[:]
    while turned == present:
        by.chance.shuffle(turned)
    for unit in turned[1:]:
        draft.written[unit[0]] = by.chance.choice(("", "，", " ")) + draft.written[unit[0]]
    draft.order, draft.county = [each for unit in turned for each in unit], ""


def _no_township(draft: Draft, by: Disturber) -> None:
    draft.drop("township")
    draft.county = COUNTY if by.chance.random() < 0.2 else ""


def _short(draft: Draft, _by: Disturber) -> None:
    """Only the compound with its building, only the landmark: as neighbours say it."""
    one = draft.address
    if not (one.compound and one.road) and not one.landmark:
        raise Unfit
    draft.drop("road", "number", "village")
    draft.county = ""


def _alias(draft: Draft, by: Disturber) -> None:
    one = draft.address
    aliases = [alias for alias in one.aliases if alias != one.landmark]
    if not aliases:
        raise Unfit
    piece, alias = "landmark" if one.landmark else "compound", by.chance.choice(aliases)
    if one.kind == HAMLET:
        alias = alias.removeprefix(one.village)
    draft.written[piece] = alias
    draft.said = replace(draft.said, **{piece: alias})
    if piece == "landmark":
        draft.drop("road", "number")


def _beside(draft: Draft, by: Disturber) -> None:
    draft.after += by.chance.choice(("旁边", "旁", "附近", "门口", "楼下", "后面", "北侧", "东边", "隔壁"))


def _opposite(draft: Draft, by: Disturber) -> None:
    if draft.address.line < 0 or draft.address.compound or not re.fullmatch(r"\d+号", draft.address.number):
        raise Unfit
    draft.after += by.chance.choice(("对面", "正对面", "马路对面", "斜对面"))
    draft.where = by.ground.opposite(draft.address, by.book.streets[draft.address.line])


def _metres(draft: Draft, by: Disturber) -> None:
    metres, way = by.chance.choice((20, 30, 50, 50, 80, 100, 150, 200)), by.chance.choice("东南西北")
    said = ("往{}{}米", "向{}约{}米处", "{}侧{}米", "往{}走{}米")
    draft.after += by.chance.choice(said).format(way, metres)
    draft.where = by.ground.paced_off(draft.address, way, metres)


def _need(draft: Draft, *pieces: str) -> None:
    if not any(piece in draft.order and re.search(r"\d", draft.written[piece]) for piece in pieces):
        raise Unfit


DISTURBANCES: dict[str, Disturb] = {
    "full width": _full_width, "Chinese numerals": _chinese_numeral, "circled numerals": _circled,
    "traditional": _traditional, "other unit words": _units, "repeated words": _repeated, "filler": _filler,
    "homophone": _homophone, "wrong character": _wrong_character, "missing character": _missing_character,
    "order changed": _order, "no township": _no_township, "only the name": _short, "alias": _alias,
    "beside": _beside, "opposite": _opposite, "so many metres": _metres,
}  # fmt: skip
CROSSINGS = ("{}与{}交叉口", "{}{}路口", "{}和{}交界处", "{}、{}十字路口", "{}与{}交叉路口", "{}跟{}交汇处")
CLASSES = ("undisturbed", *DISTURBANCES, "crossing", "interpolated", "several")
COMBINED = ("Chinese numerals", "traditional", "other unit words", "repeated words", "filler", "homophone",
            "order changed", "missing character", "full width", "beside", "wrong character")  # fmt: skip
_LATE: dict[Disturb, int] = {_full_width: 1, _chinese_numeral: 1, _order: 2, _filler: 3, _repeated: -1}
