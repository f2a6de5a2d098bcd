"""Unpacking what people send, without trusting it: one layer or one table, into a folder of ours.

Nothing is written under a name from the archive: the wanted members are copied to names of our own choice, so
that no path can lead outside. Sizes are checked against what the archive declares before anything is unpacked, and
again against what really comes out.
"""

import errno
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from geo.sentences import Sentence, say
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

LAYER_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
LAYERS = (".shp", ".gpkg", ".geojson", ".json")
TABLES = (".csv", ".tsv", ".tab", ".txt", ".csv.gz", ".tsv.gz", ".tab.gz", ".txt.gz", ".xlsx", ".xlsm")
_MAYBE = (".json", ".txt", ".txt.gz")
"""Endings that only count where nothing better is in the archive: a licence is a .txt as well."""

_MIB = 1024 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold. A small archive may be packed as tightly as it likes: blank columns pack well."""

    total_bytes: int = 1024 * _MIB
    members: int = 10_000
    ratio: int = 200
    ratio_matters_from_bytes: int = 100 * _MIB


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Member:
    """One file in an archive, with its name as it was meant."""

    name: str
    info: zipfile.ZipInfo

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)

    @property
    def is_junk(self) -> bool:
        """Whether a Mac, Windows or an editor put it there: no person did."""
        folder = not self.name or self.name.endswith("/")
        hidden = "__MACOSX" in self.path.parts or self.path.name.startswith(("._", "~$"))
        return folder or hidden or self.path.name in {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def unpacked_layer(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Path]:
    """Unpack the one layer of a zip and yield its path; the folder is gone afterwards.

    Raises one of the Archive errors; ArchiveHoldsSeveral when there is more than one layer to choose from.
    """
    with _opened(path, limits) as (archive, members):
        main = _only(path, members, LAYERS, say("layer (.shp, .gpkg or .geojson)"))
        wanted = _parts_of(main, members) if main.path.suffix.casefold() == ".shp" else [main]
        with _folder() as folder:
            targets = {member.name: folder / _own_name(main, member) for member in wanted}
            _unpack(path, archive, wanted, targets, limits)
            yield targets[main.name]


@contextmanager
def unpacked_table(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Path]:
    """Unpack the one table of a zip and yield its path; the folder is gone afterwards."""
    with _opened(path, limits) as (archive, members):
        main = _only(path, members, TABLES, say("table (.csv, .txt or .xlsx)"))
        with _folder() as folder:
            targets = {main.name: folder / _own_name(main, main)}
            _unpack(path, archive, [main], targets, limits)
            yield targets[main.name]


def check_zip(path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse a zip (an .xlsx is one too) that is damaged, encrypted, unsafe or too large; unpack nothing."""
    with _opened(path, limits):
        pass


def refuse_foreign_archive(path: Path) -> None:
    """Raise UnsupportedFormat for a RAR, 7-Zip, tar or gzipped tar, whatever the file is called."""
    for suffixes, name in _FOREIGN.items():
        if path.name.casefold().endswith(suffixes):
            raise UnsupportedFormat(path, format=name, advice=_ZIP_INSTEAD)
    with path.open("rb") as file:
        head = file.read(512)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            raise UnsupportedFormat(path, format=name, advice=_ZIP_INSTEAD)


_RAR, _7_ZIP, _TAR = say("a RAR archive"), say("a 7-Zip archive"), say("a tar archive")
_FOREIGN = {
    (".rar",): _RAR, (".7z",): _7_ZIP, (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz"): _TAR,
}  # fmt: skip
_MAGIC = {b"Rar!\x1a\x07": _RAR, b"7z\xbc\xaf\x27\x1c": _7_ZIP}
_ZIP_INSTEAD = say("Pack the files as an ordinary zip")


def human_size(size: int) -> str | Sentence:
    """Return a size as people say it: 1.5 MB."""
    for unit, per in (("GB", _MIB * 1024), ("MB", _MIB), ("kB", 1024)):
        if size >= per:
            return f"{size / per:.3g} {unit}"
    return say("{count} bytes", count=size)


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[tuple[zipfile.ZipFile, list[Member]]]:
    """Open a zip whose declared contents have been checked, junk left out."""
    if not path.is_file():
        raise FileMissing(path)
    if path.stat().st_size == 0:
        raise FileEmpty(path)
    refuse_foreign_archive(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise ArchiveDamaged(path, reason=say("it is no zip file, or a part of it is missing")) from None
    with archive:
        members = [Member(_meant_name(info), info) for info in archive.infolist()]
        _check(path, members, limits)
        yield archive, [member for member in members if not member.is_junk]


def _check(path: Path, members: Sequence[Member], limits: Limits) -> None:
    if len(members) > limits.members:
        found, allowed = (say("{count} files", count=f"{count:,}") for count in (len(members), limits.members))
        raise ArchiveTooLarge(path, size=found, limit=allowed)
    for member in members:
        if _leads_outside(member.name):
            raise ArchiveUnsafe(path, member=member.name)
    if any(member.info.flag_bits & 0x1 for member in members):
        raise ArchiveEncrypted(path)
    total = sum(member.info.file_size for member in members)
    packed = sum(member.info.compress_size for member in members)
    if total > limits.total_bytes:
        raise ArchiveTooLarge(path, size=human_size(total), limit=human_size(limits.total_bytes))
    if total > limits.ratio_matters_from_bytes and total > limits.ratio * packed:
        allowed = say("{times} times its own size", times=limits.ratio)
        size = say("{size} from {packed}", size=human_size(total), packed=human_size(packed))
        raise ArchiveTooLarge(path, size=size, limit=allowed)


def _leads_outside(name: str) -> bool:
    unix = name.replace("\\", "/")
    return unix.startswith("/") or ".." in unix.split("/") or "\0" in name or (len(unix) > 1 and unix[1] == ":")


def _meant_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name as its writer meant it.

    Without flag bit 11 the format says CP437, and Python reads it so; a Chinese Windows writes GBK there, a
    Mac UTF-8.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _only(path: Path, members: Sequence[Member], suffixes: Sequence[str], wanted: Sentence) -> Member:
    """Return the one member with one of the suffixes; a `_MAYBE` counts only if nothing better is there."""
    found = [member for member in members if member.name.casefold().endswith(tuple(suffixes))]
    sure = [member for member in found if not member.name.casefold().endswith(_MAYBE)]
    choice = sure or found
    if len(choice) == 1:
        return choice[0]
    names = tuple(member.path.name for member in choice or members)
    if choice:
        raise ArchiveHoldsSeveral(path, count=len(choice), members=names[:10])
    for member in members:
        if member.name.casefold().endswith((".zip", ".rar", ".7z")):
            wanted = say("{wanted}, but another archive: unpack it once", wanted=wanted)
            break
    raise ArchiveWithout(path, wanted=wanted, members=names[:10])


def _parts_of(main: Member, members: Sequence[Member]) -> list[Member]:
    """Return the .shp and the files beside it that belong to it, whatever the case of their names."""

    def beside(member: Member) -> bool:
        same_place = member.path.parent == main.path.parent
        return same_place and member.path.stem.casefold() == main.path.stem.casefold()

    parts = {member.path.suffix.casefold(): member for member in members if beside(member)}
    return [parts[suffix] for suffix in LAYER_PARTS if suffix in parts]


def _own_name(main: Member, member: Member) -> str:
    """Name the copy after its layer as far as that is harmless, since the name is shown; suffixes in lower case."""
    packed = main.path.suffix.casefold() == ".gz"
    stem = PurePosixPath(main.path.stem).stem if packed else main.path.stem
    harmless = "".join(c if c.isalnum() or c in "-_ ." else "_" for c in stem).strip(" .")[:60]
    suffix = "".join(main.path.suffixes[-2:]) if packed else member.path.suffix
    return f"{harmless or 'layer'}{suffix.casefold()}"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        yield Path(folder)


def _unpack(
    path: Path, archive: zipfile.ZipFile, members: Sequence[Member], targets: Mapping[str, Path], limits: Limits
) -> None:
    """Copy members to their targets, counting what really comes out: a declared size may be a lie."""
    left = limits.total_bytes
    for member in members:
        try:
            with archive.open(member.info) as packed, targets[member.name].open("wb") as out:
                left -= _copy(packed, out, left)
        except NotImplementedError:
            raise ArchiveDamaged(
                path, reason=say("“{member}” is packed in an unusual way", member=member.path.name)
            ) from None
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError):
            raise ArchiveDamaged(path, reason=say("“{member}” is damaged", member=member.path.name)) from None
        except OSError as fault:
            if fault.errno not in (None, errno.EINVAL):  # anything else is our disk's trouble, not the archive's
                raise
            raise ArchiveDamaged(path, reason=say("“{member}” is damaged", member=member.path.name)) from None
        if left < 0:
            limit = human_size(limits.total_bytes)
            raise ArchiveTooLarge(path, size=say("more than {size}", size=limit), limit=limit)


def _copy(packed: IO[bytes], out: IO[bytes], at_most: int) -> int:
    """Copy until the end or until more than `at_most` bytes have come, and return how many did."""
    copied = 0
    while copied <= at_most and (chunk := packed.read(_CHUNK)):
        out.write(chunk)
        copied += len(chunk)
    return copied
