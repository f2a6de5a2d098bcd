"""Rosters, catalogue and reports as offices send them: headings in Chinese, each office with its own habits."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np

from geo.crs import from_wgs84, to_wgs84
from shapefiles.channels import CHANNELS, Channel
from shapefiles.layers import SURVEY
from shapefiles.matters import read_catalogue
from shapefiles.mesh import Points
from shapefiles.people import Roster
from shapefiles.reports import Report
from shapefiles.tables import write_csv, write_xlsx

HEADINGS = {
    "external_number": "工单编号", "reported_at": "上报时间", "text": "问题描述", "address": "地址", "lon": "经度",
    "lat": "纬度", "matter": "事项编码", "reporter_name": "诉求人", "reporter_phone": "联系电话",
    "handled_at": "办理时间", "closed_at": "办结时间", "result": "处理结果",
}  # fmt: skip
CALLERS = ("reporter_name", "reporter_phone")

Clock = Callable[[datetime], object]


def _to_the_second(moment: datetime) -> object:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _iso(moment: datetime) -> object:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+08:00"


def _cell(moment: datetime) -> object:
    return moment


def _slashes(moment: datetime) -> object:
    return f"{moment:%Y/%m/%d %H:%M}"


def _short(moment: datetime) -> object:
    return f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02d}"


_CLOCKS: dict[str, Clock] = {
    "hotline": _to_the_second, "citizen": _iso, "worker": _cell, "patrol": _slashes, "superior": _short,
}  # fmt: skip


def write_staff(path: Path, roster: Roster) -> None:
    """Write the staff as the personnel office does: GB18030."""
    headings = ("工号", "姓名", "单位编码", "单位名称", "单位类型", "所属区划编码", "实际工作单位编码", "岗位", "电话",
                "执法证号", "证件类型", "证件有效期", "离岗开始", "离岗结束", "离岗原因", "代岗人工号")  # fmt: skip
    rows = [
        (one.number, one.name, one.unit.code, one.unit.name, one.unit.kind, one.unit.area, one.works_at, one.post,
         one.phone, one.certificate, one.certificate_kind, one.certificate_expires, one.away_from, one.away_until,
         one.away_reason, one.deputy)
        for one in roster.people.values()
    ]  # fmt: skip
    write_csv(path, headings, rows, encoding="gb18030")


def write_duties(path: Path, roster: Roster) -> None:
    """Write the duties: GB18030."""
    rows = [(duty.person, duty.area, duty.role, duty.since, duty.until) for duty in roster.duties]
    write_csv(path, ("工号", "区划编码", "角色", "起始日期", "截止日期"), rows, encoding="gb18030")


def write_catalogue(path: Path) -> None:
    """Write the catalogue as a workbook."""
    headings = ("事项编码", "领域", "事项名称", "主办部门", "协办部门", "处置层级", "时限", "程序", "执法人数")
    rows = [
        (one.code, one.field, one.name, one.lead, one.co_operating or None, one.level, one.limit, one.procedure,
         one.officers)
        for one in read_catalogue()
    ]  # fmt: skip
    write_xlsx(path, "权责清单", headings, rows)


def write_reports(folder: Path, reports: Sequence[Report]) -> list[tuple[Channel, Path]]:
    """Write one file for each channel, in its datum; return where. `reports` are in the order of the rows."""
    lonlat = stated_degrees(reports)
    written = []
    for channel in CHANNELS:
        own = [number for number, report in enumerate(reports) if report.channel == channel]
        x, y = from_wgs84(lonlat[own, 0], lonlat[own, 1], channel.datum)
        columns = [name for name in HEADINGS if channel.names_callers or name not in CALLERS]
        pairs = np.column_stack((x, y)).tolist()
        rows = [_row(reports[number], pair, columns) for number, pair in zip(own, pairs, strict=True)]
        written.append((channel, folder / channel.file))
        _write(folder / channel.file, [HEADINGS[name] for name in columns], rows)
    return written


def stated_degrees(reports: Sequence[Report]) -> Points:
    """Return (n, 2) the WGS-84 positions that the reports state; NaN for those that state none."""
    nowhere = (np.nan, np.nan)
    metres = np.array([report.stated or nowhere for report in reports])
    return np.column_stack(to_wgs84(metres[:, 0], metres[:, 1], SURVEY))


def _write(path: Path, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    match path.name:
        case "hotline.csv":
            write_csv(path, headings, rows, encoding="gb18030")
        case "citizen.csv":
            write_csv(path, headings, rows, encoding="utf-8-sig")
        case "patrol.csv":
            write_csv(path, headings, rows, encoding="utf-8", delimiter=";")
        case _:
            write_xlsx(path, "工单", headings, rows)


def _row(report: Report, at: list[float], columns: Sequence[str]) -> list[object]:
    clock = _CLOCKS[report.channel.name]
    lon, lat = _written_position(report, at)
    cells: dict[str, object] = {
        "external_number": report.number, "reported_at": clock(report.reported_at), "text": report.text,
        "address": report.address, "lon": lon, "lat": lat, "matter": report.matter_as_given or None,
        "reporter_name": report.caller, "reporter_phone": report.phone, "result": report.result or None,
        "handled_at": report.handled_at and clock(report.handled_at),
        "closed_at": report.closed_at and clock(report.closed_at),
    }  # fmt: skip
    cells.update({name: words for name, words in report.raw.items() if name in HEADINGS})
    return [cells[name] for name in columns]


def _written_position(report: Report, at: list[float]) -> tuple[object, object]:
    """Return the two cells: six decimals as maps give them, seven from workers' phones, all digits on a border."""
    if report.stated is None:
        return None, None
    lon, lat = reversed(at) if "swapped" in report.raw else at
    if "on-border" in report.faults:
        return repr(lon), repr(lat)  # as text: of a number, openpyxl writes 16 digits, one too few
    if report.channel.file.endswith(".xlsx"):
        decimals = 7 if report.channel.name == "worker" else 6
        return round(lon, decimals), round(lat, decimals)
    return f"{lon:.6f}", f"{lat:.6f}"


def day_of(until: date) -> date:
    """Return the day of a date or of a moment."""
    return until.date() if isinstance(until, datetime) else until
