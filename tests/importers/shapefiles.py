"""Tiny shapefiles made byte by byte, so that a test can get any part of one wrong."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pyproj import CRS

Ring = Sequence[tuple[float, float]]
Cell = bytes | str
"""Text is written in the file's encoding; bytes as they are."""

FIELDS = (("WGBM", "C", 20), ("WGMC", "C", 20), ("HS", "N", 8))


def square(x: float, y: float, size: float = 0.01) -> Ring:
    """A ring the way shapefiles turn: clockwise, closed."""
    return [(x, y), (x, y + size), (x + size, y + size), (x + size, y), (x, y)]


def prj(epsg: int) -> str:
    """A .prj as ArcGIS writes it."""
    return str(CRS.from_epsg(epsg).to_wkt("WKT1_ESRI"))


def write_shapefile(
    path: Path,
    outlines: Sequence[Sequence[Ring] | None],
    records: Sequence[Sequence[Cell]] | None = None,
    *,
    fields: Sequence[tuple[Cell, str, int]] = FIELDS,
    encoding: str = "gbk",
    language_byte: int = 0,
    deleted: Sequence[int] = (),
    promised: int | None = None,
    crs: int | str | None = 4490,
    cpg: str | None = None,
    kind: int = 5,
    without: Sequence[str] = (),
) -> Path:
    """Write the parts of a shapefile; an outline is its rings, or None for a null shape. Returns the .shp."""
    parts = dict(zip((".shp", ".shx"), _shapes(outlines, kind), strict=True))
    if records is None:
        records = [(f"32068410100{row:04d}", f"第{row}网格", str(300 + row)) for row in range(1, len(outlines) + 1)]
    parts[".dbf"] = _table(records, fields, encoding, language_byte, deleted, promised)
    if crs is not None:
        parts[".prj"] = (prj(crs) if isinstance(crs, int) else crs).encode()
    if cpg is not None:
        parts[".cpg"] = cpg.encode()
    for suffix, content in parts.items():
        if suffix not in without:
            path.with_suffix(suffix).write_bytes(content)
    return path.with_suffix(".shp")


def zipped(shp: Path) -> Path:
    """Pack a shapefile's parts and return the zip."""
    with zipfile.ZipFile(shp.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(shp.parent.glob(f"{shp.stem}.*")):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    return shp.with_suffix(".zip")


def _shapes(outlines: Sequence[Sequence[Ring] | None], kind: int) -> tuple[bytes, bytes]:
    records, index, at = [], [], 50
    for number, rings in enumerate(outlines, 1):
        content = struct.pack("<i", 0) if rings is None else _polygon(rings, kind)
        records.append(struct.pack(">ii", number, len(content) // 2) + content)
        index.append(struct.pack(">ii", at, len(content) // 2))
        at += 4 + len(content) // 2
    corners = [corner for rings in outlines for ring in rings or () for corner in ring] or [(0.0, 0.0)]
    return _header(at, kind, corners) + b"".join(records), _header(50 + 4 * len(index), kind, corners) + b"".join(index)


def _header(words: int, kind: int, corners: Ring) -> bytes:
    return struct.pack(">i20xi", 9994, words) + struct.pack("<ii4d32x", 1000, kind, *_box(corners))


def _polygon(rings: Sequence[Ring], kind: int) -> bytes:
    corners = [corner for ring in rings for corner in ring]
    starts, start = [], 0
    for ring in rings:
        starts.append(start)
        start += len(ring)
    head = struct.pack("<i4dii", kind, *_box(corners), len(rings), len(corners))
    flat = [number for corner in corners for number in corner]
    heights = struct.pack(f"<{2 + len(corners)}d", *[7.0] * (2 + len(corners))) if kind == 15 else b""
    return head + struct.pack(f"<{len(rings)}i", *starts) + struct.pack(f"<{len(flat)}d", *flat) + heights


def _box(corners: Ring) -> tuple[float, float, float, float]:
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _table(
    records: Sequence[Sequence[Cell]],
    fields: Sequence[tuple[Cell, str, int]],
    encoding: str,
    language_byte: int,
    deleted: Sequence[int],
    promised: int | None,
) -> bytes:
    def raw(cell: Cell) -> bytes:
        return cell if isinstance(cell, bytes) else cell.encode(encoding)

    header, length = 33 + 32 * len(fields), 1 + sum(width for _, _, width in fields)
    count = len(records) if promised is None else promised
    out = struct.pack("<B3sIHH17xB2x", 3, b"\x7e\x01\x01", count, header, length, language_byte)
    for name, kind, width in fields:
        out += struct.pack("<11sc4xBB14x", raw(name)[:10], kind.encode(), width, 0)
    out += b"\r"
    for row, cells in enumerate(records, 1):
        out += b"*" if row in deleted else b" "
        for cell, (_, kind, width) in zip(cells, fields, strict=True):
            text = raw(cell)[:width]
            out += text.rjust(width) if kind == "N" else text.ljust(width)
    return out + b"\x1a"
