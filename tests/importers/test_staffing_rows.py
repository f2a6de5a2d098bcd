"""The row models at their other doors: an API's body, a form, another program's values."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from importers.staffing_rows import DutyRow, StaffRow
from staffing.words import DutyRole, UnitKind
from tests.staffing.county import day

PERSON = {"staff_no": "001", "name": "张一", "unit_code": "V1"}
DUTY = {"staff_no": "001", "area_code": "A1", "role": "worker"}


def codes(error: ValidationError) -> list[str]:
    return [each["ctx"]["error"].code for each in error.errors()]


def test_a_field_that_was_not_given_is_told_from_one_given_empty():
    silent, empty = StaffRow(**PERSON), StaffRow(**PERSON, phone="")
    assert (silent.phone, empty.phone) == (None, None)
    assert ("phone" in silent.model_fields_set, "phone" in empty.model_fields_set) == (False, True)


def test_words_are_taken_in_english_and_chinese():
    assert StaffRow(**PERSON, unit_kind="village").unit_kind is UnitKind.VILLAGE
    assert StaffRow(**PERSON, unit_kind=" 村 社区").unit_kind is UnitKind.VILLAGE
    assert StaffRow(**PERSON, unit_kind=UnitKind.BRIGADE).unit_kind is UnitKind.BRIGADE
    assert StaffRow(**PERSON, unit_kind="无").unit_kind is None


def test_a_day_begins_at_its_local_midnight_and_ends_at_the_next():
    duty = DutyRow.model_validate(DUTY | {"from": "2026-03-01", "until": "2026-03-31"})
    assert (duty.begins, duty.until) == (day("2026-03-01"), day("2026-04-01"))
    assert DutyRow.model_validate(DUTY | {"from": date(2026, 3, 1), "until": date(2026, 3, 31)}) == duty


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2026-03-31 00:00", day("2026-03-31")),
        ("2026-03-31T18:00:00+08:00", day("2026-03-31") + timedelta(hours=18)),
        ("2026年3月31日18时", day("2026-03-31") + timedelta(hours=18)),
        ("20260331 1800", day("2026-03-31") + timedelta(hours=18)),
        ("20260331", day("2026-04-01")),
        ("46112", day("2026-04-01")),
        (datetime(2026, 3, 31, 10, tzinfo=UTC), day("2026-03-31") + timedelta(hours=18)),
    ],
)
def test_an_end_with_a_time_is_that_moment(until: object, moment: datetime):
    assert DutyRow.model_validate(DUTY | {"until": until}).until == moment


@pytest.mark.parametrize("until", ["长期", "9999-12-31", "9999-12-31 23:59:59", "", None])
def test_what_does_not_end_has_no_end(until: str | None):
    assert DutyRow.model_validate(DUTY | {"until": until}).until is None


@pytest.mark.parametrize("begins", ["0001-01-01", "2026-02-30", "昨天", "03/04/2026"])
def test_what_is_no_day_is_refused(begins: str):
    with pytest.raises(ValidationError) as refused:
        DutyRow.model_validate(DUTY | {"from": begins})
    assert codes(refused.value) in (["not-a-time"], ["ambiguous-date"])


def test_a_number_is_no_code_because_its_zeros_may_be_gone():
    with pytest.raises(ValidationError) as refused:
        StaffRow.model_validate(PERSON | {"staff_no": 1})
    assert codes(refused.value) == ["not-text"]


def test_a_text_from_another_column_is_too_long():
    with pytest.raises(ValidationError) as refused:
        StaffRow.model_validate(PERSON | {"name": "张" * 201, "unit_code": "V" * 65})
    assert codes(refused.value) == ["too-long", "too-long"]


def test_fields_that_nobody_knows_are_refused():
    with pytest.raises(ValidationError):
        StaffRow.model_validate(PERSON | {"salary": "1"})


def test_a_role_may_be_a_word_of_ours():
    assert DutyRow.model_validate(DUTY | {"role": DutyRole.POLICE}).role is DutyRole.POLICE
