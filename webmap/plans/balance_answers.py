"""How it is said that a grid cannot be split or moved like that: entries in the table of webmap.problems."""

from http import HTTPStatus

from flask_babel import lazy_gettext as _l

from geo.redraw_editing import LastGrid, LiesThereAlready, NotBeside, OtherTownship, UnknownGrid, UnknownVillage
from geo.redraws.numbering import NoCodeLeft, NotNumbered, NumberingFails
from geo.redraws.splitting import LineCutsTooOften, LineMisses, PieceTooSmall
from webmap.drawn_lines import LineUnreadable
from webmap.plans import redraw_answers  # noqa: F401  the entries of the tree above
from webmap.problems import ANSWERS, Answer, answer_for

_UNCHANGED = _l("Nothing was changed.")

ANSWERS |= {
    LineMisses: Answer(
        HTTPStatus.CONFLICT,
        _l("The line does not cut the grid in two."),
        _l("Draw it right through, from outside the grid to its other side."),
    ),
    LineCutsTooOften: Answer(
        HTTPStatus.CONFLICT,
        _l("The line cuts the grid into more than two pieces."),
        _l("Draw it so that it enters the grid and leaves it only once."),
    ),
    PieceTooSmall: Answer(
        HTTPStatus.CONFLICT,
        _l("One of the two pieces would hold next to no ground."),
        _l("Draw the line further inside the grid."),
    ),
    LineUnreadable: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("The line cannot be read."),
        _l("Draw it on the map, or write its points as “lon lat, lon lat”."),
    ),
    UnknownGrid: Answer(
        HTTPStatus.CONFLICT,
        _l("There is no grid of that code, neither in the draft nor on the map of today."),
        _l("The draft may have given it up: look at the balance of the draft."),
    ),
    UnknownVillage: Answer(HTTPStatus.CONFLICT, _l("There is no such village on the map of today."), _UNCHANGED),
    LiesThereAlready: Answer(HTTPStatus.CONFLICT, _l("The grid belongs to that village already."), _UNCHANGED),
    OtherTownship: Answer(
        HTTPStatus.CONFLICT,
        _l("That village belongs to another township."),
        _l("Which township the ground belongs to is not the grids' to say."),
    ),
    NotBeside: Answer(
        HTTPStatus.CONFLICT,
        _l("The grid does not touch that village."),
        _l("It would lie apart from the village's other grids. Choose a village beside it."),
    ),
    LastGrid: Answer(
        HTTPStatus.CONFLICT,
        _l("It is the only grid of its village, which would be left with no ground."),
        _l("Redraw the villages instead."),
    ),
    NumberingFails: Answer(HTTPStatus.CONFLICT, _l("No code can be proposed here."), _UNCHANGED),
    NoCodeLeft: Answer(
        HTTPStatus.CONFLICT,
        _l("The village has used up its numbers: none of 001 to 999 is left."),
        _l("Give the new grid a code yourself."),
    ),
    NotNumbered: Answer(
        HTTPStatus.CONFLICT,
        _l("The village has no national code, so nothing can be numbered below it."),
        _l("Give the new grid a code yourself."),
    ),
}


def sentence_of(error: Exception) -> str:
    """What happened and what now, as one text."""
    found = answer_for(error)
    if found is None:
        raise error
    advice = str(found.advice)
    return f"{found.title} {advice % vars(error) if '%(' in advice else advice}"
