"""What the API itself refuses."""

from http import HTTPStatus

from flask_babel import lazy_gettext as _l

from webmap.problems import ANSWERS, Answer, TooManyAttempts, WebProblem


class BodyUnreadable(WebProblem):
    """The body is no JSON. `place` says where reading it stopped."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(place)


class TooManyReports(TooManyAttempts):
    """So many anonymous reports came from one address that it may be a flood. `minutes` until it may go on."""


class BeyondYourArea(WebProblem):
    """The point chosen for an incident lies outside the jurisdiction of whoever chose it."""


ANSWERS |= {
    BodyUnreadable: Answer(
        HTTPStatus.BAD_REQUEST,
        _l("What was sent is not JSON."),
        _l("Reading it stopped here: %(place)s."),
    ),
    TooManyReports: Answer(
        HTTPStatus.TOO_MANY_REQUESTS,
        _l("Too many reports came from this address."),
        _l("Please wait %(minutes)s minutes and send it again; or sign in. In an emergency, telephone."),
    ),
    BeyondYourArea: Answer(
        HTTPStatus.FORBIDDEN,
        _l("That point lies outside your area."),
        _l("Choose a point inside it, or ask the county's centre to place the incident."),
    ),
}
