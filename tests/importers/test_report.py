"""The report of an import, and the sentences of its refusals."""

import json

import pytest
from shapely.geometry import box

from geo.coverage import Finding
from importers import errors
from importers.errors import MissingColumn, ReadError
from importers.report import Detected, ImportReport, Problem, Severity


def some_finding(severity: Severity = "block") -> Finding:
    return Finding("overlap", ("A-01", "A-02"), (3, 4), 12.5, box(0, 0, 1, 1), "A-01 and A-02 share 12.5 m²", severity)


def error_classes(root: type[ReadError] = ReadError) -> list[type[ReadError]]:
    return [root, *(found for child in root.__subclasses__() for found in error_classes(child))]


def test_the_json_has_the_keys_of_the_contract():
    columns = {"code": "WGBM"}
    report = ImportReport(
        "grids.zip",
        Detected("GB18030", "EPSG:4549", "wgs84", columns),
        rows=2,
        loaded=1,
        problems=[Problem(2, "name", "empty", "empty")],
        findings=[some_finding()],
    )
    told = json.loads(json.dumps(report.to_json()))
    assert told["file"] == "grids.zip"
    assert told["detected"] == {"encoding": "GB18030", "crs": "EPSG:4549", "datum": "wgs84", "columns": columns}
    assert (told["rows"], told["loaded"]) == (2, 1)
    assert told["problems"] == [{"row": 2, "field": "name", "code": "empty", "message": "empty", "severity": "block"}]
    assert told["findings"][0]["geometry"]["type"] == "Polygon"
    assert told["findings"][0]["codes"] == ["A-01", "A-02"]


def test_the_written_report_is_json_with_chinese_left_readable(tmp_path):
    ImportReport("网格.zip").write(tmp_path / "out.json")
    assert "网格.zip" in (tmp_path / "out.json").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["rows"] == 0


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem(17, "NAME", "empty", "empty"), "row 17, NAME: empty"),
        (Problem(17, None, "short", "too few cells"), "row 17: too few cells"),
        (Problem(None, "code", "missing-column", "no such column"), "code: no such column"),
        (Problem(None, None, "x", "odd", "warn"), "warning: odd"),
    ],
)
def test_a_problem_reads_like_a_colleague(problem, line):
    assert problem.line() == line


def test_warnings_do_not_block_but_blocking_findings_do():
    assert not ImportReport("a", problems=[Problem(1, None, "x", "x", "warn")]).blocks
    assert not ImportReport("a", findings=[some_finding("warn")]).blocks
    assert ImportReport("a", findings=[some_finding()]).blocks
    assert ImportReport("a", problems=[Problem(1, None, "x", "x")]).blocks


def test_the_lines_say_what_was_detected_what_is_wrong_and_what_happened():
    report = ImportReport(
        "grids.zip",
        Detected("GB18030", columns={"code": "WGBM"}, unused=("BZ",)),
        rows=3,
        problems=[Problem(1, "name", "empty", "empty")],
        findings=[some_finding()],
    )
    said = list(report.lines())
    assert "encoding: GB18030" in said
    assert "columns: code=WGBM" in said
    assert "columns not used: BZ" in said
    assert "row 1, name: empty" in said
    assert "rows 3, 4: A-01 and A-02 share 12.5 m²" in said
    assert said[-1].startswith("nothing was loaded")


def test_many_problems_of_one_kind_are_counted_after_the_first_few():
    report = ImportReport("a", problems=[Problem(n, "x", "empty", "empty") for n in range(1, 101)])
    said = list(report.lines(per_kind=5))
    assert "row 5, x: empty" in said
    assert "row 6, x: empty" not in said
    assert "… and 95 more of “empty”" in said


def test_a_dry_run_says_how_to_load_and_a_commit_says_what_was_loaded():
    assert "--commit" in ImportReport("a", rows=2, loaded=2).outcome()
    assert ImportReport("a", rows=2, loaded=2, committed=True).outcome() == "loaded 2 of 2 rows"


def test_a_refused_file_is_a_report_that_blocks():
    error = MissingColumn("/srv/uploads/a.zip", missing=("code",), headings=("A", "B"), example="code")
    report = ImportReport.refused("/srv/uploads/a.zip", error)
    assert report.blocks
    assert report.file == "a.zip"
    assert report.problems[0].code == "missing-column"
    assert "A, B" in report.problems[0].message
    assert "/srv" not in json.dumps(report.to_json())


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_refusal_has_its_own_sentence_and_code(kind):
    facts = dict.fromkeys(kind.spoken_facts() - {"file"}, "…")
    said = str(kind("grids.zip", **facts))
    assert "{" not in said
    assert said.endswith((".", "…"))
    assert sum(other.code == kind.code for other in error_classes()) == 1


def test_a_refusal_without_its_facts_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="crs, reason"):
        errors.CrsUnusable("a.shp")


def test_a_brace_in_a_heading_does_not_break_the_sentence():
    assert "{x}" in str(MissingColumn("a.csv", missing=("code",), headings=("{x}",), example="code"))
