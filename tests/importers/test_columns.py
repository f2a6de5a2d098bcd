"""Headings onto fields."""

import pytest

from importers.columns import ColumnsOptionError, Wanted, known_headings, match_columns, parse_columns_option

CODE = Wanted("code", ("综合网格编码", "网格编码", "WGBM", "编码"), required=True)
NAME = Wanted("name", ("网格名称", "WGMC", "名称"), required=True)
PARENT = Wanted("parent", ("所属村社区编码", "上级编码"))


def test_chinese_english_and_pinyin_headings_are_known_in_any_case_and_width():
    assert match_columns(["wgbm", "网格 名称"], [CODE, NAME]).mapping == {"code": "wgbm", "name": "网格 名称"}
    assert match_columns(["ＣＯＤＥ", "*名称："], [CODE, NAME]).mapping == {"code": "ＣＯＤＥ", "name": "*名称："}


def test_what_stands_in_brackets_does_not_hide_a_heading():
    lon = Wanted("lon", ("经度",))
    assert match_columns(["经度（WGS84）"], [lon]).mapping == {"lon": "经度（WGS84）"}


def test_a_heading_cut_at_ten_bytes_by_a_dbf_is_recognised_in_gbk_and_utf8():
    cut_gbk = "综合网格编码".encode("gbk")[:10].decode("gbk")
    cut_utf8 = "综合网格编码".encode()[:10].decode(errors="ignore")
    assert match_columns([cut_gbk], [CODE]).mapping == {"code": "综合网格编"}
    assert match_columns([cut_utf8], [CODE]).mapping == {"code": "综合网"}


def test_a_short_beginning_is_not_taken_for_a_cut_heading():
    assert match_columns(["综合"], [CODE]).mapping == {}
    assert match_columns(["所属村社"], [PARENT]).mapping == {}


def test_unknown_headings_are_listed_and_missing_fields_named():
    matched = match_columns(["WGBM", "BZ", "AREA"], [CODE, NAME, PARENT])
    assert matched.ignored == ("BZ", "AREA")
    assert matched.missing == ("name",)
    [problem] = matched.problems()
    assert (problem.field, problem.code, problem.blocks) == ("name", "missing-column", True)
    assert "BZ, AREA" in problem.message


def test_two_headings_that_fit_equally_well_are_never_chosen_between():
    matched = match_columns(["名称", "名 称"], [NAME])
    assert matched.mapping == {}
    assert matched.ambiguous == {"name": ("名称", "名 称")}
    assert [problem.code for problem in matched.problems()] == ["ambiguous-column"]


def test_the_more_telling_heading_wins_over_the_general_one():
    assert match_columns(["编码", "网格编码"], [CODE]).mapping == {"code": "网格编码"}


def test_one_heading_serves_one_field_only():
    other = Wanted("unit_code", ("编码",))
    matched = match_columns(["编码"], [CODE, other])
    assert matched.mapping == {"code": "编码"}
    assert match_columns(["编码", "网格编码"], [CODE, other]).mapping == {"code": "网格编码", "unit_code": "编码"}


def test_the_persons_own_mapping_wins():
    matched = match_columns(["WGBM", "OLD_ID"], [CODE], {"code": "old_id"})
    assert matched.mapping == {"code": "OLD_ID"}
    assert matched.ignored == ("WGBM",)


def test_a_mapping_onto_what_does_not_exist_is_a_problem_not_a_guess():
    matched = match_columns(["WGBM"], [CODE], {"code": "WGDM", "colour": "WGBM"})
    assert "code" not in matched.mapping
    assert matched.unknown.keys() == {"code", "colour"}
    assert {problem.code for problem in matched.problems()} == {"unknown-column"}


def test_rows_are_picked_under_our_field_names():
    matched = match_columns(["WGBM", "WGMC"], [CODE, NAME, PARENT])
    assert matched.pick({"WGBM": "1", "WGMC": "一", "BZ": "x"}) == {"code": "1", "name": "一"}


def test_the_columns_option_is_read_with_quotes_for_headings_that_hold_a_comma():
    option = 'code=WGBM, name=WGMC,"parent=A,B"'
    assert parse_columns_option(option) == {"code": "WGBM", "name": "WGMC", "parent": "A,B"}
    assert parse_columns_option(None) == {}
    assert parse_columns_option("") == {}


@pytest.mark.parametrize("text", ["code", "code=", "=WGBM", "code=A,code=B", "code=A,,name=B"])
def test_a_columns_option_that_is_not_field_equals_heading_is_wrong_usage(text):
    with pytest.raises(ColumnsOptionError, match="--columns"):
        parse_columns_option(text)


def test_known_headings_are_those_of_every_field():
    assert {"code", "wgbm", "name", "网格名称"} <= known_headings([CODE, NAME])
