"""A row of a layer as an area: which headings it goes by, what its cells say, and whether its outline can be used."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.codes import LADDER, SPOKEN, AreaKind, Profile
from geo.coverage import Mended, mend_outline, spoken_m2
from geo.sentences import Sentence, join, say
from importers.cells import text_of
from importers.columns import Matched, Wanted, simplified
from importers.layers import Layer
from importers.rawlayer import Shapes
from importers.report import Problem, Severity
from importers.values import BadValue, as_text, parse_code, parse_integer

SMALL_MEND = 0.001
"""A mended outline that differs by at most this share of its ground is used with a warning; a larger difference is
somebody's decision, who looks at the place. On a grid of 1 km² it is 1,000 m²: a corner, not a building."""

PIECES = 8
"""So many parts of a file are judged side by side."""

NOTHING_M2 = 0.01
"""Below this a difference is not worth a figure: it is rounding."""

_CODES = {
    AreaKind.COUNTY: ("县区编码", "区县编码", "县区代码", "区县代码", "县编码", "县代码"),
    AreaKind.TOWNSHIP: ("镇街编码", "乡镇编码", "街道编码", "镇街代码", "乡镇代码", "街道代码"),
    AreaKind.VILLAGE: ("村社区编码", "村居编码", "社区编码", "村编码", "村社区代码", "社区代码", "村代码"),
    AreaKind.COMPREHENSIVE: ("网格编码", "网格代码", "网格编号", "单元网格编码", "WGBM", "WGDM"),
    AreaKind.SPECIALISED: ("专属网格编码", "网格编码", "网格代码", "网格编号", "WGBM", "WGDM"),
}
_NAMES = {
    AreaKind.COUNTY: ("县区名称", "区县名称", "县名称", "县区"),
    AreaKind.TOWNSHIP: ("镇街名称", "乡镇名称", "街道名称", "镇街"),
    AreaKind.VILLAGE: ("村社区名称", "村居名称", "社区名称", "村名称", "村社区"),
    AreaKind.COMPREHENSIVE: ("网格名称", "WGMC"),
    AreaKind.SPECIALISED: ("专属网格名称", "网格名称", "WGMC"),
}
_ANY_CODE = ("编码", "代码", "区划编码", "区划代码", "行政区划代码", "XZQDM", "XZQHDM", "BM")
_ANY_NAME = ("名称", "区划名称", "行政区名称", "XZQMC", "MC")
_ANY_PARENT = ("上级编码", "上级代码", "所属区划编码", "上级区划编码", "父级编码", "SJBM", "PID")

DOMAINS = {
    "school": ("学校", "校园"),
    "hospital": ("医院", "卫生院", "医疗机构"),
    "market": ("市场", "商圈", "农贸市场", "商贸市场"),
    "park": ("园区", "产业园区", "工业园区", "开发区", "企业"),
    "building-site": ("工地", "建筑工地", "在建工地"),
    "scenic": ("景区", "旅游景区", "公园"),
}
"""The domains that have a word of ours, and what offices call them; any other is kept as it is written."""


def fields_of(kind: AreaKind) -> tuple[Wanted, ...]:
    """The columns that a layer of this kind may have, with the headings they go by, the most telling first."""
    above = [code for level in LADDER[LADDER.index(kind) + 1 :] for code in _CODES[level]] if kind in LADDER else []
    if kind is AreaKind.SPECIALISED:
        above = [code for level in LADDER[1:] for code in _CODES[level]]
    return (
        Wanted("code", (*_CODES[kind], *_ANY_CODE), required=True),
        Wanted("name", (*_NAMES[kind], *_ANY_NAME), required=True),
        Wanted("parent", (*_ANY_PARENT, *(f"所属{heading}" for heading in above), *above)),
        *((Wanted("households", ("户数", "家庭户数", "居民户数", "HS")),) if "grid" in SPOKEN[kind] else ()),
        *((Wanted("domain", ("领域", "类型", "专属网格类型", "网格类型")),) if kind is AreaKind.SPECIALISED else ()),
    )


@dataclass(slots=True)
class AreaRow:
    """One area as the file has it. `outline` is valid; `parent` and `households` are None where the file is silent."""

    number: int
    code: str
    name: str
    outline: MultiPolygon
    parent: str | None = None
    households: int | None = None
    domain: str | None = None


@dataclass
class AreaRows:
    """The rows that can be worked with, and what is wrong, with each row and with the rest."""

    headings: Mapping[str, str]
    rows: list[AreaRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def object(self, row: int, name: str, code: str, message: Sentence, severity: Severity = "block") -> None:
        """Add a problem of a row, its field under the name that the file gives it."""
        self.problems.append(Problem(row, self.headings.get(name, name), code, message, severity))


def read_rows(
    layer: Layer, matched: Matched, kind: AreaKind, profile: Profile, *, domain: str | None, keep_all: bool = False
) -> AreaRows:
    """Check every row by itself: code, name, outline, households, domain. Rows without a usable outline are left out;
    each has its problem. So are rows without a code that can be used, but `keep_all` keeps them: the code is empty
    where it is missing or malformed, and stays where another row bears it too.
    """
    found = AreaRows(matched.mapping)
    seen: dict[str, int] = {}
    told = {problem.row for problem in layer.problems if problem.blocks and problem.field == "outline"}
    outlines = zip(layer.outlines.tolist(), _sound(layer.outlines), strict=True)
    for number, (cells, (drawn, sound)) in enumerate(zip(layer.rows, outlines, strict=True), 1):
        written = {name: as_text(cells.get(heading)) for name, heading in matched.mapping.items()}
        code = _code(found, number, written["code"], kind, profile)
        if code is not None and not keep_all and not _first_of_its_code(found, number, code, seen):
            code = None
        name = _name(found, number, written["name"]) or code or ""
        usable = sound if sound is not None else _outline(found, number, drawn, told=number in told)
        households = _households(found, number, written.get("households"))
        own_domain = _domain(found, number, written.get("domain"), domain, kind)
        parent = _parent(found, number, written.get("parent"))
        if usable is not None and (code is not None or keep_all):
            found.rows.append(AreaRow(number, code or "", name, usable, parent, households, own_domain))
    return found


def _code(found: AreaRows, number: int, written: str, kind: AreaKind, profile: Profile) -> str | None:
    """The row's code; None where it has none that can be used."""
    try:
        code = parse_code(text_of(written))
    except BadValue as bad:
        found.object(number, "code", "code-malformed", bad.sentence)
        return None
    if code is None:
        found.object(number, "code", "code-missing", say("empty"))
        return None
    if problem := profile.check(code, kind):
        found.object(number, "code", "code-malformed", problem.message)
        return None
    return code


def _first_of_its_code(found: AreaRows, number: int, code: str, seen: dict[str, int]) -> bool:
    """Whether no row before bears the code."""
    if code in seen:
        said = say("“{code}” is the code of row {row} too", code=code, row=seen[code])
        found.object(number, "code", "code-repeated", said)
        return False
    seen[code] = number
    return True


def _name(found: AreaRows, number: int, written: str) -> str:
    name = " ".join(text_of(written).split())
    if not name:
        found.object(number, "name", "name-empty", say("empty"))
    return name


def _sound(outlines: Shapes) -> list[MultiPolygon | None]:
    """The outlines with which nothing is amiss, all judged at once; None for what `_outline` must look at by itself."""
    kinds = shapely.get_type_id(outlines)
    alone, of_parts = kinds == GeometryType.POLYGON, kinds == GeometryType.MULTIPOLYGON
    flat = shapely.get_coordinate_dimension(outlines) == 2
    sound = (alone | of_parts) & flat & ~shapely.is_empty(outlines) & _valid(outlines)
    found, single = outlines.copy(), np.flatnonzero(sound & alone)
    found[~sound] = None
    found[single] = shapely.multipolygons(outlines[single], indices=np.arange(len(single)))
    usable: list[MultiPolygon | None] = found.tolist()
    return usable


def _valid(outlines: Shapes) -> NDArray[np.bool_]:
    """Tell which outlines are valid, on all cores: it is half of what judging a file of sound ones takes."""
    with ThreadPoolExecutor() as pool:
        return np.concatenate(list(pool.map(shapely.is_valid, np.array_split(outlines, PIECES))))


def _outline(found: AreaRows, number: int, drawn: BaseGeometry | None, *, told: bool) -> MultiPolygon | None:
    """The outline, mended where need be; None where there is none (`told`: the layer's reader has said why)."""
    if drawn is None and told:
        return None
    mended = mend_outline(drawn)
    if mended.outline is None:
        found.object(number, "outline", _WITHOUT_OUTLINE.get(mended.why, "geometry-invalid"), mended.sentence)
        return None
    if mended.why:
        large = mended.difference_share > SMALL_MEND
        found.object(number, "outline", "geometry-invalid", _mended(mended, large=large), "block" if large else "warn")
    outline = mended.outline
    return outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])


_WITHOUT_OUTLINE = {"null": "geometry-null", "empty": "geometry-empty"}


def _mended(mended: Mended, *, large: bool) -> Sentence:
    """What was wrong, by how much the mended copy differs, and what became of it."""
    used = say("only used when accepted") if large else say("the mended copy is used")
    if mended.difference_m2 < NOTHING_M2:
        return join("{one}; {other}", (replace(mended, difference_m2=0.0).sentence, used))
    size = spoken_m2(mended.difference_m2)
    return say("{trouble} ({size}); {used}", trouble=mended.sentence, size=size, used=used)


def _parent(found: AreaRows, number: int, written: str | None) -> str | None:
    try:
        return parse_code(text_of(written))
    except BadValue as bad:
        found.object(number, "parent", "parent-unknown", bad.sentence)
        return None


def _households(found: AreaRows, number: int, written: str | None) -> int | None:
    """How many households; what cannot be counted is unknown, with a warning."""
    try:
        households = parse_integer(written)
    except BadValue as bad:
        found.object(
            number, "households", bad.code, join("{one}; {other}", (bad.sentence, say("left unknown"))), "warn"
        )
        return None
    if households is not None and not 0 <= households < 2**31:
        said = say("“{written}” cannot be a number of households", written=written or "")
        found.object(number, "households", "not-a-count", said, "warn")
        return None
    return households


def _domain(found: AreaRows, number: int, written: str | None, whole: str | None, kind: AreaKind) -> str | None:
    if kind is not AreaKind.SPECIALISED:
        return None
    own = text_of(written) or whole
    if not own:
        said = say("empty; say with --domain what these grids are for")
        found.object(number, "domain", "domain-missing", said)
        return None
    return known_domain(own)


def known_domain(written: str) -> str:
    """Our word for a domain as offices call it; else what is written.

    >>> known_domain("农贸市场"), known_domain("School"), known_domain("food safety")
    ('market', 'school', 'food safety')
    """
    spoken = simplified(written)
    for word, others in DOMAINS.items():
        if spoken in {simplified(said) for said in (word, *others)}:
            return word
    return written.strip()
