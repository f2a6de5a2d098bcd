"""How every refusal of a redraw is answered: its entries in the table of webmap.problems."""

from http import HTTPStatus

from flask_babel import lazy_gettext as _l

from geo.redraws.errors import (
    CodesGiven,
    LaterRedraw,
    MapHasChanged,
    MomentPassed,
    MomentTooFar,
    NameTaken,
    NothingChanges,
    NothingDrawn,
    OutsideJurisdiction,
    RedrawError,
    StillBlocked,
    StillWorking,
    UnknownFinding,
    UnknownRedraw,
    WrongState,
)
from geo.redraws.mends import MendFails
from importers.definitions import DefinitionUnusable
from webmap.problems import ANSWERS, Answer, WebProblem


class OwnReview(WebProblem):
    """Whoever drew a redraw up may not also review it."""


class SourceGone(WebProblem):
    """The file of the redraw is not kept here: it was drafted on the command line, or taken away."""


class MomentMissing(WebProblem):
    """It was not said from when on the redraw is to be in force."""


ANSWERS |= {
    RedrawError: Answer(
        HTTPStatus.CONFLICT,
        _l("Something about this redraw does not allow that."),
        _l("Reload the page to see how far it has come."),
    ),
    UnknownRedraw: Answer(
        HTTPStatus.NOT_FOUND,
        _l("There is no such redraw."),
        _l("It may lie outside your jurisdiction, or the address was mistyped."),
    ),
    NameTaken: Answer(
        HTTPStatus.CONFLICT,
        _l("There is a redraw of that name already."),
        _l("Choose another name."),
    ),
    WrongState: Answer(
        HTTPStatus.CONFLICT,
        _l("The redraw is no longer where this step starts from."),
        _l("Look at its history: somebody may have been quicker."),
    ),
    StillBlocked: Answer(
        HTTPStatus.CONFLICT,
        _l("Findings that block are open."),
        _l("There are %(count)s: mend them, correct the file, or accept them."),
    ),
    MapHasChanged: Answer(
        HTTPStatus.CONFLICT,
        _l("The areas it was checked against have changed since."),
        _l("Check it again."),
    ),
    CodesGiven: Answer(
        HTTPStatus.CONFLICT,
        _l("Codes of the draft were given to other areas since it was checked."),
        _l("%(code)s is one of them: check it again, and give the areas other codes."),
    ),
    MomentPassed: Answer(
        HTTPStatus.CONFLICT,
        _l("That moment has passed: history is not redrawn."),
        _l("Publish it for now or for a later moment."),
    ),
    MomentTooFar: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("That moment is more than ten years ahead."),
        _l("Look whether the year was mistyped."),
    ),
    LaterRedraw: Answer(
        HTTPStatus.CONFLICT,
        _l("Another redraw changes the same areas at that moment or later."),
        _l("Revert “%(name)s” first."),
    ),
    NothingChanges: Answer(
        HTTPStatus.CONFLICT,
        _l("The draft is what is in force already."),
        _l("There is nothing to publish."),
    ),
    NothingDrawn: Answer(
        HTTPStatus.CONFLICT,
        _l("The draft has no rows."),
        _l("Send a file first."),
    ),
    UnknownFinding: Answer(
        HTTPStatus.CONFLICT,
        _l("That finding is no longer there."),
        _l("The redraw was checked again meanwhile: look at what was found then."),
    ),
    OutsideJurisdiction: Answer(
        HTTPStatus.FORBIDDEN,
        _l("It changes areas outside your jurisdiction."),
        _l("Ask a planner whose jurisdiction it lies in."),
    ),
    StillWorking: Answer(
        HTTPStatus.CONFLICT,
        _l("Something is being done with this redraw just now."),
        _l("Wait until it is finished."),
    ),
    MendFails: Answer(
        HTTPStatus.CONFLICT,
        _l("The mend would leave nothing of an area."),
        _l("Correct it in the drawing program."),
    ),
    DefinitionUnusable: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("That is no definition of how a file of areas is read."),
        _l("Send one that was downloaded from a redraw."),
    ),
    OwnReview: Answer(
        HTTPStatus.FORBIDDEN,
        _l("Whoever drew a redraw up may not also review it."),
        _l("Ask a colleague to look at it."),
    ),
    MomentMissing: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("It was not said from when on it is to be in force."),
        _l("Choose a day and an hour, or publish it for now."),
    ),
    SourceGone: Answer(
        HTTPStatus.NOT_FOUND,
        _l("The file of this redraw is not kept here."),
        _l("It was drafted on the command line, or taken away since."),
    ),
}
"""Facts in the sentences are attributes of the errors."""
