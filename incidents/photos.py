"""Photos of an incident: checked by what they contain, turned upright, shrunk, and freed of everything but the picture.

A telephone writes into a photo where and when it was taken and by which device. Nothing of that is kept: the
picture is decoded and encoded anew. Files are named by their content, so that a photo sent twice is one photo.
"""

import hashlib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from incidents.actors import Actor
from incidents.errors import IncidentError
from incidents.handling import append_event
from incidents.models import Incident, Photo
from incidents.words import EventKind

LONGEST_SIDE_PX = 1600
MOST_PIXELS = 60_000_000
"""Refused before decoding: a few kilobytes can claim to be a picture of many gigabytes."""
MOST_BYTES = 25 * 1024 * 1024
MOST_AT_ONCE = 6
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 82


class PhotoUnusable(IncidentError):
    """The file is not a photo that can be kept: a JPEG, PNG or WebP picture of at most 60 megapixels and 25 MB."""


@dataclass(frozen=True)
class Picture:
    """A photo made ready to keep: JPEG bytes that hold the picture and nothing else."""

    jpeg: bytes
    width: int
    height: int

    @property
    def file_name(self) -> str:
        """Where it is kept below the uploads folder."""
        digest = hashlib.sha256(self.jpeg).hexdigest()
        return f"photos/{digest[:2]}/{digest}.jpg"


def make_picture(data: bytes) -> Picture:
    """Decode, turn upright, shrink to 1600 px and encode anew. The type is what the bytes are, whatever the name said.

    Raises PhotoUnusable.
    """
    if len(data) > MOST_BYTES:
        raise PhotoUnusable
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged by MOST_PIXELS below
            return _encode(_decode(data))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as unreadable:
        raise PhotoUnusable from unreadable


def add_photos(
    db: Session, incident: Incident, pictures: Sequence[Picture], *, folder: Path, by: Actor, now: datetime
) -> list[Photo]:
    """Keep the pictures with the incident, but for those that it has already, and say so in its history.

    The files are written first: a file without a row does no harm, a row without a file would.
    Flushes; the caller commits.
    """
    query = select(Photo.file_name).where(Photo.incident_id == incident.id)
    had = set(db.scalars(query))
    added: list[Photo] = []
    for picture in pictures:
        if picture.file_name in had:
            continue
        had.add(picture.file_name)
        _write(folder / picture.file_name, picture.jpeg)
        added.append(_row(incident, picture, by, now))
    db.add_all(added)
    if added:
        append_event(db, incident, EventKind.PHOTO, by=by, now=now, details={"count": len(added)})
    return added


def _decode(data: bytes) -> Image.Image:
    """The first frame, upright, in plain colours, no larger than it is kept."""
    image = Image.open(BytesIO(data), formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise PhotoUnusable
    size = (LONGEST_SIDE_PX, LONGEST_SIDE_PX)
    image.draft("RGB", size)  # a JPEG is decoded at a fraction of its size: a tenth of the memory and time
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail(size)
    return upright


def _encode(image: Image.Image) -> Picture:
    """The picture alone, on white where it lets through."""
    plain = Image.new("RGB", image.size, "white")
    seen = image.convert("RGBA") if image.has_transparency_data else image.convert("RGB")
    plain.paste(seen, mask=seen if seen.mode == "RGBA" else None)
    out = BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), *plain.size)


def _write(path: Path, data: bytes) -> None:
    """Put the file there whole or not at all. One that is there already has the same content."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _row(incident: Incident, picture: Picture, by: Actor, now: datetime) -> Photo:
    return Photo(
        incident_id=incident.id, file_name=picture.file_name, width=picture.width, height=picture.height,
        added_at=now, by_name=by.name,
    )  # fmt: skip
