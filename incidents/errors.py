"""What can go wrong with an incident. Each docstring is the sentence that people read."""

from incidents.workflow import Move, State


class IncidentError(Exception):
    """Something about this incident does not allow that."""

    def __str__(self) -> str:
        return type(self).__doc__ or ""


class UnknownIncident(IncidentError):
    """There is no such incident, or it lies outside your jurisdiction."""


class MoveNotAllowed(IncidentError):
    """The incident is no longer where this step starts from: look at its history, somebody may have been quicker."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move


class NotYours(IncidentError):
    """You are not entitled to take this step with this incident."""


class HandlerMayNotConfirm(NotYours):
    """Whoever handled an incident may not also confirm it: somebody else must look."""


class NoteMissing(IncidentError):
    """This step needs a reason in words."""


class LeadMissing(IncidentError):
    """Say to which unit the incident is dispatched."""


class PointUnusable(IncidentError):
    """That position lies outside every comprehensive grid: choose a point inside one."""


class CandidateGone(IncidentError):
    """The places to choose from are no longer those that were shown: look at them again."""


class CandidateTooWide(IncidentError):
    """That is an area with parts of several grids: choose the point inside it on the map."""


class NothingToRemember(IncidentError):
    """Only a place that a person chose for the case can be kept for its words."""


class WordsMissing(IncidentError):
    """Say which words mean this place: at least two characters, at most sixty."""
