"""The staff, their duties and the catalogue of the demonstration county, as their files have them."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from shapefiles.generate import UNTIL, Files
from tests.shapefiles.conftest import Layers, read_gb18030, read_table


def test_the_catalogue_has_at_least_86_matters_in_8_fields_led_by_units_that_exist(files: Files) -> None:
    matters = read_table(files.catalogue)
    units = {row["单位名称"] for row in read_gb18030(files.staff)}
    assert len(matters) >= 86
    assert (
        len({matter["事项编码"] for matter in matters})
        == len({matter["事项名称"] for matter in matters})
        == len(matters)
    )
    assert len({matter["领域"] for matter in matters}) == 8
    assert {matter["处置层级"] for matter in matters} == {"村社区", "镇街", "县区"}
    assert {matter["程序"] for matter in matters} == {"简易", "普通"}
    for matter in matters:
        assert {matter["主办部门"], *filter(None, (matter["协办部门"] or "").split(";"))} <= units


def test_staff_are_numbered_once_and_every_unit_they_speak_of_exists(files: Files, layers: Layers) -> None:
    staff = read_gb18030(files.staff)
    numbers = {row["工号"] for row in staff}
    units = {row["单位编码"] for row in staff}
    areas = {"329901", *layers.townships["镇街编码"], *layers.villages["村社区编码"]}
    assert len(numbers) == len(staff) == len({row["电话"] for row in staff})
    assert all(row["电话"].startswith("19900") for row in staff)
    assert {row["实际工作单位编码"] for row in staff} - {""} <= units
    assert {row["代岗人工号"] for row in staff} - {""} <= numbers
    assert {row["所属区划编码"] for row in staff} == areas
    kinds = Counter(kind for _, kind in {(row["单位编码"], row["单位类型"]) for row in staff})
    assert kinds == {"县区中心": 1, "镇街": 14, "村社区": 250, "部门": 21, "专业队伍": 6}


def test_duties_name_staff_and_areas_that_exist_and_no_grid_has_two_workers_at_once(
    files: Files, layers: Layers
) -> None:
    duties = read_gb18030(files.duties)
    assert {duty["工号"] for duty in duties} <= {row["工号"] for row in read_gb18030(files.staff)}
    grids, special = set(layers.grids["网格编码"]), set(layers.specialised["网格编码"])
    assert {duty["区划编码"] for duty in duties} <= grids | special | set(layers.villages["村社区编码"])
    assert {duty["角色"] for duty in duties} == {"网格员", "B岗", "网格联络员", "社区民警", "支援力量"}
    terms = defaultdict(list)
    for duty in duties:
        if duty["角色"] == "网格员":
            end = date.fromisoformat(duty["截止日期"]) if duty["截止日期"] else date.max
            terms[duty["区划编码"]].append((date.fromisoformat(duty["起始日期"]), end))
    for each in terms.values():
        each.sort()
        assert all(first[1] < second[0] for first, second in pairwise(each))
    assert sum(len(each) > 1 for each in terms.values()) >= 40


def test_the_roster_has_the_flaws_that_real_ones_have(files: Files, layers: Layers, summary: dict[str, Any]) -> None:
    staff, duties = read_gb18030(files.staff), read_gb18030(files.duties)
    today = UNTIL.isoformat()
    held = {(duty["区划编码"], duty["角色"]) for duty in duties if not duty["截止日期"]}
    vacant = {code for code in layers.grids["网格编码"] if (code, "网格员") not in held}
    assert vacant == set(summary["grids_without_worker"])
    assert len(vacant) == 14
    assert len(summary["villages_without_liaison"]) == 3
    assert {code[:12] for code in vacant} >= set(summary["villages_without_liaison"]), "there only the township is left"
    assert len(summary["specialised_without_worker"]) == 2
    away = [row for row in staff if row["离岗开始"] and row["离岗开始"] <= today <= row["离岗结束"]]
    assert {row["工号"] for row in away} == set(summary["away_at_the_end"])
    assert len(away) >= 28
    assert 0 < sum(row["代岗人工号"] == "" for row in away) < len(away) / 2 + 8
    officers = [row for row in staff if row["岗位"] == "执法队员"]
    assert any(not row["执法证号"] for row in officers), "posts without holders"
    assert any(row["执法证号"] and row["岗位"] == "内勤" for row in staff), "holders not on the post"
    assert any(row["证件有效期"] and row["证件有效期"] < today for row in officers)
    assert sum(bool(row["实际工作单位编码"]) for row in staff) > 300, "many belong to one unit and work in another"


def test_a_worker_of_a_grid_that_changed_hands_follows_the_day_after(files: Files) -> None:
    ends = {duty["区划编码"]: duty["截止日期"] for duty in read_gb18030(files.duties) if duty["截止日期"]}
    for duty in read_gb18030(files.duties):
        if duty["角色"] == "网格员" and duty["区划编码"] in ends and not duty["截止日期"]:
            before = date.fromisoformat(ends[duty["区划编码"]])
            assert date.fromisoformat(duty["起始日期"]) == before + timedelta(days=1)
