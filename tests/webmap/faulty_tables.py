"""Tables with many troubles each, for a county of which a township, some areas and some people are known."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.sealing import Seal
from geo.codes import AreaKind
from importers.addresses import import_addresses
from importers.catalogue import import_catalogue
from importers.duties import import_duties
from importers.report import ImportReport
from importers.reports import import_reports
from importers.staff import import_staff
from incidents.actors import Actor
from incidents.intake import Reception
from incidents.words import Channel
from staffing.words import UnitKind
from tests.factories import NOW, make_absence, make_area, make_duty, make_ladder, make_staff, make_unit
from tests.importers.written import write_csv
from tests.indexes import IndexOf

STAFF = (
    "工号,姓名,单位编码,单位名称,单位类型,单位区划编码,实际工作单位编码,"
    "离岗开始,离岗结束,代岗人工号,执法证号,证件有效期"
)
DUTIES = "工号,区划编码,角色,起始日期,截止日期"
CATALOGUE = "事项编码,领域,事项名称,主办部门,处置层级,时限,程序,执法人数"
ADDRESSES = "标准地址,镇街,经度,纬度,坐标系"
REPORTS = "工单编号,上报时间,办理时间,问题描述,地址,经度,纬度,精度"

Load = Callable[[Session, Path], ImportReport]


def staff(db: Session, path: Path) -> ImportReport:
    return import_staff(db, path, by="test", now=NOW)


def duties(db: Session, path: Path) -> ImportReport:
    return import_duties(db, path, by="test", now=NOW)


def catalogue(db: Session, path: Path, **options: Any) -> ImportReport:
    return import_catalogue(db, path, by="test", now=NOW, **options)


def a_second_catalogue(db: Session, path: Path) -> ImportReport:
    """What is in force from this moment, and from a later one, when an older file comes."""
    for code, since in (("M01", NOW), ("M02", NOW + timedelta(days=9))):
        first = write_csv(path.with_name("first.csv"), CATALOGUE, f"{code},市政,旧名,U1,镇街,3个工作日,简易,0")
        assert not catalogue(db, first, valid_from=since).blocks
    return catalogue(db, path)


def list_of_addresses(db: Session, path: Path) -> ImportReport:
    return import_addresses(db, path, by="test", now=NOW)


def reports(db: Session, path: Path) -> ImportReport:
    reception = Reception(IndexOf(db), Seal("a secret of sixteen characters"))
    return import_reports(
        db, path, channel=Channel.HOTLINE, datum="wgs84", by=Actor("test"), now=NOW, reception=reception
    )


def with_quotation_marks(db: Session, path: Path) -> ImportReport:
    path.write_text(path.read_text(encoding="utf-8").replace("'", '"'), encoding="utf-8")
    return staff(db, path)


FAULTY: dict[str, tuple[Load, str, str]] = {
    "units": (staff, STAFF, """
        101,张一,V1,东村,村社区,329901001,X9,,,,,
        102,李二,V1,西村,部门,,,,,,,
        103,王三,V1,东村,村社区,,,,,,,
        104,赵四,V2,,,,,,,,,
        105,钱五,V3,三村,没有,,,,,,,
        102,李二,V1,东村,村社区,,,,,,,
    """),
    "people": (staff, STAFF, """
        101,张一,V1,东村,村社区,,,,,001,Z1,2026-01-01
        102,李二,V1,东村,村社区,,,,,404,Z1,
        103,王三,V1,东村,村社区,,,,,,,2027-01-01
        104,,V1,东村,村社区,,,2026-03-01,2026-02-01,,,
        105,甲,V1,东村,村社区,,,,2026-02-01,,,
        106,乙,V1,东村,村社区,,,2026-02-01,,106,,
        107,{long},V1,东村,村社区,,,31/31/2026,,,,
        1e15,丙,V1,东村,村社区,,,,,,,
    """),
    "absences": (staff, STAFF, """
        001,张,U1,东,镇街,,,2026-03-12,2026-03-13,,,
        002,李,U1,东,镇街,,,,,,,
    """),
    "days": (staff, STAFF, """
        101,张一,V1,东村,村社区,,,02/03/2026,,,,
        102,张一,V1,东村,村社区,,,17/02/2026,02/17/2026,,,
    """),
    "both orders": (staff, STAFF, """
        101,张一,V1,东村,村社区,,,02/17/2026,,,,
        102,张一,V1,东村,村社区,,,17/02/2026,,,,
    """),
    "no order": (staff, STAFF, """
        101,张一,V1,东村,村社区,,,02/03/2026,,,,
    """),
    "duties": (duties, DUTIES, """
        404,S1,网格员,,
        001,S0,网格员,,
        003,S2,网格员,,
        001,S1,网格联络员,2026-01-01,
        001,S1,没有,,
        001,329901001001,网格员,,
        001,S3,网格员,,
        001,S1,,,
        001,S1,网格员,2026-02-01,2026-01-01
    """),
    "periods": (duties, DUTIES, """
        001,329901001001001,网格员,2026-02-01,
        002,329901001001002,网格员,,2026-05-01
        002,329901001001002,网格员,2025-02-01,
        002,329901001001001,网格员,2026-02-01,2026-03-01
        002,329901001001001,网格员,2026-02-15,
        002,329901001001001,网格员,2026-02-15,2026-04-01
        002,329901001001001,网格员,2026-02-15,
        003,329901001001001,网格员,,
    """),
    "ended": (duties, DUTIES, """
        005,329901001001002,网格员,,2027-01-01
        004,329901001001002,网格员,2025-12-16 10:00,
    """),
    "vacancies": (duties, DUTIES, """
        001,329901001001001,网格员,,
        002,329901001001001,网格员,,
        003,329901001001001,网格员,2020-01-01,
    """),
    "matters": (catalogue, CATALOGUE, """
        M01,市政,井盖破损,U1,镇街,3个工作日,,0
        M01,市政,另一项,不存在,镇街,3个工作日,简易,0
        M02,市政,二,同名,县区,3,普通,0
        M07,市政,七,同名,县区,3天,普通,0
        M03,市政,三,,省,三十十天,普通,101
        M04,市政,四,,县区,3个月,普通,0
        M05,市政,五,,县区,99999天,普通,0
        M06,市政,六,,,快,普通,0
    """),
    "no procedure": (catalogue, "事项编码,领域,事项名称,处置层级", """
        M01,市政,一,镇街
    """),
    "versions": (a_second_catalogue, CATALOGUE, """
        M01,市政,井盖破损,U1,镇街,3个工作日,,0
        M02,市政,二,U1,县区,3个工作日,普通,0
    """),
    "addresses": (list_of_addresses, ADDRESSES, """
        一号,area 329901001,119.3,33.2,
        一号,area 329901001,119.3,33.2,
        ,,119.3,33.2,
        三号,没有镇,119.3,33.2,
        {long},,119.3,33.2,火星系
        五号,,,东经,
        六号,,119.3,95,
        七号,,0,0,
        八号,,1e9,1e9,EPSG:4549
        九号,,95,119,
    """),
    "no address": (list_of_addresses, ADDRESSES, """
        ,,,,
    """),
    "nothing good": (list_of_addresses, ADDRESSES, """
        ,,119,33,
    """),
    "many alike": (list_of_addresses, ADDRESSES, """
        ,,1,1,
        好,area 329901001,119.3,33.2,
        ,,1,1,
        ,,1,1,
        ,,1,1,
    """),
    "reports": (reports, REPORTS, """
        1,2026-03-01 08:05,,灯,,119.005,33.005,
        1,2026-03-01 08:05,,灯,,119.005,33.005,
        3,,,,,,,
        4,2026-03-01 08:05,2026-02-01,灯,,,,
        5,昨天,,灯,,119,,
        6,1700-01-01 00:00,,灯,,,,-3
        7,,,灯,{long}{long}长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长,东,,
        8,,,灯,,119.005,,
        9,9999-12-31 23:59,,灯,,,,
    """),
    "no good report": (reports, REPORTS, """
        3,,,,,,,
    """),
    "odd lengths": (staff, "工号,姓名,单位编码,备注,备注", """
        1,甲
        2,乙,U1,,,多
        3,丙,U1,,
    """),
    "a quotation mark": (with_quotation_marks, "工号,姓名,单位编码", """
        1,'甲,U1
        2,乙,U1
        3,丙',U1
    """),
    "no rows": (staff, STAFF, ""),
    "nothing": (staff, ",", ""),
    "a title": (staff, "人员名册", """
        工号,姓名,单位编码
        1,甲,
    """),
    "digits": (staff, "工号,姓名,单位编码", """
        320684101000000,甲,U1
        3206841010000000000,乙,U1
    """),
    "lost digits": (reports, REPORTS, """
        3.20684E+14,,,灯,,,,
        3.20684E+15,,,灯,,,,
    """),
    "zeros": (staff, "工号,姓名,单位编码", """
        0012,甲,U1
        13,乙,U1
    """),
}  # fmt: skip
"""What is read by what, its headings and its rows. {long} is a text longer than any name or address."""


def make_records(db: Session) -> None:
    """Two people on two grids, one of them away for good, and areas of which a code says too little."""
    ladder = make_ladder(db)
    unit, twin = make_unit(db, "U1"), make_unit(db, "U2", UnitKind.DEPARTMENT)
    unit.name = twin.name = "同名"
    one, two, three, four, five = (make_staff(db, f"00{at}", unit) for at in range(1, 6))
    three.left_on = NOW.date()
    make_absence(db, one, Range(NOW - timedelta(days=5), None))
    make_absence(db, two, Range(NOW - timedelta(days=5), None))
    make_duty(db, one, ladder["a"])
    make_duty(db, two, ladder["b"], held=Range(None, NOW + timedelta(days=1)))
    make_duty(db, four, ladder["b"], held=Range(NOW - timedelta(days=90), NOW - timedelta(days=9)))
    make_duty(db, five, ladder["b"], held=Range(None, NOW - timedelta(days=9)))
    for kind in (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED):
        make_area(db, "S1", kind, box(118, 30, 118.01, 30.01))
    make_area(db, "S2", AreaKind.VILLAGE, box(118, 30, 118.01, 30.01))
    make_area(db, "S3", AreaKind.SPECIALISED, box(118, 30, 118.01, 30.01), valid=Range(None, NOW))
    db.flush()
