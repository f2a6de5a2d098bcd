"""An address list as files that processes share."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geo.addresses.answers import AddressRow
from geo.addresses.areas import AreaName
from geo.addresses.files import MANIFEST, DamagedGazetteer
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.spots import one_of

ROWS = (
    AddressRow(7, "安宜镇白田中路88号", 119.300, 33.200, township="安宜镇"),
    AddressRow(8, "安宜镇白田中路90号", 119.301, 33.200, township="安宜镇"),
)


def test_a_written_gazetteer_answers_as_before(tmp_path: Path):
    built = Gazetteer.build(ROWS)
    built.write(tmp_path / "list")
    opened = Gazetteer.open(tmp_path / "list")
    text = "安宜镇百田中路八十八号"
    assert len(opened) == len(ROWS)
    assert Geocoder(opened).geocode(text) == Geocoder(built).geocode(text)


def test_a_gazetteer_that_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(DamagedGazetteer):
        Gazetteer.open(tmp_path / "none")


@pytest.mark.parametrize("name", ["exact.trie", "near.trie", "row_lon.npy", "slot_number.npy", MANIFEST])
def test_a_damaged_file_is_found_when_opened(tmp_path: Path, name: str):
    Gazetteer.build(ROWS).write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedGazetteer):
        Gazetteer.open(tmp_path)


def test_a_missing_file_is_found_when_opened(tmp_path: Path):
    Gazetteer.build(ROWS).write(tmp_path)
    (tmp_path / "row_lat.npy").unlink()
    with pytest.raises(DamagedGazetteer):
        Gazetteer.open(tmp_path)


def test_an_empty_list_still_knows_townships_and_villages(tmp_path: Path):
    township = AreaName("1", "安宜镇", 119.3, 33.2, 4000.0)
    village = AreaName("11", "白田社区", 119.31, 33.21, 900.0, township="安宜镇")
    Gazetteer.build((), [township], [village]).write(tmp_path)
    geocoder = Geocoder(Gazetteer.open(tmp_path))
    best = geocoder.geocode("安宜镇白田村有人乱倒垃圾").best
    assert best is not None
    assert (best.accuracy, best.village, best.township) == ("village", "白田社区", "安宜镇")


def test_an_empty_gazetteer_answers_nothing():
    assert Geocoder(Gazetteer.build(())).geocode("安宜镇白田中路88号").candidates == ()


def test_names_with_a_slip_come_in_one_order_in_every_process():
    asked = "from geo.addresses.names import Names; names = Names.build(f'罗{sign}村' for sign in '堡塘垛湾庄圩'); "
    asked += "print([names.name(hit.name) for hit in names.find_near('罗多村口', [0])])"
    found = {
        subprocess.run([sys.executable, "-c", asked], env={**os.environ, "PYTHONHASHSEED": seed},
                       capture_output=True, check=True).stdout for seed in ("0", "1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1 and "罗堡村".encode() in next(iter(found))


@pytest.mark.parametrize("wanted", [[3], [3, 5], list(range(3, 20, 2))])
def test_any_number_of_values_can_be_wanted(wanted: list[int]):
    values = np.arange(25)
    assert np.flatnonzero(one_of(values, wanted)).tolist() == wanted
