"""What people call things: the domain's words on screen, and the filters that templates show values with.

`{{ incident.state|word }}`, `{{ incident.reported_at|when }}`, `{{ rate|percent }}`, `{{ phone|masked }}`,
`{{ names|listed }}`, `{{ redraw.author|who }}`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask import Flask
from flask_babel import LazyString, format_date, format_datetime, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from geo.addresses.answers import Accuracy
from geo.codes import AreaKind
from geo.redraws.differences import DifferenceKind
from geo.redraws.words import Decision, RedrawState, RedrawStep
from geo.sentences import join, retold
from incidents.handover import Choice
from incidents.words import Channel, EventKind, Level, LimitUnit, Placement, PlaceMethod, Procedure, QueueReason
from incidents.workflow import Move, State
from staffing.words import DutyRole, UnitKind
from webmap.audit import COMMAND_LINE, Action
from webmap.permissions import Role

NOTHING = "—"
"""What stands where there is no value: not zero, not unknown in words."""

WORDS: dict[type[StrEnum], dict[StrEnum, LazyString]] = {
    AreaKind: {
        AreaKind.COUNTY: _l("County"),
        AreaKind.TOWNSHIP: _l("Township"),
        AreaKind.VILLAGE: _l("Village"),
        AreaKind.COMPREHENSIVE: _l("Comprehensive grid"),
        AreaKind.SPECIALISED: _l("Specialised grid"),
    },
    State: {
        State.REPORTED: _l("Reported"),
        State.FILED: _l("Filed"),
        State.DISPATCHED: _l("Dispatched"),
        State.HANDLED: _l("Handled"),
        State.CLOSED: _l("Closed"),
        State.VOID: _l("Void"),
    },
    Move: {
        Move.FILE: _l("File the case"),
        Move.DISPATCH: _l("Dispatch"),
        Move.HANDLE: _l("Report as handled"),
        Move.FIX: _l("Found and fixed"),
        Move.REWORK: _l("Send back for rework"),
        Move.CLOSE: _l("Confirm and close"),
        Move.VOID: _l("Make void"),
    },
    Channel: {
        Channel.HOTLINE: _l("Hotline"),
        Channel.CITIZEN: _l("Citizen"),
        Channel.WORKER: _l("Grid worker"),
        Channel.PATROL: _l("Patrol"),
        Channel.SUPERIOR: _l("Superior's order"),
        Channel.SYSTEM: _l("Another system"),
        Channel.SENSOR: _l("Sensor"),
    },
    Placement: {
        Placement.LOCATED: _l("Located"),
        Placement.SNAPPED: _l("Nearest grid taken"),
        Placement.UNLOCATED: _l("Not located"),
        Placement.INVALID: _l("Coordinates unusable"),
    },
    PlaceMethod: {
        PlaceMethod.COORDINATES: _l("By its coordinates"),
        PlaceMethod.ADDRESS: _l("By its address, automatically"),
        PlaceMethod.CANDIDATE: _l("Chosen from the places its address may mean"),
        PlaceMethod.BY_HAND: _l("By hand on the map"),
    },
    Accuracy: {
        Accuracy.BUILDING: _l("Building"),
        Accuracy.DOOR: _l("Door number"),
        Accuracy.INTERPOLATED: _l("Between known door numbers"),
        Accuracy.COMPOUND: _l("Compound"),
        Accuracy.LANDMARK: _l("Landmark"),
        Accuracy.CROSSING: _l("Crossing"),
        Accuracy.ROAD: _l("Whole road"),
        Accuracy.VILLAGE: _l("Whole village"),
        Accuracy.TOWNSHIP: _l("Whole township"),
    },
    QueueReason: {
        QueueReason.NO_COORDINATES: _l("No coordinates were sent"),
        QueueReason.ADDRESS_UNCERTAIN: _l("The address names no certain place"),
        QueueReason.UNUSABLE_COORDINATES: _l("The coordinates are unusable"),
        QueueReason.PLACEHOLDER_POINT: _l("The point is a placeholder that many reports share"),
        QueueReason.OUTSIDE_ALL_GRIDS: _l("The point is outside every grid"),
        QueueReason.NOBODY_ANSWERS: _l("Nobody answers for this place"),
    },
    EventKind: {
        EventKind.RECEIVED: _l("Received"),
        EventKind.REPEATED: _l("Reported again"),
        EventKind.PLACED: _l("Place decided"),
        EventKind.MOVED: _l("Moved on"),
        EventKind.PHOTO: _l("Photo added"),
        EventKind.REVEALED: _l("Reporter revealed"),
        EventKind.REDRAWN: _l("Areas redrawn"),
    },
    Level: {
        Level.VILLAGE: _l("Village level"),
        Level.TOWNSHIP: _l("Township level"),
        Level.COUNTY: _l("County level"),
    },
    LimitUnit: {
        LimitUnit.WORKING_HOURS: _l("working hours"),
        LimitUnit.WORKING_DAYS: _l("working days"),
        LimitUnit.NATURAL_HOURS: _l("hours"),
    },
    Procedure: {
        Procedure.SIMPLE: _l("Simple procedure"),
        Procedure.ORDINARY: _l("Ordinary procedure"),
    },
    UnitKind: {
        UnitKind.COUNTY_CENTRE: _l("County centre"),
        UnitKind.TOWNSHIP: _l("Township"),
        UnitKind.VILLAGE: _l("Village station"),
        UnitKind.DEPARTMENT: _l("Department"),
        UnitKind.BRIGADE: _l("Professional brigade"),
    },
    DutyRole: {
        DutyRole.WORKER: _l("Grid worker"),
        DutyRole.DEPUTY: _l("Deputy"),
        DutyRole.LIAISON: _l("Grid liaison"),
        DutyRole.POLICE: _l("Community police"),
        DutyRole.SUPPORT: _l("Supporting force"),
    },
    Role: {
        Role.WORKER: _l("Grid worker"),
        Role.VILLAGE: _l("Village"),
        Role.TOWNSHIP_DISPATCHER: _l("Township dispatcher"),
        Role.COUNTY_DISPATCHER: _l("County dispatcher"),
        Role.DEPARTMENT: _l("Department"),
        Role.PLANNER: _l("Planner"),
        Role.LEADER: _l("Leader"),
        Role.ADMINISTRATOR: _l("Administrator"),
    },
    RedrawState: {
        RedrawState.DRAFT: _l("Draft"),
        RedrawState.CHECKED: _l("Checked"),
        RedrawState.PUBLISHED: _l("Published"),
        RedrawState.REVERTED: _l("Reverted"),
        RedrawState.DISCARDED: _l("Discarded"),
    },
    RedrawStep: {
        RedrawStep.BEGUN: _l("Begun"),
        RedrawStep.READ: _l("File read"),
        RedrawStep.CHECKED: _l("Checked"),
        RedrawStep.MENDED: _l("Findings mended"),
        RedrawStep.ACCEPTED: _l("Findings accepted"),
        RedrawStep.EDITED: _l("Edited"),
        RedrawStep.REVIEWED: _l("Reviewed"),
        RedrawStep.PUBLISHED: _l("Published"),
        RedrawStep.HANDED_OVER: _l("Open cases given over"),
        RedrawStep.REVERTED: _l("Reverted"),
        RedrawStep.DISCARDED: _l("Discarded"),
        RedrawStep.FAILED: _l("The file could not be read"),
    },
    Decision: {
        Decision.ACCEPTED: _l("accepted"),
        Decision.MENDED: _l("mended"),
    },
    DifferenceKind: {
        DifferenceKind.REARRANGED: _l("Rearranged"),
        DifferenceKind.SPLIT: _l("Split"),
        DifferenceKind.MERGED: _l("Merged"),
        DifferenceKind.NEW: _l("New"),
        DifferenceKind.ENDED: _l("Ended"),
        DifferenceKind.MOVED: _l("Border moved"),
        DifferenceKind.RENAMED: _l("New code"),
        DifferenceKind.ATTRIBUTES: _l("Particulars changed"),
        DifferenceKind.UNCHANGED: _l("Unchanged"),
    },
    Choice: {
        Choice.STAY: _l("stays with who has it"),
        Choice.MOVE: _l("goes to who answers from then on"),
    },
    Action: {
        Action.SIGNED_IN: _l("Signed in"),
        Action.LOCKED_OUT: _l("Locked after failed attempts"),
        Action.PASSWORD_CHANGED: _l("Password changed"),
        Action.PASSWORD_RESET: _l("Password reset"),
        Action.ACCOUNT_CREATED: _l("Account created"),
        Action.ACCOUNT_DEACTIVATED: _l("Account deactivated"),
        Action.ACCOUNT_REACTIVATED: _l("Account reactivated"),
        Action.TOKEN_ISSUED: _l("Token issued"),
        Action.TOKEN_REVOKED: _l("Token revoked"),
        Action.REPORTER_REVEALED: _l("Reporter revealed"),
        Action.AREAS_CHECKED: _l("File of areas checked"),
        Action.NETS_IMPORTED: _l("Departmental grids loaded"),
        Action.REDRAW_BEGUN: _l("Redraw begun"),
        Action.REDRAW_PUBLISHED: _l("Redraw published"),
        Action.REDRAW_REVERTED: _l("Redraw reverted"),
    },
}
"""Every enumeration that a screen may show; a test holds it complete."""


def word(value: StrEnum | None) -> str:
    """What people call the value; a dash for None."""
    return NOTHING if value is None else str(WORDS[type(value)][value])


def when(moment: datetime | None) -> str:
    """A moment in the installation's time zone, to the minute."""
    return NOTHING if moment is None else format_datetime(moment, "yyyy-MM-dd HH:mm")


def day(moment: datetime | date | None) -> str:
    """A day."""
    return NOTHING if moment is None else format_date(moment, "yyyy-MM-dd")


def number(value: float | None) -> str:
    """A number with separators."""
    return NOTHING if value is None else format_decimal(value)


def percent(part: float | None, whole: float | None = None) -> str:
    """A share with two decimals, from a fraction or from numerator and denominator; a dash where there is no whole."""
    if part is None or whole == 0:
        return NOTHING
    return f"{100 * (part if whole is None else part / whole):.2f}%"


def masked(text: str | None) -> str:
    """A name or a telephone number with its middle hidden: 王*, 138****5678."""
    if not text:
        return NOTHING
    if len(text) >= 7:
        return f"{text[:3]}****{text[-4:]}"
    return text[0] + "*" * max(len(text) - 1, 1)


def listed(words: Iterable[object]) -> str:
    """Words in one line, with what the language puts between them: a comma, or 、."""
    return retold(join("{one}, {other}", [str(word) for word in words]).told(), _)


def who(name: str) -> str:
    """Someone's name as history keeps it. It keeps the command line as English words; they are said in the language."""
    if name == COMMAND_LINE:
        return _("command line")
    user = name.removeprefix(f"{COMMAND_LINE} (")
    return name if user == name else _("command line (%(user)s)", user=user.removesuffix(")"))


def action_word(action: str) -> str:
    """What an audit line tells of; a word of an earlier release is shown as it is."""
    return word(Action(action)) if action in list(Action) else action


def set_up(app: Flask) -> None:
    """Give templates the filters."""
    filters: dict[str, Any] = {
        "word": word, "when": when, "day": day, "number": number, "percent": percent, "masked": masked,
        "action_word": action_word, "listed": listed, "who": who,
    }  # fmt: skip
    app.jinja_env.filters.update(filters)
