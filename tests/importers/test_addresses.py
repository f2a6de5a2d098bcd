"""Address lists as offices keep them: what is loaded, what is given back, and what a second reading adds."""

import csv
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo import address_loading
from geo.address_models import Address, AddressEpoch, AddressPart
from geo.codes import AreaKind
from geo.crs import from_wgs84
from importers import addresses as importing
from importers.addresses import import_addresses
from importers.report import ImportReport
from tests.factories import NOW, make_area
from tests.importers.written import warned, write_csv, write_xlsx

CHINESE = "标准地址,别名,类型,道路,门牌号,小区,楼栋,村社区,镇街,经度,纬度"
GARDEN = "安宜镇白田中路88号阳光花园3幢,阳光三幢;花园3幢,楼栋,白田中路,88号,阳光花园,3幢,城中社区,安宜镇,119.31,33.24"


def load(db: Session, path: Path, **options: Any) -> ImportReport:
    return import_addresses(db, path, by="test", now=NOW, **options)


def counts(report: ImportReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


def names(db: Session) -> list[str]:
    return [address.name for address in address_loading.addresses(db)]


def epoch(db: Session) -> object:
    return db.scalar(select(AddressEpoch.epoch).where(AddressEpoch.part == AddressPart.LIST))


def test_a_row_keeps_every_piece_that_it_was_given(db: Session, tmp_path: Path):
    report = load(db, write_csv(tmp_path / "a.csv", CHINESE, GARDEN))
    assert counts(report) == {"new": 1}
    [place] = address_loading.addresses(db)
    assert place.name == "安宜镇白田中路88号阳光花园3幢"
    assert place.aliases == ("阳光三幢", "花园3幢")
    assert (place.kind, place.road, place.number) == ("楼栋", "白田中路", "88号")
    assert (place.compound, place.building, place.village, place.township) == ("阳光花园", "3幢", "城中社区", "安宜镇")
    assert (place.lon, place.lat) == (119.31, 33.24)


def test_a_name_and_a_point_are_enough(db: Session, tmp_path: Path):
    report = load(db, write_csv(tmp_path / "a.csv", "name,lon,lat", "老供销社,119.3,33.2"))
    assert not report.blocks
    [place] = address_loading.addresses(db)
    assert (place.name, place.aliases, place.road, place.township) == ("老供销社", (), "", "")


def test_without_a_column_of_points_nothing_is_loaded(db: Session, tmp_path: Path):
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度", "老供销社,119.3"))
    assert [problem.code for problem in report.problems] == ["missing-column"]
    assert names(db) == []


@pytest.mark.parametrize(("encoding", "delimiter"), [("gb18030", ","), ("utf-8-sig", ";"), ("utf-16", "\t")])
def test_any_encoding_and_delimiter_is_read(db: Session, tmp_path: Path, encoding: str, delimiter: str):
    path = write_csv(
        tmp_path / "a.csv", "名称,别名,经度,纬度", "人民医院,县医院,119.3,33.2", encoding=encoding, delimiter=delimiter
    )
    assert counts(load(db, path)) == {"new": 1}
    assert names(db) == ["人民医院"]


def test_a_workbook_is_read(db: Session, tmp_path: Path):
    path = write_xlsx(tmp_path / "a.xlsx", "名称,门牌号,经度,纬度", ["人民医院", 88, 119.3, 33.2])
    assert counts(load(db, path)) == {"new": 1}
    assert [place.number for place in address_loading.addresses(db)] == ["88"]


def test_other_headings_are_named_by_hand(db: Session, tmp_path: Path):
    path = write_csv(tmp_path / "a.csv", "what,e,n", "人民医院,119.3,33.2")
    assert counts(load(db, path, columns={"name": "what", "lon": "e", "lat": "n"})) == {"new": 1}


def test_a_bad_row_is_given_back_with_its_reason_and_the_good_ones_are_loaded(db: Session, tmp_path: Path):
    rows = ["好地方,119.3,33.2", ",119.3,33.2", "没有坐标,,", "换了位置,33.2,119.3", "占位,0,0", "写错了,东经,33.2"]
    rejects = tmp_path / "rejects.csv"
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", *rows), rejects=rejects)
    assert counts(report) == {"new": 1, "rejected": 5}
    assert not report.blocks
    assert warned(report) == [
        (2, "名称", "empty"), (3, "经度", "empty"), (3, "纬度", "empty"), (4, "经度", "swapped"),
        (5, "经度", "placeholder"), (6, "经度", "not-a-number"),
    ]  # fmt: skip
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        given_back = list(csv.DictReader(file))
    assert sorted(row["row"] for row in given_back) == ["2", "3", "4", "5", "6"]
    assert all(row["problem"] for row in given_back)


def test_a_file_of_bad_rows_alone_blocks(db: Session, tmp_path: Path):
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", "占位,0,0"))
    assert report.blocks
    assert report.problems[-1].message == "not one row could be read as an address"


def test_a_township_that_no_area_bears_is_a_warning(db: Session, tmp_path: Path):
    make_area(db, "321023100", AreaKind.TOWNSHIP, box(119, 33, 119.5, 33.5), name="安宜镇")
    rows = ["甲,安宜镇,119.3,33.2", "乙,宝应县安宜,119.3,33.3", "丙,安一镇,119.3,33.4", "丁,安一镇,119.2,33.4"]
    report = load(db, write_csv(tmp_path / "a.csv", "名称,镇街,经度,纬度", *rows))
    assert counts(report) == {"new": 4}
    assert warned(report) == [(3, "镇街", "unknown-township")]
    assert report.problems[0].message == "no area is called “安一镇”; rows that say so: 2"


def test_without_any_township_that_is_said_once(db: Session, tmp_path: Path):
    report = load(
        db, write_csv(tmp_path / "a.csv", "名称,镇街,经度,纬度", "甲,安宜镇,119.3,33.2", "乙,泾河镇,119.3,33.3")
    )
    assert warned(report) == [(None, "镇街", "no-townships")]


def test_a_row_that_stands_twice_in_the_file_is_told_and_loaded_once(db: Session, tmp_path: Path):
    rows = ["甲,119.3,33.2", "乙,119.3,33.2", "甲,119.300001,33.2", "甲,119.31,33.2"]
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", *rows))
    assert counts(report) == {"new": 3, "repeated": 1}
    assert warned(report) == [(3, None, "repeated")]
    assert report.problems[0].message == "says the same as row 1; not loaded again"


def test_a_file_that_is_loaded_twice_adds_nothing_and_leaves_the_index_alone(db: Session, tmp_path: Path):
    path = write_csv(tmp_path / "a.csv", CHINESE, GARDEN)
    load(db, path)
    before = epoch(db)
    assert counts(load(db, path)) == {"known": 1}
    assert len(names(db)) == 1
    assert epoch(db) == before


def test_a_row_that_says_something_else_stands_in_for_the_earlier_one(db: Session, tmp_path: Path):
    load(db, write_csv(tmp_path / "a.csv", "名称,别名,经度,纬度", "甲,老甲,119.3,33.2"))
    before = epoch(db)
    report = load(db, write_csv(tmp_path / "b.csv", "名称,别名,经度,纬度", "甲,老甲;大甲,119.3,33.2"))
    assert counts(report) == {"changed": 1}
    assert [place.aliases for place in address_loading.addresses(db)] == [("老甲", "大甲")]
    assert db.scalar(select(func.count()).select_from(Address)) == 2
    assert epoch(db) != before


def test_a_list_that_replaces_the_earlier_one_ends_what_it_lacks(db: Session, tmp_path: Path):
    load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", "甲,119.3,33.2", "乙,119.3,33.3"))
    report = load(
        db, write_csv(tmp_path / "b.csv", "名称,经度,纬度", "乙,119.3,33.3", "丙,119.3,33.4"), replace_list=True
    )
    assert counts(report) == {"new": 1, "known": 1, "retired": 1}
    assert names(db) == ["乙", "丙"]
    retired = db.execute(text("SELECT name, retired_at FROM address WHERE retired_at IS NOT NULL")).all()
    assert [(row.name, row.retired_at) for row in retired] == [("甲", NOW)]


def test_coordinates_of_another_datum_are_stored_in_ours_and_as_they_came(db: Session, tmp_path: Path):
    lon, lat = from_wgs84(119.3, 33.2, "gcj02")
    load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", f"甲,{lon!r},{lat!r}"), datum="gcj02")
    [place] = address_loading.addresses(db)
    assert (place.lon, place.lat) == pytest.approx((119.3, 33.2), abs=1e-8)
    stored = db.scalars(select(Address)).one()
    assert (stored.raw_x, stored.raw_y, stored.datum) == (lon, lat, "gcj02")


def test_a_column_may_name_the_datum_of_each_row(db: Session, tmp_path: Path):
    lon, lat = from_wgs84(119.3, 33.2, "bd09")
    rows = [f"甲,{lon!r},{lat!r},百度", "乙,119.3,33.2,", "丙,119.3,33.2,月球"]
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度,坐标系", *rows))
    assert counts(report) == {"new": 2, "rejected": 1}
    assert warned(report) == [(3, "坐标系", "unknown-datum")]
    for place in address_loading.addresses(db):
        assert (place.lon, place.lat) == pytest.approx((119.3, 33.2), abs=1e-7)


def test_only_so_many_rows_of_a_kind_are_named(db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importing, "TOLD_PER_KIND", 2)
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", "甲,119.3,33.2", *["占位,0,0"] * 5))
    assert counts(report) == {"new": 1, "rejected": 5}
    assert [problem.message for problem in report.problems if problem.row is None] == [
        "and 3 more rows of which the same is true"
    ]


def test_rows_are_read_by_the_chunk_and_counted_on_the_way(
    db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importing, "ROWS_AT_ONCE", 2)
    heard: list[int] = []
    rows = [f"地点{at},119.3,33.{at}" for at in range(1, 6)]
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度", *rows, rows[0]), progress=heard.append)
    assert heard == [2, 4, 6]
    assert counts(report) == {"new": 5, "repeated": 1}


def test_what_is_wrong_with_the_file_as_a_whole_is_told(db: Session, tmp_path: Path):
    report = load(db, write_csv(tmp_path / "a.csv", "名称,经度,纬度,备注,备注", "甲,119.3,33.2,,"))
    assert warned(report) == [(None, "备注", "heading-repeated")]
    assert counts(report) == {"new": 1}
