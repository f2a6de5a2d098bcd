"""The report form: from what was typed to the draft that every door shares, or to every problem beside its field."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic import ValidationError

from incidents.drafts import Fault, ReportDraft, faults_of
from incidents.words import Channel

TYPED = ("text", "matter", "address", "reporter_name", "reporter_phone")
"""What a person writes, and gets back as written where something is wrong."""

FIELDS = (*TYPED, "lon", "lat", "accuracy_m", "key")

_POSITION = frozenset({"lon", "lat", "accuracy_m", "datum"})

_SENTENCES: dict[tuple[str, str], LazyString] = {
    ("text", "missing"): _l("Please say what is wrong."),
    ("text", "string-too-short"): _l("Please say what is wrong."),
    ("key", "uuid-parsing"): _l("This form has lost its number. Reload the page and send it again."),
}


def draft_of(form: Mapping[str, str], channel: Channel, *, text: str | None = None) -> ReportDraft:
    """The draft in a form. What was left blank was not given. Raises pydantic's ValidationError."""
    given = {name: form[name] for name in FIELDS if form.get(name, "").strip()}
    return ReportDraft.model_validate({"channel": channel} | ({"text": text} if text else {}) | given)


def problems_of(error: ValidationError) -> dict[str, str]:
    """Every problem as a sentence, by the field it stands beside; those of the coordinates beside `position`."""
    problems: dict[str, str] = {}
    for fault in faults_of(error):
        field = "position" if fault.field is None or fault.field in _POSITION else fault.field
        problems.setdefault(field, _sentence(fault, field))
    return problems


def _sentence(fault: Fault, field: str) -> str:
    known = _SENTENCES.get((field, fault.code))
    if known is not None:
        return str(known)
    if field == "position":
        return _("This is no usable position. Put the pin again, or leave it out and write the address.")
    if fault.code == "string-too-long":
        return _("This is too long. Please shorten it.")
    return _("This cannot be used: %(problem)s", problem=fault.message)
