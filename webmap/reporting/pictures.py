"""Photos as they arrive with a form, and where they are kept."""

from http import HTTPStatus
from pathlib import Path

from flask import request
from flask_babel import lazy_gettext as _l

from incidents.photos import MOST_AT_ONCE, MOST_BYTES, PhotoUnusable, Picture, make_picture
from webmap.installation import installation
from webmap.problems import ANSWERS, Answer

FIELD = "photos"

ANSWERS |= {
    PhotoUnusable: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("A file is not a photo that can be kept."),
        _l("Send at most 6, as JPEG, PNG or WebP, of up to 25 MB each."),
    ),
}


def sent_pictures() -> list[Picture]:
    """The photos of the present request, made ready to keep. Raises PhotoUnusable, also for too many at once."""
    files = [file for file in request.files.getlist(FIELD) if file.filename]
    if len(files) > MOST_AT_ONCE:
        raise PhotoUnusable
    return [make_picture(file.stream.read(MOST_BYTES + 1)) for file in files]


def uploads() -> Path:
    """The folder under which what people send is kept."""
    return installation().settings.data / "uploads"
