"""Zips from strangers."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from importers.archives import Limits, human_size, unpacked_layer, unpacked_table
from importers.errors import (
    ArchiveDamaged,
    ArchiveEncrypted,
    ArchiveHoldsSeveral,
    ArchiveTooLarge,
    ArchiveUnsafe,
    ArchiveWithout,
    FileEmpty,
    FileMissing,
    UnsupportedFormat,
)

SHAPE = {"网格.shp": b"shp", "网格.shx": b"shx", "网格.dbf": b"dbf", "网格.prj": b"prj"}


def packed(folder: Path, members: dict[str, bytes], name: str = "a.zip", how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(folder / name, "w", how) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def patched(path: Path, old: bytes, new: bytes) -> Path:
    assert len(old) == len(new)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    return path


def unpack(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    with unpacked_layer(path, limits or Limits()) as main:
        assert main.exists()
        return {part.name: part.read_bytes() for part in main.parent.iterdir()}


def test_one_layer_comes_out_with_its_parts_and_nothing_else(tmp_path):
    path = packed(tmp_path, SHAPE | {"说明.txt": b"", "网格.sbn": b"", "other.dbf": b"", "readme.pdf": b""})
    assert unpack(path) == SHAPE


def test_the_folder_is_gone_afterwards(tmp_path):
    with unpacked_layer(packed(tmp_path, SHAPE)) as main:
        folder = main.parent
    assert not folder.exists()


def test_a_layer_in_a_folder_with_a_macs_litter_is_one_layer(tmp_path):
    members = {f"grids/{name}": content for name, content in SHAPE.items()}
    litter = {"__MACOSX/grids/._网格.shp": b"x", "grids/.DS_Store": b"x", "grids/": b"", "grids/._网格.shp": b"x"}
    assert unpack(packed(tmp_path, members | litter)) == SHAPE


def test_names_in_any_case_belong_together(tmp_path):
    path = packed(tmp_path, {"A.SHP": b"1", "a.Dbf": b"2", "A.prj": b"3", "sub/a.shx": b"not beside it"})
    assert unpack(path) == {"A.shp": b"1", "A.dbf": b"2", "A.prj": b"3"}


def test_names_in_gbk_without_the_utf8_flag_are_read_as_they_were_meant(tmp_path):
    gbk = "网格".encode("gbk")
    path = packed(tmp_path, {"XXXX.shp": b"1", "XXXX.dbf": b"2"})
    assert unpack(patched(path, b"XXXX", gbk)) == {"网格.shp": b"1", "网格.dbf": b"2"}


def test_a_path_that_leads_outside_stops_everything(tmp_path):
    for number, name in enumerate(["../a.shp", "/etc/a.shp", "x/../../a.shp", "C:\\a.shp", "..\\a.shp"]):
        path = packed(tmp_path, SHAPE | {name: b"evil"}, f"{number}.zip")
        with pytest.raises(ArchiveUnsafe):
            unpack(path)
    assert sorted(found.name for found in tmp_path.rglob("*") if found.suffix != ".zip") == []


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = packed(tmp_path, {"a.shp": bytes(3_000_000)})
    limits = Limits(ratio_matters_from_bytes=1_000_000)
    with pytest.raises(ArchiveTooLarge, match=r"2\.86 MB from .* kB"):
        unpack(path, limits)
    assert len(unpack(path)["a.shp"]) == 3_000_000


def test_what_would_be_too_large_is_refused_by_what_it_declares(tmp_path):
    with pytest.raises(ArchiveTooLarge, match="more than the 100 bytes allowed"):
        unpack(packed(tmp_path, {"a.shp": bytes(101)}), Limits(total_bytes=100))
    many = {f"{n}.txt": b"" for n in range(11)} | {"a.shp": b""}
    with pytest.raises(ArchiveTooLarge, match="12 files"):
        unpack(packed(tmp_path, many), Limits(members=10))


def test_a_declared_size_that_lies_does_not_get_more_through(tmp_path):
    path = packed(tmp_path, {"a.shp": bytes(1_000_000)})
    lying = patched(path, (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(ArchiveDamaged):
        unpack(lying, Limits(total_bytes=100_000))


def test_an_encrypted_archive_is_refused(tmp_path):
    path = packed(tmp_path, {"a.shp": b"1"})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveEncrypted, match="password"):
        unpack(path)


def test_of_several_layers_none_is_picked(tmp_path):
    with pytest.raises(ArchiveHoldsSeveral, match=r"a\.shp, b\.gpkg"):
        unpack(packed(tmp_path, {"a.shp": b"", "b.gpkg": b""}))


def test_a_json_beside_a_layer_is_not_another_layer(tmp_path):
    assert unpack(packed(tmp_path, {"a.geojson": b"{}", "meta.json": b"{}"})) == {"a.geojson": b"{}"}
    assert unpack(packed(tmp_path, {"a.json": b"{}"})) == {"a.json": b"{}"}


def test_an_archive_without_a_layer_says_what_it_holds(tmp_path):
    with pytest.raises(ArchiveWithout, match=r"no layer .* It holds: a\.dbf"):
        unpack(packed(tmp_path, {"x/a.dbf": b""}))
    with pytest.raises(ArchiveWithout, match="unpack it once"):
        unpack(packed(tmp_path, {"inner.zip": b""}))
    with pytest.raises(ArchiveWithout, match="It holds: none"):
        unpack(packed(tmp_path, {}))


def test_damage_is_said_in_a_sentence(tmp_path):
    path = packed(tmp_path, {"a.shp": bytes(range(256)) * 400}, how=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(bytes(range(256)), bytes(256), 1))
    with pytest.raises(ArchiveDamaged, match=r"“a\.shp” is damaged"):
        unpack(path)
    path.write_bytes(whole[:-30])
    with pytest.raises(ArchiveDamaged, match="no zip file, or a part of it is missing"):
        unpack(path)
    path.write_bytes(b"")
    with pytest.raises(FileEmpty):
        unpack(path)
    with pytest.raises(FileMissing):
        unpack(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.7z", b"7z\xbc\xaf\x27\x1c1234", "a 7-Zip archive"),
        ("a.zip", b"7z\xbc\xaf\x27\x1c1234", "a 7-Zip archive"),
        ("a.zip", b"Rar!\x1a\x07\x00", "a RAR archive"),
        ("a.rar", b"whatever", "a RAR archive"),
        ("a.tar.gz", b"whatever", "a tar archive"),
    ],
)
def test_other_archives_are_refused_by_their_name(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsupportedFormat, match=f"{said}.*ordinary zip"):
        unpack(tmp_path / name)


def test_a_tar_is_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("a.shp")
        archive.addfile(info, io.BytesIO())
    with pytest.raises(UnsupportedFormat, match="a tar archive"):
        unpack(tmp_path / "a.tar")


def test_one_table_comes_out(tmp_path):
    with unpacked_table(packed(tmp_path, {"x/a.csv.gz": b"1", "licence.txt": b"2"})) as main:
        assert (main.name, main.read_bytes()) == ("a.csv.gz", b"1")
    with unpacked_table(packed(tmp_path, {"only.txt": b"2"})) as main:
        assert main.read_bytes() == b"2"
    with pytest.raises(ArchiveWithout, match="no table"), unpacked_table(packed(tmp_path, SHAPE)):
        pass


@pytest.mark.parametrize(("size", "said"), [(12, "12 bytes"), (2048, "2 kB"), (1024**3, "1 GB"), (1_572_864, "1.5 MB")])
def test_sizes_are_said_as_people_say_them(size, said):
    assert human_size(size) == said
