"""What a cell means: numbers, dates and times as people and spreadsheets write them, and codes that keep every digit.

Each parser returns None for a blank cell and raises `BadValue`, with a sentence, for what it cannot be sure
of. What only a whole column can decide (is 03/04 April or March? is 1,234 more than a thousand?) is decided
by `day_order` and `decimal_sign` over that column and passed in.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import isfinite, isnan
from typing import Literal

from geo.sentences import Sentence, say

DayOrder = Literal["dmy", "mdy"]
DecimalSign = Literal[".", ","]

BLANKS = frozenset({"", "-", "--", "—", "——", "/", "\\", "null", "none", "nil", "n/a", "na", "nan", "#n/a", "无", "空"})
"""What people and programs write into a cell without a value. Only for numbers, dates and codes: a text may say 无."""

EXCEL_EPOCH = datetime.combine(date(1899, 12, 30), time())
EXCEL_DAYS = range(20_000, 80_000)
"""Serial days taken for a date: 1954 to 2119. Anything else in a time column is a mistake."""


class BadValue(ValueError):
    """A cell that cannot be understood. `code` is the problem's code."""

    def __init__(self, code: str, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def plain(text: str) -> str:
    """Return `text` with full-width digits, letters and signs made ordinary and outer spaces removed."""
    if text.isascii():  # nothing to make ordinary
        return text.strip()
    return unicodedata.normalize("NFKC", text.replace("\ufeff", "").replace("\u200b", "")).strip()


def shown(text: str) -> str:
    """Return what was written, cut to a length that fits a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"


def is_blank(text: str | None) -> bool:
    """Whether a number, date or code cell has no value."""
    return text is None or plain(text).casefold() in BLANKS


# Numbers

_SPACES = re.compile(r"[\s'’]")
_SIGNS = str.maketrans({"−": "-", "–": "-", "。": "."})
_WHOLE = re.compile(r"[+-]?\d{1,40}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"),
}
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")


def parse_number(text: str | None, *, decimal: DecimalSign | None = None) -> float | None:
    """Read a number with a decimal point or comma, with or without thousands marks; None when blank.

    Without `decimal`, 1,234 is refused (it may be 1234 or 1.234); 121,6371 and 1,234.5 are not in doubt,
    and a lone point is a decimal point.
    """
    if text is None or is_blank(text):
        return None
    written = _bare(text)
    if decimal is None and "," in written and _ONE_GROUP.fullmatch(written):
        whole, fraction = written.replace(",", ""), written.replace(",", ".")
        said = say("“{written}” may be {one} or {other}", written=shown(text), one=whole, other=fraction)
        raise BadValue("ambiguous-number", said)
    pointed = _with_point(written, decimal or _own_sign(written))
    if not _NUMBER.fullmatch(pointed) or not isfinite(float(pointed)):
        raise BadValue("not-a-number", say("“{written}” is not a number", written=shown(text)))
    return float(pointed)


def parse_integer(text: str | None, *, decimal: DecimalSign | None = None) -> int | None:
    """Read a whole number; 350.0 is 350, 350.5 is refused."""
    if text is not None and text.isascii() and text.isdigit() and len(text) <= 40:  # nearly every number
        return int(text)
    if text is None or is_blank(text):
        return None
    if _WHOLE.fullmatch(written := plain(text)):
        return int(written)
    number = parse_number(text, decimal=decimal)
    if number is None or not number.is_integer():
        raise BadValue("not-a-whole-number", say("“{written}” is not a whole number", written=shown(text)))
    return int(number)


def decimal_sign(values: Iterable[str]) -> DecimalSign | None:
    """Return the decimal sign that the values of a column prove; None when they prove none, or both."""
    proven = {
        _own_sign(written)
        for written in map(_bare, values)
        if re.fullmatch(r"[+-]?\d*[.,][\d.,]*", written) and not _ONE_GROUP.fullmatch(written)
    }
    return proven.pop() if len(proven) == 1 else None


def _bare(text: str) -> str:
    return _SPACES.sub("", plain(text).translate(_SIGNS))


def _own_sign(written: str) -> DecimalSign:
    """Return the decimal sign that one number shows by itself: the last of two signs, never one that repeats."""
    if "," in written and "." in written:
        return "," if written.rindex(",") > written.rindex(".") else "."
    return "," if written.count(",") == 1 or written.count(".") > 1 else "."


def _with_point(written: str, decimal: DecimalSign) -> str:
    """Return the number with a decimal point and no thousands marks; what does not add up is left as it is."""
    thousands = "." if decimal == "," else ","
    if thousands in written and not _GROUPED[decimal].fullmatch(written):
        return written
    return written.replace(thousands, "").replace(decimal, ".")


# Codes

_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_POINT_NOUGHT = re.compile(r"\d+\.0")


def parse_code(text: str | None) -> str | None:
    """Read an identifier digit by digit; a spreadsheet's 3.2E+14 is refused, because its digits are gone."""
    if text is not None and text.isascii() and text.isdigit():  # nearly every code
        return text
    if text is None or is_blank(text):
        return None
    code = plain(text).lstrip("'").strip()
    if _SCIENTIFIC.fullmatch(code):
        lost = say(
            "“{written}” lost its digits in a spreadsheet: make the column text, send it again", written=shown(text)
        )
        raise BadValue("digits-lost", lost)
    return code.removesuffix(".0") if _POINT_NOUGHT.fullmatch(code) else code


def is_scientific(text: str) -> bool:
    """Whether the text is a long number as a spreadsheet shortens it: 3.20684E+14."""
    return bool(_SCIENTIFIC.fullmatch(text))


def as_text(value: object) -> str:
    """Return a typed cell as a person sees it: whole floats without .0, dates in ISO form, nothing as ""."""
    if type(value) in (str, int):  # nearly every cell
        return str(value)
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if isnan(value):
            return ""
        case float() if value.is_integer() and abs(value) < 1e17:
            return str(int(value))
        case datetime() if value.time() == time() and value.tzinfo is None:
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _clock(value)
        case _:
            return str(value)


def _clock(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


# Dates and times

_DATE = (
    r"(?P<year>\d{4})\s*(?P<mark>[-/.年])\s*(?P<month>\d{1,2})\s*(?:(?P=mark)|月)\s*(?P<day>\d{1,2})\s*[日号]?"
    r"|(?P<first>\d{1,2})(?P<sign>[-/.])(?P<second>\d{1,2})(?P=sign)(?P<last_year>\d{4})"
    r"|(?P<run>\d{8})"
)
_HALF = r"上午|下午|凌晨|早上|中午|晚上|[aApP]\.?[mM]\.?"
_TIME = (
    rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})\s*[:时点時]\s*(?P<minute>\d{{1,2}})\s*(?:分钟?)?"
    rf"(?:\s*:?\s*(?P<seconds>\d{{1,2}})(?:[.,]\d+)?\s*秒?)?\s*(?P<half_after>{_HALF})?"
    r"|(?P<bare_hour>\d{1,2})\s*[时点時]整?"
    r"|(?P<clock>\d{6}|\d{4})"
)
_ZONE = r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)"
_MOMENT = re.compile(rf"(?:{_DATE})(?:(?:\s*[T,\s]\s*|(?<=[日号]))(?:{_TIME})\s*{_ZONE}?)?")
_RUN = re.compile(r"(\d{8})(\d{6}|\d{4})")


@dataclass(frozen=True)
class ColumnOrder:
    """How a column writes day and month: None where no value needs it or where nothing decides; `why` says it."""

    order: DayOrder | None
    why: Sentence | None = None


def day_order(values: Iterable[str]) -> ColumnOrder:
    """Decide over a whole column whether 03/04/2026 is the 3rd of April (dmy) or the 4th of March (mdy)."""
    examples: dict[DayOrder, str] = {}
    doubtful = 0
    for value in values:
        found = _MOMENT.match(plain(value))
        if found is None or not found["first"]:
            continue
        first, second = int(found["first"]), int(found["second"])
        if first > 12 >= second:
            examples.setdefault("dmy", value)
        elif second > 12 >= first:
            examples.setdefault("mdy", value)
        else:
            doubtful += first != second
    if len(examples) == 2:
        one, other = examples["dmy"], examples["mdy"]
        return ColumnOrder(None, say("days and months are in both orders: “{one}” and “{other}”", one=one, other=other))
    if example := examples.get("dmy"):
        return ColumnOrder("dmy", say("read as day/month/year, as in “{example}”", example=example))
    if example := examples.get("mdy"):
        return ColumnOrder("mdy", say("read as month/day/year, as in “{example}”", example=example))
    return ColumnOrder(None, say("no value tells the day from the month") if doubtful else None)


def parse_time(text: str | None, tz: tzinfo, *, order: DayOrder | None = None) -> datetime | None:
    """Read a date with or without time into an aware moment in UTC; without a zone of its own it is in `tz`.

    Understands 2026-03-01 08:05, 2026/3/1 8:05, 2026年3月1日 8时5分, ISO 8601, 20260301 080500, spreadsheet
    serials, AM and PM, 上午 and 下午; 01/03/2026 only with `order`, unless both readings are the same day.
    """
    if text is None or is_blank(text):
        return None
    written, zone = _written(text, order)
    try:
        return written.replace(tzinfo=zone or tz).astimezone(UTC)
    except OverflowError:
        raise BadValue("not-a-time", say("“{written}” is no day of the calendar", written=shown(text))) from None


def parse_date(text: str | None, *, order: DayOrder | None = None) -> date | None:
    """Read a day, in the forms of `parse_time`; a time of day after it is left aside."""
    if text is None or is_blank(text):
        return None
    return _written(text, order)[0].date()


def _written(text: str, order: DayOrder | None) -> tuple[datetime, tzinfo | None]:
    """Return the date and time as they are written, and the zone if one is written."""
    bare = re.sub(r"\s+", " ", plain(text))
    if (serial := _excel_serial(bare)) is not None:
        return serial, None
    found = _MOMENT.fullmatch(_RUN.sub(r"\1 \2", bare) if _RUN.fullmatch(bare) else bare)
    if found is None:
        raise BadValue("not-a-time", say("“{written}” is not a date or time", written=shown(text)))
    try:
        moment = datetime.combine(_day(found, text, order), time()) + _time_of_day(found)
        return moment, _zone(found["zone"])
    except BadValue:
        raise
    except (ValueError, OverflowError):
        said = say("“{written}” is no day of the calendar or no time of the clock", written=shown(text))
        raise BadValue("not-a-time", said) from None


def _day(found: re.Match[str], text: str, order: DayOrder | None) -> date:
    if found["run"]:
        run = found["run"]
        return date(int(run[:4]), int(run[4:6]), int(run[6:]))
    if found["year"]:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    first, second, year = int(found["first"]), int(found["second"]), int(found["last_year"])
    if first > 12 or second > 12:
        order = "dmy" if first > 12 else "mdy"
    if order is None and first != second:
        dmy, mdy = f"{year}-{second:02d}-{first:02d}", f"{year}-{first:02d}-{second:02d}"
        said = say("“{written}” may be {one} or {other}", written=shown(text), one=dmy, other=mdy)
        raise BadValue("ambiguous-date", said)
    day, month = (second, first) if order == "mdy" else (first, second)
    return date(year, month, day)


def _time_of_day(found: re.Match[str]) -> timedelta:
    """Return the time since midnight; 24:00 is the midnight after. Raises ValueError past the clock."""
    if found["clock"]:
        hour, minute, second = (int(found["clock"][at : at + 2] or 0) for at in (0, 2, 4))
    else:
        hour, minute, second = (
            int(part or 0) for part in (found["hour"] or found["bare_hour"], found["minute"], found["seconds"])
        )
    hour = _on_24_hours(hour, (found["half"] or found["half_after"] or "").casefold().replace(".", ""))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        raise ValueError
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _on_24_hours(hour: int, half: str) -> int:
    """Return the hour of the day: 12 AM is 0, 12 at night (晚上) is the midnight that ends the day."""
    if half in ("下午", "pm") or (half == "中午" and hour < 3):
        return hour + 12 if hour < 12 else hour
    if half == "晚上":
        return hour + 12 if hour <= 12 else hour
    return 0 if half in ("am", "凌晨") and hour == 12 else hour


def _zone(written: str | None) -> tzinfo | None:
    return None if not written else datetime.fromisoformat(f"2000-01-01T00:00:00{written}").tzinfo


def _excel_serial(written: str) -> datetime | None:
    """Return the moment of a spreadsheet's day number (46082.337 = 2026-03-01 08:05), to the second."""
    if not re.fullmatch(r"\d{5}([.,]\d+)?", written) or int(written[:5]) not in EXCEL_DAYS:
        return None
    return EXCEL_EPOCH + timedelta(seconds=round(float(written.replace(",", ".")) * 86_400))
