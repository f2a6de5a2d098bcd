"""Numbers, dates and codes as people write them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.cells import text_of
from importers.values import (
    BadValue,
    as_text,
    day_order,
    decimal_sign,
    is_blank,
    parse_code,
    parse_date,
    parse_integer,
    parse_number,
    parse_time,
    plain,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIVE_PAST_EIGHT = datetime(2026, 3, 1, 8, 5, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("121.6371", 121.6371),
        ("-75,56985400000", -75.569854),
        ("１２１．６３", 121.63),
        (" 1 234,5 ", 1234.5),
        ("1\u00a0234.5", 1234.5),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("−3", -3),
        ("3.2E+02", 320),
        (".5", 0.5),
        ("0,000", 0),
    ],
)
def test_a_number_is_read_however_its_signs_are_written(text, number):
    assert parse_number(text) == pytest.approx(number)


@pytest.mark.parametrize("blank", [None, "", "  ", "\u3000", "NULL", "—", "无", "#N/A"])
def test_a_blank_cell_is_no_number_and_no_mistake(blank):
    assert parse_number(blank) is None
    assert parse_integer(blank) is None
    assert parse_time(blank, SHANGHAI) is None
    assert parse_date(blank) is None
    assert parse_code(blank) is None
    assert is_blank(blank)


@pytest.mark.parametrize("text", ["12户", "1_000", "inf", "1e999", "0x10", "1,23,4", "1.2.3", "12-3", "--5"])
def test_what_is_no_number_is_refused_with_a_sentence(text):
    with pytest.raises(BadValue, match="is not a number") as refused:
        parse_number(text)
    assert refused.value.code == "not-a-number"


def test_a_comma_before_three_digits_is_refused_until_the_column_decides():
    with pytest.raises(BadValue, match=r"may be 121637 or 121\.637") as refused:
        parse_number("121,637")
    assert refused.value.code == "ambiguous-number"
    assert parse_number("121,637", decimal=",") == 121.637
    assert parse_number("121,637", decimal=".") == 121637
    assert parse_number("1.234", decimal=",") == 1234


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        (["-75,569854", "6,257", "6,3"], ","),
        (["121.6371", "31"], "."),
        (["1,234", "2,345"], None),
        (["1,234", "2,345.5"], "."),
        (["1,5", "1.5"], None),
        (["a,b", "", "2,25 m"], None),
    ],
)
def test_the_decimal_sign_is_what_the_whole_column_proves(column, sign):
    assert decimal_sign(column) == sign


def test_a_whole_number_may_carry_an_idle_fraction_only():
    assert parse_integer("350.0") == 350
    assert parse_integer("９００") == 900
    assert parse_integer("900719925474099312345") == 900719925474099312345
    with pytest.raises(BadValue, match="not a whole number"):
        parse_integer("350.5")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 08:05",
        "2026-03-01 08:05:00",
        "2026/3/1 8:05",
        "2026.3.1 8:05",
        "2026年3月1日 8时5分",
        "2026年3月1日8时5分0秒",
        "2026年3月1日上午8:05",
        "2026年3月1日 8点05分",
        "２０２６－０３－０１　０８：０５",
        "2026-03-01T08:05:00+08:00",
        "2026-03-01T00:05:00Z",
        "2026-03-01T00:05:00.000+0000",
        "20260301 080500",
        "20260301080500",
        "202603010805",
        "2026-03-01 08:05 AM",
        "46082.336805555555",
    ],
)
def test_a_time_is_read_in_every_form_offices_send(text):
    assert parse_time(text, SHANGHAI) == FIVE_PAST_EIGHT


def test_times_are_utc_inside():
    moment = parse_time("2026-03-01 08:05", SHANGHAI)
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026/3/1 12:30 AM", 0),
        ("2026/3/1 12:30 PM", 12),
        ("2026/3/1 1:30:00 p.m.", 13),
        ("2026-3-1 下午2:30", 14),
        ("2026-3-1 下午12:30", 12),
        ("2026-3-1 中午1:30", 13),
        ("2026-3-1 晚上9:30", 21),
        ("2026-3-1 凌晨12:30", 0),
        ("2026-3-1 9:30下午", 21),
    ],
)
def test_a_twelve_hour_clock_is_put_on_twenty_four(text, hour):
    assert parse_time(text, SHANGHAI) == datetime(2026, 3, 1, hour, 30, tzinfo=SHANGHAI)


def test_twenty_four_oclock_and_midnight_by_name_end_the_day():
    assert parse_time("2026-03-01 24:00", SHANGHAI) == datetime(2026, 3, 2, tzinfo=SHANGHAI)
    assert parse_time("2026年3月1日晚上12:00", SHANGHAI) == datetime(2026, 3, 2, tzinfo=SHANGHAI)


def test_a_date_alone_is_its_midnight():
    assert parse_time("2026-03-01", SHANGHAI) == datetime(2026, 3, 1, tzinfo=SHANGHAI)
    assert parse_time("20260301", SHANGHAI) == datetime(2026, 3, 1, tzinfo=SHANGHAI)
    assert parse_time("46082", SHANGHAI) == datetime(2026, 3, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-03-01 25:00",
        "2026-03-01 08:60",
        "2026-03-01 24:01",
        "26-3-1",
        "yesterday",
        "123",
        "99999999",
        "2026-13-01",
        "13/13/2026",
        "0001-01-01 00:00",
        "2026-03-01 08:05+25:00",
        "2026-3/1",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadValue) as refused:
        parse_time(text, SHANGHAI)
    assert refused.value.code == "not-a-time"


def test_day_and_month_that_could_be_swapped_are_refused_until_the_column_decides():
    with pytest.raises(BadValue, match="2026-04-03 or 2026-03-04") as refused:
        parse_time("03/04/2026", SHANGHAI)
    assert refused.value.code == "ambiguous-date"
    assert parse_date("03/04/2026", order="dmy") == date(2026, 4, 3)
    assert parse_date("03/04/2026", order="mdy") == date(2026, 3, 4)
    assert parse_date("05/05/2026") == date(2026, 5, 5)
    assert parse_date("25/12/2026") == date(2026, 12, 25)


def test_one_day_past_twelve_decides_the_order_of_the_whole_column():
    american = day_order(["02/03/2020 12:19:00 PM", "02/17/2020 12:19:00 PM", ""])
    assert american.order == "mdy"
    assert "02/17/2020" in american.why
    assert day_order(["02/03/2020", "17/02/2020"]).order == "dmy"


def test_a_column_in_both_orders_is_decided_by_nobody():
    mixed = day_order(["02/17/2020", "17/02/2020"])
    assert mixed.order is None
    assert "both orders" in mixed.why
    assert "no value" in day_order(["02/03/2020"]).why
    assert day_order(["2020-02-03"]).why is None


def test_a_date_is_the_day_that_is_written_whatever_its_zone():
    assert parse_date("2026-03-02T01:00:00+08:00") == date(2026, 3, 2)
    assert parse_date("2026-03-02 00:00:00") == date(2026, 3, 2)


def test_a_code_keeps_every_digit():
    assert parse_code(" 320684101001001 ") == "320684101001001"
    assert parse_code("３２０６８４") == "320684"
    assert parse_code("320684101001001.0") == "320684101001001"
    assert parse_code("'007") == "007"
    assert parse_code("A-02.0") == "A-02.0"


@pytest.mark.parametrize("text", ["3.20684E+14", "3.29e11", "3E+14"])
def test_a_code_in_scientific_notation_is_refused_because_digits_are_gone(text):
    with pytest.raises(BadValue, match="lost its digits") as refused:
        parse_code(text)
    assert refused.value.code == "digits-lost"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (320684101001001.0, "320684101001001"),
        (1.5, "1.5"),
        (float("nan"), ""),
        (True, "TRUE"),
        (datetime.fromisoformat("2026-03-01"), "2026-03-01"),
        (datetime.fromisoformat("2026-03-01T08:05"), "2026-03-01 08:05:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (time(8, 5), "08:05:00"),
        (timedelta(hours=26, minutes=5), "26:05:00"),
        (7, "7"),
    ],
)
def test_a_typed_cell_becomes_what_a_person_sees(value, text):
    assert as_text(value) == text


odd_cells = st.text("0123459.,-+eE'/ \t\0１网\u3000\ufeff\u200b\ud800é", max_size=12) | st.integers().map(str)
"""Digits, and what stands among them. A cell of digits alone is read by a short way; a space sends it the long way."""


def outcome(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except BadValue as bad:
        return bad.code


@given(odd_cells)
def test_a_cell_is_read_alike_by_the_short_way_and_by_the_long_one(text):
    assert plain(text) == plain(f"{text}\u200b")
    assert text_of(text) == text_of(f"{text}\0")
    assert outcome(parse_code, text) == outcome(parse_code, f" {text}")
    assert outcome(parse_integer, text) == outcome(parse_integer, f" {text}")


def test_a_number_of_more_digits_than_anything_counts_is_read_alike_too():
    for digits in ("0" * 40 + "7", "9" * 40, "9" * 41, "00350"):
        assert parse_integer(digits) == parse_integer(f" {digits}")
