"""The index of areas as a test's own transaction sees them, which no other connection does."""

from bisect import bisect_right
from datetime import datetime

from sqlalchemy.orm import Session

from geo.areas import areas_epoch, areas_valid_at, turning_points
from geo.locate import Locator
from geo.placing import AreaIndex


class IndexOf(AreaIndex):
    """Reads the areas again whenever they changed."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._kept: dict[int, Locator] = {}
        self._turns: list[datetime] = []
        self._of = -1

    def at(self, moment: datetime) -> Locator:
        if self.epoch != self._of:
            self._of, self._turns, self._kept = self.epoch, turning_points(self._db), {}
        interval = bisect_right(self._turns, moment)
        if interval not in self._kept:
            self._kept[interval] = Locator(areas_valid_at(self._db, moment))
        return self._kept[interval]

    @property
    def epoch(self) -> int:
        return areas_epoch(self._db)
