"""A row of the catalogue of matters: one model for a file's row, an API's body and a form alike."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from geo.sentences import say
from importers.cells import Code, Name, OptionalText, one_of, text_of
from importers.values import BadValue, is_blank, parse_integer, plain
from incidents.words import Level, LimitUnit, Procedure

LEVELS = {
    Level.VILLAGE: ("村社区", "村", "社区", "村级", "社区级", "村居"),
    Level.TOWNSHIP: ("镇街", "乡镇", "街道", "镇", "镇级", "镇街级", "乡镇街道", "镇街道"),
    Level.COUNTY: ("县区", "县", "区", "区县", "县级", "区级", "县区级"),
}

PROCEDURES = {
    Procedure.SIMPLE: ("简易", "简易程序", "简易流程"),
    Procedure.ORDINARY: ("普通", "普通程序", "一般", "一般程序"),
}

LONGEST_LIMIT = 10_000
"""More hours than a year has: a larger number is a slip of the hand."""

MOST_OFFICERS = 100

_UNITS = (
    (LimitUnit.WORKING_DAYS, 1, ("工作日", "个工作日", "working day", "working days", "workday", "workdays",
                                 "business day", "business days")),
    (LimitUnit.WORKING_HOURS, 1, ("工作小时", "个工作小时", "工时", "working hour", "working hours", "business hours")),
    (LimitUnit.NATURAL_HOURS, 1, ("小时", "个小时", "自然小时", "h", "hour", "hours", "natural hour", "natural hours")),
    (LimitUnit.NATURAL_HOURS, 24, ("天", "日", "自然日", "个自然日", "日历日", "d", "day", "days", "natural day",
                                   "natural days", "calendar day", "calendar days")),
    (LimitUnit.NATURAL_HOURS, 168, ("周", "星期", "个星期", "week", "weeks")),
)  # fmt: skip
_UNIT_OF = {said: (unit, each) for unit, each, spoken in _UNITS for said in spoken}

_LIMIT = re.compile(r"(?P<amount>[\d.]+|[一二两三四五六七八九十]{1,3})\s*(?P<unit>[^\d.].*)?")
_BESIDE_CHINESE = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])|\s+(?=\s)")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_SEPARATORS = re.compile(r"[;；、,，\n]")

Limit = tuple[int, LimitUnit]


def parse_limit(text: str | None) -> Limit | None:
    """Read a time limit: 3个工作日, 24小时, 4工作小时, 2天 (48 natural hours), “3 working days”; None when blank.

    >>> parse_limit("两天")
    (48, <LimitUnit.NATURAL_HOURS: 'natural-hours'>)
    """
    if text is None or is_blank(text):
        return None
    found = _LIMIT.fullmatch(_BESIDE_CHINESE.sub("", plain(text).casefold()).removesuffix("内"))
    if found is None:
        said = say("“{written}” is not a time limit; write for example 3个工作日, 24小时 or 4工作小时", written=text)
        raise BadValue("not-a-limit", said)
    if found["unit"] is None:
        said = say("“{written}” has no unit; write for example {written}个工作日 or {written}小时", written=text)
        raise BadValue("limit-without-unit", said)
    if found["unit"] not in _UNIT_OF:
        said = say("“{written}”: “{unit}” is no unit of time limits known here", written=text, unit=found["unit"])
        raise BadValue("not-a-limit", said)
    unit, each = _UNIT_OF[found["unit"]]
    amount = _amount(found["amount"], text) * each
    if not 0 < amount <= LONGEST_LIMIT:
        raise BadValue("limit-out-of-range", say("“{written}” is no limit that can be kept", written=text))
    return amount, unit


def _amount(written: str, text: str) -> int:
    if written[0].isascii():
        amount = parse_integer(written)
        return amount if amount is not None else 0
    tens, ten, ones = written.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        raise BadValue("not-a-limit", say("“{written}” is not a time limit", written=text))
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def _limit(value: Any) -> Limit | None:
    return parse_limit(text_of(value))


def _officers(value: Any) -> int | None:
    number = value if isinstance(value, int) else parse_integer(re.sub(r"[人名个](以上)?$", "", text_of(value)))
    if number is not None and not 0 <= number <= MOST_OFFICERS:
        raise BadValue("officers-out-of-range", say("{number} is no number of officers", number=number))
    return number


def _names(value: Any) -> tuple[str, ...]:
    """Units separated by ; or 、 or commas, each once, in the order written."""
    pieces: Iterable[str] = value if isinstance(value, (list, tuple)) else _SEPARATORS.split(str(value or ""))
    return tuple(dict.fromkeys(name for piece in pieces if not is_blank(name := text_of(piece))))


class MatterRow(BaseModel):
    """An entry of the responsibility catalogue (权责清单). Units are named by code or by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    field: Name
    name: Name
    lead: OptionalText = Field(None, description="the unit that leads, by code or name")
    co_operating: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field((), description="units, by code or name")
    level: Annotated[Level, BeforeValidator(one_of(Level, LEVELS, required=True))]
    limit: Annotated[Limit | None, BeforeValidator(_limit)] = Field(
        None, description="as in 3个工作日, 24小时, 4工作小时, 2天"
    )
    procedure: Annotated[Procedure | None, BeforeValidator(one_of(Procedure, PROCEDURES))] = Field(
        None, description="empty: simple"
    )
    officers: Annotated[int | None, BeforeValidator(_officers)] = Field(
        None, description="certified officers who must act together; empty: none"
    )
