"""The year of reports of the demonstration county, as its files have it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import STRtree

from geo.crs import local_metres, to_wgs84
from shapefiles import faults
from shapefiles.chance import stream
from shapefiles.channels import CHANNELS, REPORTS
from shapefiles.generate import UNTIL, Files
from shapefiles.reports import Year
from tests.shapefiles.conftest import Layers, read_table

Tables = dict[str, list[dict[str, Any]]]
"""The rows of each channel's file, as they stand in it."""
PLANE = local_metres(119.6, 33.25)


@dataclass
class Row:
    """A row of a report file together with its truth."""

    cells: dict[str, Any]
    truth: dict[str, str]
    datum: str

    def time(self, heading: str) -> datetime | None:
        value = self.cells[heading]
        if value in (None, ""):
            return None
        if isinstance(value, datetime):
            return value
        if value.count("/") == 2:
            return datetime.strptime(f"{value}Z", "%Y/%m/%d %H:%M%z").replace(tzinfo=None)
        return datetime.fromisoformat(value).replace(tzinfo=None)

    @property
    def faults(self) -> set[str]:
        return set(filter(None, self.truth["faults"].split(";")))


@pytest.fixture(scope="session")
def tables(files: Files) -> Tables:
    how = {"hotline": {"encoding": "gb18030"}, "patrol": {"delimiter": ";"}}
    return {file.channel: read_table(file.path, **how.get(file.channel, {})) for file in files.reports}


@pytest.fixture(scope="session")
def rows(files: Files, tables: Tables) -> list[Row]:
    truth = {(line["file"], int(line["row"])): line for line in read_table(files.truth[0])}
    return [
        Row(cells, truth[file.path.name, number], file.datum)
        for file in files.reports
        for number, cells in enumerate(tables[file.channel], start=1)
    ]


def test_there_are_13327_reports_from_five_channels_in_three_datums(
    files: Files, tables: Tables, rows: list[Row]
) -> None:
    assert len(rows) == REPORTS == 13_327
    assert {name: len(table) for name, table in tables.items()} == {one.name: one.rows for one in CHANNELS}
    assert [file.channel for file in files.reports] == ["hotline", "citizen", "worker", "patrol", "superior"]
    assert {file.datum for file in files.reports} == {"wgs84", "gcj02", "bd09"}


def test_every_office_writes_in_its_own_way(files: Files) -> None:
    content = {file.channel: file.path.read_bytes() for file in files.reports}
    with pytest.raises(UnicodeDecodeError):
        content["hotline"].decode("utf-8")
    assert content["citizen"].startswith(b"\xef\xbb\xbf")
    assert content["patrol"].split(b"\r\n")[0].count(b";") == 9
    assert content["worker"].startswith(b"PK")
    assert "工单编号,上报时间,问题描述,地址,经度,纬度,事项编码,诉求人,联系电话" in content["hotline"].decode("gb18030")


def with_position(rows: list[Row]) -> Iterator[tuple[Row, float, float]]:
    for row in rows:
        if row.truth["stated_lon"]:
            yield row, float(row.cells["经度"]), float(row.cells["纬度"])


def metres_apart(lon: Any, lat: Any, other_lon: Any, other_lat: Any) -> Any:
    x, y = PLANE.metres(np.asarray(lon), np.asarray(lat))
    other_x, other_y = PLANE.metres(np.asarray(other_lon), np.asarray(other_lat))
    return np.hypot(x - other_x, y - other_y)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_positions_are_in_the_datum_that_is_said(rows: list[Row], datum: str) -> None:
    placed = [(row, lon, lat) for row, lon, lat in with_position(rows) if row.datum == datum]
    lon, lat = np.array([lon for _, lon, _ in placed]), np.array([lat for _, _, lat in placed])
    truth = np.array([(float(row.truth["stated_lon"]), float(row.truth["stated_lat"])) for row, _, _ in placed])
    assert len(placed) > 3_000
    assert metres_apart(*to_wgs84(lon, lat, datum), *truth.T).max() < 0.5
    if datum != "wgs84":
        assert metres_apart(lon, lat, *truth.T).min() > 300


def test_the_truth_names_the_grid_that_covers_the_point_in_the_file(rows: list[Row], layers: Layers) -> None:
    grids, codes = layers.grids_in_degrees, layers.grids["网格编码"].to_numpy()
    placed = [(row, *to_wgs84(lon, lat, row.datum)) for row, lon, lat in with_position(rows)]
    clear = [(row, lon, lat) for row, lon, lat in placed if float(row.truth["border_m"]) > 0.5]
    points = shapely.points(np.array([(lon, lat) for _, lon, lat in clear]))
    at, grid = STRtree(grids).query(points, predicate="intersects")
    assert np.bincount(at).max() == 1
    found = dict(zip(at.tolist(), codes[grid], strict=True))
    assert len(clear) > 12_000
    for number, (row, _, _) in enumerate(clear):
        if row.truth["expect"] != "snapped":
            assert found.get(number, "") == row.truth["stated_grid"]
    assert len({row.truth["stated_grid"] for row, _, _ in clear}) > 850, "nearly every grid has reports"


def test_reports_on_a_border_lie_on_it_exactly_and_belong_to_the_smallest_code(rows: list[Row], layers: Layers) -> None:
    tree, codes = STRtree(layers.grids_in_degrees), layers.grids["网格编码"].to_numpy()
    shared = 0
    chosen = [row for row in rows if "on-border" in row.faults]
    for row in chosen:
        covering = tree.query(shapely.Point(float(row.cells["经度"]), float(row.cells["纬度"])), predicate="intersects")
        assert row.truth["stated_grid"] == min(codes[covering])
        assert float(row.truth["border_m"]) < 1e-6
        shared += len(covering) > 1
    assert len(chosen) == faults.COUNTS["on-border"]
    assert shared > 30, "a few stand on the county's own border"


def test_reports_outside_the_county_are_snapped_when_near_and_unlocated_when_far(rows: list[Row]) -> None:
    near = [row for row in rows if "just-outside" in row.faults]
    far = [row for row in rows if "far-outside" in row.faults]
    assert {row.truth["expect"] for row in near} == {"snapped"}
    assert all(row.truth["stated_grid"] and float(row.truth["border_m"]) < 30 for row in near)
    assert {row.truth["expect"] for row in far} == {"unlocated"}
    assert all(not row.truth["stated_grid"] and float(row.truth["border_m"]) > 30 for row in far)


def test_there_are_as_many_faults_as_documented(rows: list[Row], summary: dict[str, Any]) -> None:
    counted = Counter(fault for row in rows for fault in row.faults)
    assert counted == faults.COUNTS
    assert {fault: len(listed) for fault, listed in summary["faults"].items()} == faults.COUNTS
    expected = Counter(row.truth["expect"] for row in rows)
    assert expected == summary["expect"]
    assert (expected["refused"], expected["repeated"], expected["invalid"]) == (12, 64, 15)


def test_refused_rows_are_malformed_and_no_others_are(rows: list[Row]) -> None:
    def is_malformed(row: Row) -> bool:
        try:
            row.time("上报时间")
            row.cells["经度"] in (None, "") or float(row.cells["经度"])
        except ValueError:
            return True
        return not row.cells["问题描述"]

    assert all(is_malformed(row) == (row.truth["expect"] == "refused") for row in rows)


def test_a_number_is_repeated_only_where_a_row_was_sent_again(tables: Tables, rows: list[Row]) -> None:
    for name, table in tables.items():
        numbers = [cells["工单编号"] for cells in table]
        assert len(numbers) - len(set(numbers)) == faults.RESENT_ROWS.get(name, 0)
    seen: dict[str, Row] = {}
    for row in rows:
        first = seen.setdefault(row.cells["工单编号"], row)
        assert (first is row) == (row.truth["expect"] != "repeated"), "the one sent again comes later in the file"
        if "resent" in row.faults:
            assert row.cells == first.cells
        if "resent-changed" in row.faults:
            assert row.cells["问题描述"].startswith(first.cells["问题描述"])
            assert row.cells["问题描述"] != first.cells["问题描述"]


def test_a_problem_reported_twice_was_reported_nearby_shortly_before(rows: list[Row]) -> None:
    """Known by the place where it really happened, the kind of matter being the same."""
    points = np.array([(float(row.truth["lon"]), float(row.truth["lat"])) for row in rows])
    x, y = PLANE.metres(*points.T)
    tree = STRtree(shapely.points(x, y))
    for number, row in enumerate(rows):
        moment = row.time("上报时间") if "reported-twice" in row.faults else None
        if moment is None:
            continue
        near = tree.query(shapely.Point(x[number], y[number]), predicate="dwithin", distance=60)
        times = [
            other.time("上报时间") for other in (rows[index] for index in near) if other.truth["expect"] != "refused"
        ]
        assert any(timedelta(0) < moment - time < timedelta(days=3, minutes=2) for time in times if time)


def test_coordinates_are_missing_in_about_four_percent(rows: list[Row]) -> None:
    missing = [row for row in rows if row.cells["经度"] in (None, "") and row.cells["纬度"] in (None, "")]
    assert len(missing) == faults.COUNTS["missing-coordinates"]
    assert 0.035 < len(missing) / len(rows) < 0.045


def test_several_hundred_calls_and_no_others_are_pinned_to_one_point(tables: Tables) -> None:
    pairs = Counter((cells["经度"], cells["纬度"]) for cells in tables["hotline"] if cells["经度"])
    (_, most), (_, second) = pairs.most_common(2)
    assert most == faults.COUNTS["default-point"] == 420
    assert second <= 3


def test_sixty_reports_are_of_the_last_day_and_open(rows: list[Row]) -> None:
    today = [row for row in rows if str(row.cells["上报时间"]).replace("/", "-")[:10] == UNTIL.isoformat()]
    assert len(today) == 60
    assert len({row.cells["工单编号"][:2] for row in today}) == 5
    assert not any(row.cells["办理时间"] or row.cells["办结时间"] or row.cells["处理结果"] for row in today)


def test_a_year_of_reports_is_closed_for_the_most_part_in_good_order(rows: list[Row]) -> None:
    sound = [row for row in rows if row.truth["expect"] != "refused"]
    begun, closed, hours = [], 0, defaultdict(list)
    for row in sound:
        reported, handled, ended = (row.time(heading) for heading in ("上报时间", "办理时间", "办结时间"))
        assert reported
        begun.append(reported.date())
        closed += ended is not None
        assert not ended or handled
        if handled:
            assert reported <= handled <= (ended or handled)
            assert (ended or handled).date() <= UNTIL
            hours[row.truth["grid"][:9]].append((handled - reported) / timedelta(hours=1))
    assert (min(begun), max(begun)) == (UNTIL - timedelta(days=364), UNTIL)
    assert 0.91 < closed / len(sound) < 0.94
    medians = sorted(median(each) for each in hours.values())
    assert medians[-1] > 1.7 * medians[0], "townships differ in pace"
    days = [UNTIL - timedelta(days=back) for back in (1, 2)]
    recent = [row for row in sound if (moment := row.time("上报时间")) and moment.date() in days]
    assert sum(row.time("办结时间") is None for row in recent) > len(recent) / 2


def test_reports_follow_the_seasons_and_the_hours_of_their_channel(rows: list[Row]) -> None:
    moments = [(row, moment) for row in rows if row.truth["expect"] == "located" and (moment := row.time("上报时间"))]
    burning = Counter(moment.month for row, moment in moments if "秸秆" in row.cells["问题描述"])
    assert burning[6] > 5 * max(burning[1], 1)
    orders = [moment for row, moment in moments if row.truth["file"] == "superior.xlsx" and moment.date() != UNTIL]
    assert all(8 <= moment.hour < 18 for moment in orders)
    assert sum(moment.weekday() > 4 for moment in orders) < 0.05 * len(orders)


def test_there_are_clusters_where_it_is_said(rows: list[Row], layers: Layers, summary: dict[str, Any]) -> None:
    assert len(summary["clusters"]) == 10
    assert min(summary["clusters"].values()) > 40
    market = layers.specialised.set_index("网格名称").geometry["望湖农贸市场"].centroid
    own = [row.truth for row in rows if row.truth["cluster"] == "market"]
    lon, lat = (np.array([float(truth[axis]) for truth in own]) for axis in ("lon", "lat"))
    assert np.median(metres_apart(lon, lat, market.x, market.y)) < 80


def test_addresses_agree_with_where_it_happened(rows: list[Row], layers: Layers) -> None:
    villages = dict(zip(layers.villages["村社区编码"], layers.villages["村社区名称"], strict=True))
    townships = dict(zip(layers.townships["镇街编码"], layers.townships["镇街名称"], strict=True))
    for row in rows:
        grid = row.truth["grid"]
        said = f"{townships[grid[:9]]}{villages[grid[:12]]}"
        assert said in row.cells["地址"] or "on-border" in row.faults


def test_callers_are_named_by_citizens_alone_and_their_numbers_are_unreal(tables: Tables) -> None:
    for name in ("hotline", "citizen"):
        assert all(cells["联系电话"].startswith("19900") and len(cells["联系电话"]) == 11 for cells in tables[name])
        assert len({cells["诉求人"] for cells in tables[name]}) > 500
    assert all("诉求人" not in tables[name][0] for name in ("worker", "patrol", "superior"))


def test_nothing_happens_after_a_last_moment() -> None:
    now = datetime.fromisoformat("2026-10-31T09:30")
    year = Year(now, stream(1, "moments"))
    today = [year.moment_of_last_day(CHANNELS[0]) for _ in range(500)]
    assert max(today) <= now
    assert min(today).date() == now.date()
    assert len(set(today)) > 450
    before = [year.moment(CHANNELS[0], (1.0,) * 12) for _ in range(500)]
    assert max(before).date() < now.date()
    assert min(before) >= datetime.fromisoformat("2025-11-01")


def test_reports_name_matters_of_the_catalogue_or_none(files: Files, tables: Tables) -> None:
    matters = {matter[key] for matter in read_table(files.catalogue) for key in ("事项编码", "事项名称")}
    given = Counter(cells["事项编码"] or "" for table in tables.values() for cells in table)
    assert set(given) - {""} <= matters
    assert 500 < given[""] < 1_500, "citizens often do not say"
    assert len({cells["事项编码"] for cells in tables["worker"]}) > 80
