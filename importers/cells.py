"""Cells as fields of a row model: codes, texts, words of a fixed set, days and moments.

Each type reads what people write (see `importers.values`) and raises `BadValue`, whose sentence the clerk
reads. Whether a column writes the day or the month first is decided over the whole column and reaches the
model as validation context, by the model's field: `{"orders": {"left_on": "dmy"}}`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationInfo

from geo.sentences import Sentence, say
from importers.columns import simplified
from importers.values import BadValue, DayOrder, is_blank, parse_code, parse_date, parse_time, plain, shown
from incidents.clock import LOCAL

LONGEST_TEXT = 200
"""Characters a name or a post may have: what is longer came from another column."""

LONGEST_CODE = 64

FOR_GOOD = frozenset({"长期", "长期有效", "永久", "永久有效", "至今", "无固定期限"})
"""What offices write where something does not end."""

NEVER = date(9999, 12, 31)
"""The day that stands for never, in other systems' exports and among our days of expiry."""

_CLOCK = re.compile(r"[:时点時]|\d{8}\s*\d{4}")

Word = TypeVar("Word", bound=StrEnum)


def one_of(
    kind: type[Word], spoken: Mapping[Word, tuple[str, ...]], *, required: bool = False
) -> Callable[[Any], Word | None]:
    """Return a reader of the words of `kind`, also as people speak them; the first of each is shown when none fits."""
    known = {simplified(said): word for word in kind for said in (word.value, *spoken[word])}
    choices = ", ".join(f"{spoken[word][0]} ({word.value})" for word in kind)

    def read(value: Any) -> Word | None:
        text = text_of(value)
        if is_blank(text):
            if required:
                raise BadValue("empty", say("empty; write one of: {choices}", choices=choices))
            return None
        if simplified(text) not in known:
            raise BadValue(
                "unknown-word", say("“{written}” is not one of: {choices}", written=shown(text), choices=choices)
            )
        return known[simplified(text)]

    return read


def text_of(value: Any) -> str:
    """Return what was given as text without characters that no database keeps; numbers were never text."""
    if isinstance(value, str):
        kept = value if value.isprintable() else _without_controls(value)
        return kept.strip()
    if value is None:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise BadValue("not-text", say("“{written}” is not text", written=shown(str(value))))


def _without_controls(text: str) -> str:
    """Put a space for every control character and half of a character. What is printable has none."""
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else " " for c in text)


def _text(value: Any) -> str | None:
    text = re.sub(r"\s+", " ", text_of(value))
    if len(text) > LONGEST_TEXT:
        raise BadValue("too-long", too_long(text, LONGEST_TEXT))
    return text or None


def _name(value: Any) -> str:
    text = _text(value)
    if text is None:
        raise BadValue("empty", say("empty"))
    return text


def _optional_code(value: Any) -> str | None:
    code = parse_code(text_of(value))
    if code is not None and len(code) > LONGEST_CODE:
        raise BadValue("too-long", too_long(code, LONGEST_CODE))
    return code


def _code(value: Any) -> str:
    code = _optional_code(value)
    if code is None:
        raise BadValue("empty", say("empty"))
    return code


def _optional_day(value: Any, info: ValidationInfo) -> date | None:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    text = text_of(value)
    return NEVER if plain(text) in FOR_GOOD else parse_date(text, order=_order(info))


def _first_moment(value: Any, info: ValidationInfo) -> datetime | None:
    """A day means its first moment."""
    if isinstance(value, datetime):
        return _aware(value)
    return _moment(text_of(value), info)


def _last_moment(value: Any, info: ValidationInfo) -> datetime | None:
    """The first moment after the end: a day without a time counts to its end. None where it does not end."""
    if isinstance(value, datetime):
        return _aware(value)
    text = plain(text_of(value))
    if text in FOR_GOOD:
        return None
    moment = _moment(text, info)
    if moment is None or moment.astimezone(LOCAL).year == NEVER.year:
        return None
    return moment if _CLOCK.search(text) else midnight_after(moment.astimezone(LOCAL).date())


def _moment(text: str, info: ValidationInfo) -> datetime | None:
    return parse_time(text, LOCAL, order=_order(info))


def midnight_after(day: date) -> datetime:
    """Return the moment at which a day ends, in local time."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL)


def day_of(moment: datetime) -> str:
    """Return a moment as people here write it: the day, with the time where it is not midnight."""
    local = moment.astimezone(LOCAL)
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)


def _order(info: ValidationInfo) -> DayOrder | None:
    orders: Mapping[str, DayOrder | None] = (info.context or {}).get("orders", {})
    return orders.get(info.field_name or "")


def too_long(text: str, longest: int) -> Sentence:
    """Say that a text is longer than any name or code is."""
    return say("“{written}” is longer than {longest} characters", written=shown(text), longest=longest)


Code = Annotated[str, BeforeValidator(_code)]
OptionalCode = Annotated[str | None, BeforeValidator(_optional_code)]
Name = Annotated[str, BeforeValidator(_name)]
OptionalText = Annotated[str | None, BeforeValidator(_text)]
OptionalDay = Annotated[date | None, BeforeValidator(_optional_day)]
FirstMoment = Annotated[datetime | None, BeforeValidator(_first_moment)]
LastMoment = Annotated[datetime | None, BeforeValidator(_last_moment)]
