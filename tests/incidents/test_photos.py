"""Photos: the picture is kept, what the telephone wrote into it is not, and nothing harmful is decoded."""

from io import BytesIO
from pathlib import Path
from struct import pack
from zlib import crc32

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from incidents.actors import Actor
from incidents.models import IncidentEvent, Photo
from incidents.photos import LONGEST_SIDE_PX, PhotoUnusable, add_photos, make_picture
from incidents.words import EventKind
from tests.factories import NOW, make_incident

WORKER = Actor("王敏")
ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def encoded(size: tuple[int, int] = (40, 20), kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(mode, size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(jpeg: bytes) -> Image.Image:
    return Image.open(BytesIO(jpeg))


def reddish(image: Image.Image, at: tuple[int, int]) -> bool:
    red, _green, blue = image.convert("RGB").getpixel(at)  # type: ignore[misc]
    return red > 150 > blue


def test_what_the_telephone_wrote_into_the_photo_is_not_kept():
    exif = Image.Exif()
    exif[MAKE] = "a telephone"
    exif[GPS] = {1: "N", 2: (33.0, 0.0, 18.0), 3: "E", 4: (119.0, 0.0, 18.0)}
    kept = seen(make_picture(encoded(exif=exif, comment=b"taken at home")).jpeg)
    assert dict(kept.getexif()) == {}
    assert {"exif", "comment", "xmp", "icc_profile"} & set(kept.info) == set()


def test_a_photo_taken_upright_is_upright_without_the_mark_that_said_so():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turned a quarter clockwise when shown
    picture = make_picture(encoded((40, 20), exif=exif))
    assert (picture.width, picture.height) == (20, 40)
    assert reddish(seen(picture.jpeg), (10, 5))
    assert not reddish(seen(picture.jpeg), (10, 35))


def test_a_large_photo_is_shrunk_and_keeps_its_shape():
    picture = make_picture(encoded((4000, 1000)))
    assert (picture.width, picture.height) == (LONGEST_SIDE_PX, 400)
    assert seen(picture.jpeg).size == (LONGEST_SIDE_PX, 400)


def test_a_small_photo_is_not_blown_up():
    assert make_picture(encoded((40, 20))).width == 40


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_whatever_kind_it_was_it_is_kept_as_jpeg(kind: str):
    assert seen(make_picture(encoded(kind=kind)).jpeg).format == "JPEG"


def test_what_lets_through_is_kept_on_white():
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert min(seen(make_picture(out.getvalue()).jpeg).getpixel((4, 4))) > 250  # type: ignore[arg-type, type-var]


def test_what_only_calls_itself_a_photo_is_refused():
    gif = encoded(kind="GIF")
    page = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    for data in (b"", b"not a photo", page, gif, encoded()[:200], encoded(kind="PNG")[:60]):
        with pytest.raises(PhotoUnusable):
            make_picture(data)


def test_a_few_bytes_that_claim_to_be_a_huge_picture_are_refused_undecoded():
    header = b"IHDR" + pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + pack(">I", 13) + header + pack(">I", crc32(header))
    with pytest.raises(PhotoUnusable):
        make_picture(bomb)


def test_a_photo_is_kept_with_a_line_in_the_history(db: Session, tmp_path: Path):
    incident, picture = make_incident(db), make_picture(encoded())
    [photo] = add_photos(db, incident, [picture], folder=tmp_path, by=WORKER, now=NOW)
    assert (tmp_path / photo.file_name).read_bytes() == picture.jpeg
    assert (photo.width, photo.height, photo.by_name) == (40, 20, "王敏")
    kinds = db.scalars(select(IncidentEvent.kind).where(IncidentEvent.incident_id == incident.id))
    assert EventKind.PHOTO in set(kinds)


def test_a_photo_sent_twice_is_one_photo(db: Session, tmp_path: Path):
    incident, picture = make_incident(db), make_picture(encoded())
    add_photos(db, incident, [picture, picture], folder=tmp_path, by=WORKER, now=NOW)
    assert add_photos(db, incident, [picture], folder=tmp_path, by=WORKER, now=NOW) == []
    assert len(db.scalars(select(Photo).where(Photo.incident_id == incident.id)).all()) == 1


def test_two_incidents_may_show_the_same_photo(db: Session, tmp_path: Path):
    picture = make_picture(encoded())
    [one] = add_photos(db, make_incident(db), [picture], folder=tmp_path, by=WORKER, now=NOW)
    [other] = add_photos(db, make_incident(db), [picture], folder=tmp_path, by=WORKER, now=NOW)
    assert one.file_name == other.file_name
    assert one.id != other.id
