"""What can go wrong with a redraw. Each docstring is the sentence that people read."""

from collections.abc import Sequence
from datetime import datetime

from geo.redraws.words import RedrawState


class RedrawError(Exception):
    """Something about this redraw does not allow that."""

    def __str__(self) -> str:
        return type(self).__doc__ or ""


class UnknownRedraw(RedrawError):
    """There is no such redraw, or it lies outside your jurisdiction."""


class NameTaken(RedrawError):
    """There is a redraw of that name already: choose another name."""


class WrongState(RedrawError):
    """The redraw is no longer where this step starts from: look at its history, somebody may have been quicker."""

    def __init__(self, state: RedrawState) -> None:
        super().__init__(state)
        self.state = state


class StillBlocked(RedrawError):
    """Findings that block are open: mend them, correct the file, or accept them."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class MapHasChanged(RedrawError):
    """The areas it was checked against have changed since: check it again."""


class CodesGiven(RedrawError):
    """Codes of the draft were given to other areas since it was checked: check it again."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(codes)
        self.code, self.count = codes[0], len(codes)


class MomentPassed(RedrawError):
    """That moment has passed: history is not redrawn. Publish it for now or for a later moment."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class MomentTooFar(RedrawError):
    """That moment is more than ten years ahead: look whether the year was mistyped."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class LaterRedraw(RedrawError):
    """Another redraw changes the same areas at that moment or later: revert that one first."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NothingChanges(RedrawError):
    """The draft is what is in force already: there is nothing to publish."""


class NothingDrawn(RedrawError):
    """The draft has no rows: send a file first."""


class UnknownFinding(RedrawError):
    """That finding is no longer there: check the redraw again."""


class OutsideJurisdiction(RedrawError):
    """It changes areas outside your jurisdiction."""


class StillWorking(RedrawError):
    """Something is being done with this redraw just now: wait until it is finished."""
