"""What a planner sends to begin a redraw: a file, a name for the change set, who sends it, and how it is read."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geo.codes import AreaKind
from geo.codes import profile as find_profile
from geo.models import Redraw
from geo.redraw_models import FileDefinition
from importers.area_rows import fields_of
from importers.areas import Reading
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
from webmap.plans.orders import Order, read_order
from webmap.plans.redraw_answers import MomentMissing
from webmap.words import listed, word

LONGEST = 80
"""Characters of a name that fit on a screen and on a sheet of paper."""


@dataclass(frozen=True)
class RedrawOrder:
    """A form as it was filled in: `file` says how the file is read, in the words of a check."""

    file: Order
    name: str = ""
    sender: str = ""
    scope: str = ""
    note: str = ""

    @property
    def codes(self) -> list[str]:
        """The codes of the scope."""
        return scope_codes(self.scope)

    def reading(self) -> Reading:
        """How the file is to be read."""
        return reading_of_order(self.file)


def read_redraw_order(
    form: MultiDict[str, str], file_name: str, db: Session, *, today: date, account_id: int, now: Any
) -> tuple[RedrawOrder, list[str]]:
    """The order in a form, and every problem in it. A name that is left blank is made of the file's and the day."""
    file, problems = read_order(form, file_name, account_id=account_id, now=now)
    given = {field: form.get(field, "").strip() for field in ("name", "sender", "scope", "note")}
    if not given["name"] and file_name:
        given["name"] = free_name(db, proposed_name(file_name, today))
    order = RedrawOrder(file, **given)
    return order, [*problems, *_problems(order, db)]


def reading_of_order(order: Order) -> Reading:
    """How the file is to be read, where the order has no problem."""
    options = order.options()
    return Reading(
        options["kind"], options["domain"], options["columns"], options["encoding"], options["crs"],
        options["datum"], None, find_profile(options["profile"]),
    )  # fmt: skip


def order_of(definition: dict[str, Any], kind: str, file_name: str) -> Order:
    """A definition in the words of the form, to be changed there; columns are chosen one by one."""
    return Order(
        file_name, kind, definition.get("domain") or "", "", definition.get("codes") or "gb",
        definition.get("encoding") or "auto", definition.get("crs") or "auto", definition.get("datum") or "wgs84",
    )  # fmt: skip


def chosen_columns(form: MultiDict[str, str], kind: AreaKind) -> dict[str, str]:
    """Our field → the file's heading, as the selects of a form say it, each named `column-…`; blank ones are found."""
    chosen = {field.name: form.get(f"column-{field.name}", "").strip()[:200] for field in fields_of(kind)}
    return {name: heading for name, heading in chosen.items() if heading}


def moment_chosen(form: MultiDict[str, str]) -> datetime | None:
    """From when on; None means now. Raises MomentMissing."""
    if form.get("when") != "later":
        return None
    try:
        moment = parse_time(form.get("at", "").strip()[:40], LOCAL)
    except BadValue:
        moment = None
    if moment is None:
        raise MomentMissing
    return moment


def scope_codes(text: str) -> list[str]:
    """Codes that were typed with any commas or spaces between them."""
    return [code for code in re.split(r"[\s,;，；、]+", text) if code][:1000]


def proposed_name(file_name: str, today: date) -> str:
    """What a redraw is called where nobody names it: as its file, with the day."""
    stem = PurePosixPath(file_name.replace("\\", "/")).stem.strip()[: LONGEST - 12]
    return f"{stem} {today.isoformat()}".strip()


def free_name(db: Session, wanted: str) -> str:
    """The name, with a number where somebody has taken it."""
    taken = set(db.scalars(select(Redraw.name).where(Redraw.name.startswith(wanted, autoescape=True))))
    tails = ("", *(f" ({number})" for number in range(2, len(taken) + 2)))
    return next(name for tail in tails if (name := wanted + tail) not in taken)


def senders(db: Session, area_id: int | None) -> list[dict[str, Any]]:
    """Whose files were read before, with what is remembered of each kind, for the form to say.

    In the jurisdiction of whoever asks alone, `area_id`: what others have chosen is not used for them.
    """
    ours = select(FileDefinition).where(FileDefinition.area_id.is_not_distinct_from(area_id))
    kept = db.scalars(ours.order_by(FileDefinition.sender, FileDefinition.kind))
    return [
        {"sender": one.sender, "kind": one.kind.value, "kind_word": word(one.kind), "said": _said(one.definition)}
        for one in kept
    ]


def _said(definition: dict[str, Any]) -> str:
    columns = definition.get("columns") or {}
    facts = [definition.get("encoding"), definition.get("crs"), definition.get("datum")]
    pairs = [f"{ours}={theirs}" for ours, theirs in columns.items()]
    return listed(fact for fact in [*facts, *pairs] if fact and fact != "auto")


def _problems(order: RedrawOrder, db: Session) -> list[str]:
    problems = []
    if len(order.name) > LONGEST:
        problems.append(_("The name is longer than %(most)s characters.", most=LONGEST))
    if len(order.sender) > LONGEST:
        problems.append(_("The sender's name is longer than %(most)s characters.", most=LONGEST))
    if len(order.note) > 2000:
        problems.append(_("The note is longer than %(most)s characters.", most=2000))
    if order.name and db.scalar(select(Redraw.id).where(Redraw.name == order.name)) is not None:
        problems.append(_("There is a redraw of that name already. Choose another name."))
    return problems
