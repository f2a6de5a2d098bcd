"""Files damaged by chance, in a repeatable way: each is read or refused, nothing else happens."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from importers.errors import ReadError
from importers.layers import read_layer
from importers.tables import read_table
from tests.importers.shapefiles import square, write_shapefile, zipped

TIMES = 60


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut the content off, or spoil a few of its bytes, most often near the beginning."""
    if chance.random() < 0.3:
        return content[: chance.randrange(len(content))]
    spoilt = bytearray(content)
    for _ in range(chance.choice([1, 2, 20])):
        at = chance.randrange(min(len(spoilt), chance.choice([40, 120, len(spoilt)])))
        spoilt[at] = chance.choice([0, 255, chance.randrange(256)])
    return bytes(spoilt)


def layer(folder: Path) -> Path:
    return write_shapefile(folder / "grids", [[square(119.5 + n / 100, 32.5)] for n in range(8)])


def zipped_layer(folder: Path) -> Path:
    return zipped(layer(folder))


def geojson(folder: Path) -> Path:
    ring = [[119.5, 32.5], [119.6, 32.5], [119.6, 32.6], [119.5, 32.5]]
    feature = {"type": "Feature", "properties": {"编码": "1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (folder / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    return folder / "a.geojson"


def workbook(folder: Path) -> Path:
    book = Workbook()
    for n in range(30):
        book.active.append([n, f"第{n}网格"])
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def text_table(folder: Path) -> Path:
    rows = "".join(f'{n},第{n}网格,"漏水,{n}"\n' for n in range(50))
    (folder / "a.csv").write_bytes(f"编码,名称,说明\n{rows}".encode("gbk"))
    return folder / "a.csv"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf", ".prj"])
def test_a_damaged_part_of_a_shapefile_is_read_or_refused(tmp_path, part):
    _damage_and_read(layer(tmp_path).with_suffix(part), lambda: read_layer(tmp_path / "grids.shp"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("make", [zipped_layer, geojson], ids=lambda make: make.__name__)
def test_a_damaged_layer_is_read_or_refused(tmp_path, make):
    path = make(tmp_path)
    _damage_and_read(path, lambda: read_layer(path))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("make", [workbook, text_table], ids=lambda make: make.__name__)
def test_a_damaged_table_is_read_or_refused(tmp_path, make):
    path = make(tmp_path)
    _damage_and_read(path, lambda: list(read_table(path)))


def _damage_and_read(path: Path, read: Callable[[], object]) -> None:
    whole, chance, refused = path.read_bytes(), random.Random(20260301), 0
    for _ in range(TIMES):
        path.write_bytes(damaged(whole, chance))
        try:
            read()
        except ReadError as refusal:
            refused += 1
            assert str(path.parent) not in str(refusal)
    assert refused or path.suffix == ".prj"  # degrees are read without one
