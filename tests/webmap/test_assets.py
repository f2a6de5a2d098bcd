"""Scripts and styles: from here alone, an exact list of them, and kept for ever under their digest."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask

from database.settings import ROOT
from tests.webmap.conftest import Visitor
from webmap import assets
from webmap.assets import ALLOWED, STATIC, AssetsMissing, Shelf, asset_url, static_url


@pytest.mark.usefixtures("asked")
def test_every_allowed_file_is_installed_and_served(client: Visitor) -> None:
    for package, files in ALLOWED.items():
        for file in files:
            response = client.get(asset_url(package, file))
            assert response.status_code == 200, f"{package}/{file}: run make setup"
            assert response.data


def test_every_allowed_package_is_declared_with_its_exact_version() -> None:
    declared = (ROOT / "package.json").read_text(encoding="utf-8")
    for package in ALLOWED:
        assert re.search(rf'"{re.escape(package)}": "\d+\.\d+\.\d+"', declared), package


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "file", ["package.json", "dist/leaflet-src.js", "../leaflet.heat/package.json", "dist/../package.json"]
)
def test_no_other_file_of_a_package_can_be_had(client: Visitor, file: str) -> None:
    digest = asset_url("leaflet", "dist/leaflet.js").split("/")[3]
    assert client.get(f"/assets/leaflet/{digest}/{file}").status_code == 404


@pytest.mark.parametrize(
    "address", ["/assets/evil/x/index.js", "/static/x/../app.py", "/static/x/%2e%2e/app.py", "/static/x/css"]
)
def test_nothing_outside_the_folders_can_be_had(client: Visitor, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.usefixtures("asked")
def test_a_file_is_kept_for_ever_under_its_digest_and_asked_for_again_under_another(client: Visitor) -> None:
    url = static_url("css/base.css")
    assert client.get(url).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    old = re.sub(r"/static/\w+/", "/static/000000000000/", url)
    assert client.get(old).headers["Cache-Control"] == "no-cache"


@pytest.mark.usefixtures("asked")
def test_an_unchanged_file_costs_no_second_transfer(client: Visitor) -> None:
    url = static_url("css/base.css")
    again = client.get(url, headers={"If-None-Match": client.get(url).headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.usefixtures("asked")
def test_text_travels_compressed_and_arrives_the_same(client: Visitor) -> None:
    response = client.get(asset_url("leaflet", "dist/leaflet.js"), headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    original = (ROOT / "node_modules/leaflet/dist/leaflet.js").read_bytes()
    assert hashlib.sha256(gzip.decompress(response.data)).digest() == hashlib.sha256(original).digest()
    assert len(response.data) < len(original) / 3


@pytest.mark.usefixtures("asked")
def test_files_set_no_cookie_so_that_proxies_may_keep_them(client: Visitor) -> None:
    client.get("/")
    response = client.get(static_url("js/base.js"))
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers["Vary"]


def test_the_digest_changes_with_any_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Shelf(tmp_path, ["a.css"]).digest
    (tmp_path / "a.css").write_text("b{}")
    assert Shelf(tmp_path, ["a.css"]).digest != before


def test_a_missing_installation_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match="make setup"):
        _ = Shelf(tmp_path / "leaflet", ["dist/leaflet.js"]).digest


def test_nothing_we_serve_names_another_machine() -> None:
    ours = [
        path
        for path in [*STATIC.rglob("*"), *(ROOT / "webmap").rglob("*.html")]
        if path.suffix in (".js", ".css", ".html", ".svg")
    ]
    assert len(ours) > 20
    for path in ours:
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path


def test_no_template_carries_inline_script_style_or_handlers() -> None:
    for path in (ROOT / "webmap").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<[^>]*\s(on[a-z]+|style)=", text), path
        for opening in re.findall(r"<(?:script|style)\b[^>]*>", text):
            assert "src=" in opening or "nonce=" in opening or 'type="application/json"' in opening, (path, opening)


def test_the_list_of_map_modules_is_the_folder(app: Flask) -> None:
    from webmap.maps import MODULES

    assert app
    assert sorted(MODULES) == sorted(path.stem for path in (STATIC / "js" / "map").glob("*.js"))
    assert assets.STATIC.is_dir()
