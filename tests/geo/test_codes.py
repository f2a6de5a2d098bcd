"""What codes may look like, and what they say about the area above."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import DIGITS, FREE, GB, AreaKind, ProfileError, levels_above, profile

COUNTY, TOWNSHIP, VILLAGE = AreaKind.COUNTY, AreaKind.TOWNSHIP, AreaKind.VILLAGE
COMPREHENSIVE, SPECIALISED = AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED


def trouble(problem: object) -> str | None:
    return getattr(problem, "code", None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("321084", COUNTY),
        ("321084101", TOWNSHIP),
        ("321084101002", VILLAGE),
        ("321084101002003", COMPREHENSIVE),
        ("321084101S01", SPECIALISED),
        ("321084101002-S01", SPECIALISED),
        ("321084101002003901", SPECIALISED),
    ],
)
def test_a_national_code_has_three_more_digits_per_level(code, kind):
    assert GB.check(code, kind) is None


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        ("", COUNTY, "code-missing"),
        ("  ", TOWNSHIP, "code-missing"),
        ("321084 101", TOWNSHIP, "code-space"),
        ("321084101\u200b", TOWNSHIP, "code-invisible"),
        ("321084;101", TOWNSHIP, "code-semicolon"),
        ("32108410", TOWNSHIP, "code-length"),
        ("321084101002", TOWNSHIP, "code-length"),
        ("321084000000", COUNTY, "code-padded"),
        ("３２１０８４１０１", TOWNSHIP, "code-not-digits"),
        ("32108410A", TOWNSHIP, "code-not-digits"),
        ("321084101.0", TOWNSHIP, "code-spreadsheet"),
        ("3.21084E+14", COMPREHENSIVE, "code-spreadsheet"),
        ("S01", SPECIALISED, "code-specialised"),
        ("3210841010020039010000000", SPECIALISED, "code-specialised"),
        ("321084101学校", SPECIALISED, "code-specialised"),
    ],
)
def test_a_wrong_national_code_is_named_in_a_sentence(code, kind, expected):
    problem = GB.check(code, kind)
    assert trouble(problem) == expected
    assert str(problem).endswith(".")


def test_a_padded_code_is_shown_as_it_should_be():
    assert "write 321084." in str(GB.check("321084000000", COUNTY))


def test_the_parent_of_a_national_code_is_its_beginning():
    assert GB.parent_code("321084101002003", COMPREHENSIVE) == "321084101002"
    assert GB.parent_code("321084101002", VILLAGE) == "321084101"
    assert GB.parent_code("321084101", TOWNSHIP) == "321084"
    assert GB.parent_code("321084", COUNTY) is None


def test_levels_in_between_may_be_missing():
    assert GB.parent_codes("321084101002003", COMPREHENSIVE) == (
        (VILLAGE, "321084101002"),
        (TOWNSHIP, "321084101"),
        (COUNTY, "321084"),
    )
    assert levels_above(SPECIALISED) == levels_above(COMPREHENSIVE) == (VILLAGE, TOWNSHIP, COUNTY)
    assert levels_above(COUNTY) == ()


def test_a_specialised_code_names_the_levels_its_digits_reach():
    assert GB.parent_codes("321084101S01", SPECIALISED) == ((TOWNSHIP, "321084101"), (COUNTY, "321084"))
    assert GB.parent_code("SCHOOL-001", SPECIALISED) is None


def test_a_code_must_begin_with_its_parents():
    assert GB.check_parent("321084101002003", COMPREHENSIVE, "321084101002") is None
    assert GB.check_parent("321084101002003", COMPREHENSIVE, "321084101") is None
    assert trouble(GB.check_parent("321084101002003", COMPREHENSIVE, "321084102")) == "code-not-under-parent"
    assert GB.check_parent("321084101S01", SPECIALISED, "321084102") is None
    assert FREE.check_parent("grid 7", COMPREHENSIVE, "A") is None


@given(st.text(st.characters(codec="gb18030"), max_size=70))
def test_a_free_code_is_any_visible_text_of_64_characters(code):
    allowed = 0 < len(code) <= 64 and code.isprintable() and " " not in code and ";" not in code
    assert (FREE.check(code, COMPREHENSIVE) is None) == (allowed and not any(c.isspace() for c in code))


def test_a_free_code_tells_nothing_about_its_parent():
    assert FREE.parent_code("XH-03", COMPREHENSIVE) is None
    assert FREE.parent_codes("XH-03", COMPREHENSIVE) == ()


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8)))
def test_codes_are_ordered_byte_by_byte_as_postgres_does_under_collate_c(codes):
    assert sorted(codes) == sorted(codes, key=lambda code: code.encode("utf-8"))


def test_profiles_are_found_by_name():
    assert profile("GB") is GB and profile("free") is FREE
    with pytest.raises(ProfileError, match="use free or gb"):
        profile("iso")


@given(st.text("0123456789AZaz-;. ①１\u200be+", max_size=30), st.sampled_from(AreaKind))
def test_a_national_code_is_right_exactly_when_it_has_the_form_of_its_kind(code, kind):
    plain = code.isascii() and code.replace("-", "").isalnum()
    if kind is SPECIALISED:
        right = plain and 9 <= len(code) <= 24 and not code.startswith("-")
    else:
        right = plain and code.isdigit() and len(code) == DIGITS[kind]
    assert (GB.check(code, kind) is None) == right
