"""The character NUL, which no text has and no database keeps: refused in one place, wherever a request bears it.

It comes from broken programs and from people who try what happens. PostgreSQL refuses it in any text, so each field
that lets it through would end in a failure of ours. The API's queries and JSON are left to the models that describe
them: these tell every problem at once.
"""

from collections.abc import Iterator
from http import HTTPStatus

from flask import Flask, request
from flask_babel import lazy_gettext as _l

from webmap.problems import ANSWERS, Answer, WebProblem

NUL = "\0"
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class NullCharacter(WebProblem):
    """What was sent contains a character that no text has: NUL, U+0000."""


ANSWERS |= {
    NullCharacter: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("What was sent contains a character that no text has."),
        _l("Nothing was changed. Type the text anew, without the invisible character NUL (U+0000)."),
    ),
}


def set_up(app: Flask) -> None:
    """Look at every request once it is known who asks and how much they may send: after webmap.identity."""
    app.before_request(_refuse)


def _refuse() -> None:
    """Raise NullCharacter for NUL in the address, the query or a form, be it in a name or in a value."""
    if NUL in request.path or any(NUL in text for text in _texts()):
        raise NullCharacter


def _texts() -> Iterator[str]:
    if not request.path.startswith("/api/"):
        for name, value in request.args.items(multi=True):
            yield from (name, value)
    if request.mimetype not in FORMS:
        return
    for name, value in request.form.items(multi=True):
        yield from (name, value)
    for name, file in request.files.items(multi=True):
        yield from (name, file.filename or "")
