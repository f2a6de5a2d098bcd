"""`flask geocode`, `flask geocode-file` and `GET /geocode`, from an imported list to a placed text."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from shapely.geometry import box

from database.session import session_for
from database.settings import Settings
from geo.address_models import AddressAlias
from geo.codes import AreaKind
from importers import geocode_file as geocoding
from tests.factories import NOW, make_area
from tests.importers.written import write_csv
from webmap.accounts import Account, ApiToken
from webmap.aliases_commands import commands as aliases
from webmap.api.documents import document
from webmap.app import create_app
from webmap.geocode_commands import commands as geocode
from webmap.geocode_file_commands import commands as geocode_file
from webmap.identity import token_digest
from webmap.import_commands import commands as importing
from webmap.passwords import hash_password
from webmap.permissions import Role

ADDED = ["lon", "lat", "accuracy", "confidence", "matched", "grid", "township", "status"]
TOWN, VILLAGE, WEST, EAST = "321023100", "321023100001", "321023100001001", "321023100001002"
LIST = (
    "安宜镇白田中路2号,119.3010,33.2050,安宜镇", "安宜镇白田中路6号,119.3030,33.2050,安宜镇",
    "安宜镇白田中路10号,119.3050,33.2050,安宜镇", "安宜镇人民医院,119.3150,33.2050,安宜镇",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A township of one village with two grids, and an address list imported by the command."""
    data = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data=data, database_url=database_url, secret_key="a secret for tests only"))
    here = app.extensions["wangge"]
    with session_for(here.engine) as db:
        whole = box(119.3, 33.2, 119.32, 33.21)
        town = make_area(db, TOWN, AreaKind.TOWNSHIP, whole, name="安宜镇")
        village = make_area(db, VILLAGE, AreaKind.VILLAGE, whole, name="城中社区", parent=town)
        for code, outline in ((WEST, box(119.3, 33.2, 119.31, 33.21)), (EAST, box(119.31, 33.2, 119.32, 33.21))):
            make_area(db, code, AreaKind.COMPREHENSIVE, outline, parent=village)
        account = Account(
            name="clerk", display_name="clerk", role=Role.COUNTY_DISPATCHER, password_hash=hash_password("long enough")
        )
        db.add(account)
        db.flush()
        db.add(ApiToken(account_id=account.id, digest=token_digest("clerk"), purpose="test", created_at=NOW))
        db.commit()
    file = write_csv(data / "list.csv", "标准地址,经度,纬度,镇街", *LIST)
    result = run(app, importing, "addresses", file, "--commit")
    assert result.exit_code == 0, result.output
    assert "loaded 4 of 4 rows" in result.output
    yield app
    here.close()


def run(app: Flask, command: click.Command, *arguments: object) -> Result:
    said = [str(argument) for argument in arguments]
    return CliRunner().invoke(command, said, obj=ScriptInfo(create_app=lambda: app))


def look(app: Flask, text: str) -> Any:
    result = run(app, geocode, text)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def place(app: Flask, folder: Path, *texts: str) -> list[dict[str, str]]:
    """Geocode a file of these texts and return the rows as they come out."""
    source = write_csv(folder / "in.csv", "编号,地址", *(f"{at},{text}" for at, text in enumerate(texts, 1)))
    result = run(app, geocode_file, source, folder / "out.csv", "--text", "地址")
    assert result.exit_code == 0, result.output
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- one text ---------------------------------------------------------------------------------------------------


def test_an_import_leaves_an_index_that_servers_open(app: Flask):
    cache = app.extensions["wangge"].settings.data / "cache" / "addresses"
    assert len([each for each in cache.iterdir() if each.is_dir()]) == 1


def test_one_text_is_answered_in_full_as_json(app: Flask):
    said = look(app, "安宜镇人民医院门口有人摆摊")
    assert (said["status"], said["rule"], said["township"]) == ("placed", "certain-point", "安宜镇")
    best = said["candidates"][0]
    assert (best["lon"], best["lat"]) == pytest.approx((119.315, 33.205), abs=1e-4)
    assert best["grid"] == {"code": EAST, "name": f"area {EAST}"}
    assert best["township"] == {"code": TOWN, "name": "安宜镇"}
    assert best["matched"] == "安宜镇人民医院"
    assert best["reasons"] and said["why"]
    assert all(said["text"][piece["start"] : piece["end"]] == piece["text"] for piece in best["pieces"])


def test_a_text_that_names_an_area_alone_is_left_to_a_person(app: Flask):
    said = look(app, "安宜镇城中社区有人反映路灯不亮")
    assert said["status"] == "candidates"
    assert said["rule"] == "only-an-area"
    best = said["candidates"][0]
    assert (best["accuracy"], best["grid"], best["grids"]) == ("village", None, 2)
    assert best["area"] == {"code": VILLAGE, "name": "城中社区"}


def test_a_text_that_names_nothing_is_unplaced_and_says_so(app: Flask):
    said = look(app, "有人反映噪音扰民")
    assert (said["status"], said["rule"], said["candidates"]) == ("unplaced", "nothing-found", [])
    assert said["why"]


def test_an_empty_text_is_wrong_usage(app: Flask):
    assert run(app, geocode, " ").exit_code == 2


def test_a_setting_that_names_no_online_service_is_told_to_whoever_asks(app: Flask, monkeypatch: pytest.MonkeyPatch):
    here = app.extensions["wangge"]
    monkeypatch.setattr(here, "settings", replace(here.settings, online_geocoder="nobody"))
    monkeypatch.delitem(vars(here), "_online", raising=False)
    result = run(app, geocode, "安宜镇人民医院")
    assert result.exit_code == 1
    assert "ONLINE_GEOCODER does not describe a service" in result.output


# --- a file -----------------------------------------------------------------------------------------------------


def test_rows_come_back_in_their_order_with_what_was_found(app: Flask, tmp_path: Path):
    rows = place(app, tmp_path, "安宜镇人民医院", "安宜镇城中社区", "", "噪音扰民", "白田中路6号")
    assert [row["编号"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert list(rows[0]) == ["编号", "地址", *ADDED]
    assert [row["status"] for row in rows] == ["placed", "candidates", "unplaced", "unplaced", "placed"]
    assert (rows[0]["grid"], rows[0]["township"]) == (EAST, TOWN)
    assert (float(rows[0]["lon"]), float(rows[0]["lat"])) == pytest.approx((119.315, 33.205), abs=1e-4)
    assert (rows[4]["grid"], rows[4]["matched"]) == (WEST, "安宜镇白田中路6号")


def test_an_area_is_never_given_as_a_point_or_a_grid(app: Flask, tmp_path: Path):
    [row] = place(app, tmp_path, "安宜镇城中社区")
    assert (row["lon"], row["lat"], row["grid"]) == ("", "", "")
    assert (row["accuracy"], row["matched"], row["township"]) == ("village", "安宜镇城中社区", TOWN)


def test_a_file_agrees_with_one_text_at_a_time(app: Flask, tmp_path: Path):
    texts = ("白田中路4号", "白田中路", "人民医院对面", "安宜镇")
    for text, row in zip(texts, place(app, tmp_path, *texts), strict=True):
        said = look(app, text)
        assert row["status"] == said["status"], text
        assert row["accuracy"] == said["candidates"][0]["accuracy"], text
        assert float(row["confidence"]) == pytest.approx(said["candidates"][0]["confidence"], abs=0.001), text


@pytest.mark.parametrize(("encoding", "delimiter"), [("gb18030", ";"), ("utf-8-sig", "\t"), ("utf-16", ",")])
def test_any_table_is_read(app: Flask, tmp_path: Path, encoding: str, delimiter: str):
    source = write_csv(tmp_path / "in.csv", "编号,事发地址", "1,安宜镇人民医院", encoding=encoding, delimiter=delimiter)
    result = run(app, geocode_file, source, tmp_path / "out.csv", "--text", "事发地址")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].endswith(f"{EAST},{TOWN},placed")
    assert f"{tmp_path / 'out.csv'}: 1 rows, 1 placed" in result.output


def test_a_long_file_is_written_by_the_chunk(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(geocoding, "CHUNK", 3)
    rows = place(app, tmp_path, *["安宜镇人民医院", "白田中路6号"] * 5)
    assert [row["编号"] for row in rows] == [str(at) for at in range(1, 11)]
    assert {row["status"] for row in rows} == {"placed"}


def test_a_column_that_is_not_there_is_named_with_those_that_are(app: Flask, tmp_path: Path):
    source = write_csv(tmp_path / "in.csv", "编号,地址", "1,安宜镇人民医院")
    result = run(app, geocode_file, source, tmp_path / "out.csv", "--text", "位置")
    assert result.exit_code == 1
    assert "位置" in result.output and "地址" in result.output
    assert not (tmp_path / "out.csv").exists()


def test_a_row_with_too_many_cells_stops_before_anything_is_written(app: Flask, tmp_path: Path):
    source = write_csv(tmp_path / "in.csv", "编号,地址", "1,安宜镇人民医院", "2,安宜镇人民医院,门口")
    result = run(app, geocode_file, source, tmp_path / "out.csv", "--text", "地址")
    assert result.exit_code == 1
    assert "row 2 has 3 cells under 2 headings" in result.output
    assert list(tmp_path.glob("*out.csv*")) == []


def test_a_file_is_not_written_over_itself(app: Flask, tmp_path: Path):
    source = write_csv(tmp_path / "in.csv", "编号,地址", "1,安宜镇人民医院")
    assert run(app, geocode_file, source, source, "--text", "地址").exit_code == 2


# --- the API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer clerk"
    return client


@pytest.mark.parametrize("text", ["安宜镇人民医院", "白田中路", "安宜镇城中社区", "噪音扰民"])
def test_the_api_answers_as_the_command_does_and_as_documented(app: Flask, clerk: FlaskClient, text: str):
    response = clerk.get("/api/v1/geocode", query_string={"text": text})
    assert response.status_code == 200, response.text
    assert response.json == look(app, text)
    described = document(app)
    told = described["paths"]["/api/v1/geocode"]["get"]["responses"]["200"]["content"]["application/json"]
    jsonschema.validate(response.json, {"$ref": told["schema"]["$ref"], "components": described["components"]})


def test_the_api_wants_a_text_and_an_account(app: Flask, clerk: FlaskClient):
    assert clerk.get("/api/v1/geocode").status_code == 422
    assert clerk.get("/api/v1/geocode", query_string={"text": "长" * 501}).status_code == 422
    assert app.test_client().get("/api/v1/geocode", query_string={"text": "安宜镇"}).status_code == 401


def test_a_correction_counts_for_the_next_question_until_it_is_withdrawn(app: Flask, clerk: FlaskClient):
    asked = {"text": "老供销社门口"}
    assert clerk.get("/api/v1/geocode", query_string=asked).json["status"] == "unplaced"
    with session_for(app.extensions["wangge"].engine) as db:
        db.add(AddressAlias(text="老供销社", name="老供销社", point="SRID=4326;POINT(119.305 33.203)", kept_at=NOW,
                            kept_by="clerk"))  # fmt: skip
        db.commit()
    answer = clerk.get("/api/v1/geocode", query_string=asked).json
    assert answer["status"] == "placed"
    assert answer["candidates"][0]["grid"]["code"] == WEST
    shown = run(app, aliases, "list", "供销社").output
    assert "老供销社  →  老供销社 (119.305000, 33.203000)" in shown
    number = shown.split()[0]
    assert run(app, aliases, "withdraw", number).exit_code == 0
    assert clerk.get("/api/v1/geocode", query_string=asked).json["status"] == "unplaced"
    assert run(app, aliases, "list").output == ""
    assert "There is no alias" in run(app, aliases, "withdraw", number).output
