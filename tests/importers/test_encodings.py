"""Which encoding a text is in, whatever the file says about it."""

import pytest

from importers.encodings import (
    RawText,
    choose_encoding,
    codec_named,
    declared_by_cpg,
    declared_by_language_byte,
    decode,
)
from importers.errors import TextImplausible, TextUndecodable, UnknownEncoding

GRIDS = ["城关镇第一网格", "朝阳社区", "人民路北侧", "东方红小区"]
TRADITIONAL = ["臺北市中正區", "國語實驗國民小學", "忠孝東路"]


def texts(words: list[str], encoding: str) -> list[RawText]:
    return [RawText(word.encode(encoding), row, "NAME") for row, word in enumerate(words, 1)]


def chosen(words: list[str], encoding: str, **how: object):
    return choose_encoding(texts(words, encoding), file="grids.shp", **how)


def test_gbk_without_a_word_about_it_is_read_as_gb18030():
    decided = chosen(GRIDS, "gbk")
    assert decided.encoding == "GB18030"
    assert "UTF-8 fails at row 1, NAME" in decided.why
    assert f"{len(''.join(GRIDS))} Chinese characters" in decided.why
    assert decided.warnings == ()


def test_utf8_is_tried_first():
    assert chosen(GRIDS, "utf-8").encoding == "UTF-8"


def test_plain_ascii_needs_no_decision():
    decided = chosen(["A-01", "B-02"], "ascii")
    assert decided.encoding == "UTF-8"
    assert decided.why == "plain ASCII, which every encoding reads alike"


@pytest.mark.parametrize(
    ("cpg", "really", "read_as"),
    [
        (b"UTF-8", "gbk", "GB18030"),
        (b"936", "utf-8", "UTF-8"),
        (b"GBK", "utf-8", "UTF-8"),
        (b"ISO-8859-1", "gbk", "GB18030"),
        (b"ANSI 1252", "gbk", "GB18030"),
        (b"Big5", "gbk", "GB18030"),
    ],
)
def test_a_cpg_that_lies_is_found_out_and_said(cpg, really, read_as):
    decided = chosen(GRIDS, really, declared=declared_by_cpg(cpg))
    assert decided.encoding == read_as
    [warning] = decided.warnings
    assert warning.code == "encoding-declared-wrongly"
    assert cpg.decode() in warning.message


def test_a_cpg_that_is_a_web_page_is_left_aside_and_said():
    decided = chosen(GRIDS, "gbk", declared=declared_by_cpg(b"<!DOCTYPE html><html>"))
    assert decided.encoding == "GB18030"
    assert "which is no encoding" in decided.warnings[0].message
    assert chosen(["A"], "ascii", declared=declared_by_cpg(b"<!DOCTYPE html>")).warnings


def test_big5_is_believed_where_it_is_declared_and_reads_well():
    decided = chosen(TRADITIONAL, "big5", declared=declared_by_cpg(b"Big-5"))
    assert decided.encoding == "CP950"
    assert texts(TRADITIONAL, "big5")[0].raw.decode(decided.encoding) == TRADITIONAL[0]


def test_undeclared_big5_is_not_read_as_rare_characters_of_gb18030():
    with pytest.raises(TextImplausible, match="臺北市中正區") as refused:
        chosen(TRADITIONAL, "big5")
    assert "--encoding CP950" in str(refused.value)
    assert chosen(TRADITIONAL, "big5", wanted="Big5").encoding == "CP950"


@pytest.mark.parametrize(
    ("words", "encoding", "declared", "read_as"),
    [
        (["서울특별시"], "cp949", declared_by_cpg(b"EUC-KR"), "EUC_KR"),
        (["東京都ひらがな"], "cp932", declared_by_language_byte(0x13), "CP932"),
        (["Düren", "Köln"], "cp1252", declared_by_language_byte(0x57), "CP1252"),
        (["Hněvošický háj"], "cp1250", declared_by_cpg(b"ANSI 1250"), "CP1250"),
        (["Москва"], "cp1251", declared_by_language_byte(0xC9), "CP1251"),
        (["23.4° S."], "latin1", declared_by_cpg(b"ISO-8859-1"), "ISO8859-1"),
    ],
)
def test_other_encodings_are_believed_where_declared(words, encoding, declared, read_as):
    decided = chosen(words, encoding, declared=declared)
    assert decided.encoding == read_as
    assert {warning.code for warning in decided.warnings} <= {"encoding-doubtful"}


def test_a_latin_reading_is_said_to_be_doubtful_where_gb18030_reads_something_too():
    decided = chosen(["México"], "latin1", declared=declared_by_language_byte(0x57))
    assert "as GB18030, row 1, NAME would be “M閤ico”" in decided.warnings[0].message
    assert decided.alternatives == ("GB18030",)
    assert chosen(["23.4° S."], "latin1", declared=declared_by_language_byte(0x57)).warnings == ()


def test_traditional_characters_in_gbk_are_gb18030():
    assert chosen(TRADITIONAL, "gbk").encoding == "GB18030"


def test_gbk_that_happens_to_be_valid_utf8_is_believed_where_gbk_is_declared():
    words = ["茅"]
    assert words[0].encode("gbk").decode("utf-8") == "é"
    assert chosen(words, "gbk").encoding == "UTF-8"
    assert chosen(words, "gbk", declared=declared_by_language_byte(0x4D)).encoding == "GB18030"


def test_latin_text_is_not_taken_for_chinese():
    with pytest.raises(TextImplausible, match="“Müllerweg” in CP1252"):
        chosen(["Müllerweg", "Häuserzeile"], "latin1")


def test_an_accent_that_gb18030_reads_as_a_common_character_is_known_by_the_letters_around_it():
    assert "México".encode("latin1").decode("gb18030") == "M閤ico"
    assert chosen(["México"], "latin1", declared=declared_by_language_byte(0x57)).encoding == "CP1252"
    assert chosen(["a区", "b区", "E6栋c座"], "gbk").encoding == "GB18030"


def test_text_that_fits_nothing_names_the_first_that_fails():
    broken = [*texts(GRIDS, "gbk"), RawText(b"Nand\xfa ", 5, "NAME")]
    with pytest.raises(TextUndecodable, match=r"row 5, NAME: Nand\\xfa") as refused:
        choose_encoding(broken, file="grids.shp")
    assert (refused.value.row, refused.value.field) == (5, "NAME")
    assert refused.value.tried == ("UTF-8", "GB18030")


def test_a_heading_that_fails_is_named_as_a_heading():
    with pytest.raises(TextUndecodable, match="the heading FLD_2"):
        choose_encoding([RawText(b"\xff\xff", None, "FLD_2")], file="grids.shp")


def test_a_told_encoding_is_obeyed_or_refused():
    assert chosen(GRIDS, "gbk", wanted="gbk").why == "as told"
    with pytest.raises(TextUndecodable, match="row 1, NAME"):
        chosen(GRIDS, "gbk", wanted="utf-8")
    with pytest.raises(UnknownEncoding, match="klingon"):
        chosen(GRIDS, "gbk", wanted="klingon")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_character_cut_in_half_at_the_end_of_a_full_field_is_forgiven_and_said(encoding):
    raw = "城关镇第一网格".encode(encoding)[:-1]
    cut = RawText(raw, 9, "NAME", full=True)
    decided = choose_encoding([*texts(GRIDS, encoding), cut], file="grids.shp")
    assert codec_named(encoding) == decided.encoding
    assert [(warning.row, warning.code) for warning in decided.warnings] == [(9, "text-cut")]
    assert decode(cut, decided.encoding) == ("城关镇第一网", True)


def test_a_broken_end_in_a_field_with_room_left_is_no_cut():
    with pytest.raises(UnicodeDecodeError):
        decode(RawText("网格".encode()[:-1]), "utf-8")
    with pytest.raises(UnicodeDecodeError):
        decode(RawText(b"\xff" + "网格".encode(), full=True), "utf-8")


@pytest.mark.parametrize(
    ("said", "codec"),
    [
        ("UTF-8", "UTF-8"), ("utf8", "UTF-8"), ("65001", "UTF-8"), ("GBK", "GB18030"), ("gb2312", "GB18030"),
        ("CP936", "GB18030"), ("ANSI 936", "GB18030"), ("54936", "GB18030"), ("Big-5", "CP950"), ("950", "CP950"),
        ("ISO-8859-1", "ISO8859-1"), ("ISO 88591", "ISO8859-1"), ("8859-15", "ISO8859-15"), ("latin1", "ISO8859-1"),
        ("ANSI 1252", "CP1252"), ("windows-1251", "CP1251"), ("OEM 437", "CP437"), ("1250", "CP1250"),
        ("SHIFT_JIS", "SHIFT_JIS"), ("EUC-KR", "EUC_KR"),
        ("<!DOCTYPE html>", None), ("", None), ("rot13", None), ("base64", None), ("idna", None), ("99999", None),
    ],
)  # fmt: skip
def test_encodings_are_known_by_the_names_people_and_windows_give_them(said, codec):
    assert codec_named(said) == codec


def test_a_language_byte_that_says_nothing_declares_nothing():
    assert declared_by_language_byte(0) is None
    assert declared_by_language_byte(0x4D).encoding == "GB18030"
    assert declared_by_language_byte(0x7A).encoding == "GB18030"
