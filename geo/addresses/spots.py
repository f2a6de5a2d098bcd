"""Where a door is at a place of the list: known, between known ones, or beyond them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.addresses.answers import Accuracy
from geo.addresses.gathering import ALIAS, PART
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import PER_LAT, metres, moved, per_lon
from geo.addresses.kriging import estimate
from geo.addresses.pieces import Door, Head

WINDOW = 60
"""Slots looked at on each side of a number: enough to find both sides of the road, few enough to be quick."""
NEIGHBOURS = 16
"""Known numbers from which one between them is estimated."""
FEW = 8
FARTHEST_M = 700.0
"""Standard error from which on only the road is known, not the place."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with how it was found. how: door, inner, building, whole, part, between, beyond, beside or extent.

    gap_m: the standard error of an estimate, or how far apart the rows lie that were taken together.
    row: the row that it is, or the nearest known one. beside: of an estimate, the township and the numbers to each
    known one of its own side. step: numbers to the nearest known one. known: how many were asked.
    """

    lon: float
    lat: float
    accuracy: Accuracy
    how: str
    row: int
    gap_m: float = 0.0
    beside: tuple[tuple[int, int], ...] = ()
    step: int = 0
    known: int = 1


def one_of(values: NDArray[Any], wanted: Sequence[int]) -> NDArray[np.bool_]:
    """Tell which values are among the wanted ones, at least one; np.isin is made for many."""
    if len(wanted) > FEW:
        return np.isin(values, wanted)
    found: NDArray[np.bool_] = values == wanted[0]
    for each in wanted[1:]:
        found |= values == each
    return found


class Doors:
    """Answers for the places of one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        columns = gazetteer.columns
        self.first, self.kind = columns["place_first"], columns["place_kind"]
        self.centre_lon, self.centre_lat = columns["place_lon"], columns["place_lat"]
        self.radius = columns["place_radius"]
        self.number, self.lane, self.sub = columns["slot_number"], columns["slot_lane"], columns["slot_sub"]
        self.inner, self.building = columns["slot_inner"], columns["slot_building"]
        self.unit = columns["slot_unit"]
        self.how, self.row = columns["slot_how"], columns["slot_row"]
        self.lon, self.lat = columns["row_lon"], columns["row_lat"]
        self.village, self.township = columns["row_village"], columns["row_township"]

    def find(self, place: int, door: Door, within: Sequence[Sequence[int]] = ()) -> list[Spot]:
        """Return where the door may be at the place: one spot, or several where rows contradict each other.

        within: what the question says of village and township, as the numbers of each: only the rows there are asked,
        where there are any.
        """
        begin, end = int(self.first[place]), int(self.first[place + 1])
        slots = np.arange(begin, end)
        for column, wanted in zip((self.village, self.township), within, strict=False):
            if wanted and len(slots) > 1:
                inside = one_of(column[self.row[slots]], wanted)
                slots = slots[inside] if inside.any() else slots
        if door.number:
            known = self.number[begin:end] if len(slots) == end - begin else self.number[slots]
            low, high = known.searchsorted([door.number, door.number + 1]).tolist()
            return self._known(slots[low:high], door) if high > low else self._unknown(slots, low, door)
        if door.building:
            built = slots[self.building[slots] == door.building]
            if door.unit and (exact := self.unit[built] == door.unit).any():
                built = built[exact]
            if len(built):
                return self._apart(built, Accuracy.BUILDING, "building")
        return [self._whole(place, slots)]

    def _known(self, slots: NDArray[np.int64], door: Door) -> list[Spot]:
        """Of the slots with the number, take those that agree with the most of what else is asked."""
        lane, sub, inner = self.lane[slots] == door.lane, self.sub[slots], self.inner[slots]
        building = self.building[slots]
        score = 16 * lane + 8 * (inner == door.inner) + 4 * (building == door.building) + 2 * (sub == door.sub)
        score = score + (self.unit[slots] == door.unit)
        score = score - (inner != 0) * (inner != door.inner) - (building != 0) * (building != door.building)
        best = slots[score == score.max()]
        one = best[0]
        whole = self.inner[one] == door.inner and self.building[one] == door.building
        if door.inner and self.inner[one] != door.inner and self.lane[one] == door.lane:
            return self._within(best, "inner")
        if whole:
            accuracy = Accuracy.BUILDING if door.building else Accuracy.DOOR
            return self._apart(best, accuracy, "door" if self.lane[one] == door.lane else "other")
        return self._within(best, "inner" if door.building else "door")

    def _within(self, slots: NDArray[np.int64], how: str) -> list[Spot]:
        """Return the middle of what is known of one number, or each where they lie apart."""
        lon, lat = self.lon[self.row[slots]], self.lat[self.row[slots]]
        spread = metres(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        if spread > 600:
            return self._apart(slots, Accuracy.DOOR, how)
        accuracy = Accuracy.COMPOUND if how == "inner" else Accuracy.DOOR
        return [Spot(float(lon.mean()), float(lat.mean()), accuracy, how, int(self.row[slots[0]]), spread)]

    def _apart(self, slots: NDArray[np.int64], accuracy: Accuracy, how: str) -> list[Spot]:
        """Return one spot for each of the rows that do not lie together."""
        found: list[Spot] = []
        for slot in slots[:20].tolist():
            row = int(self.row[slot])
            lon, lat = float(self.lon[row]), float(self.lat[row])
            if all(metres(lon, lat, spot.lon, spot.lat) > 100 for spot in found):
                found.append(Spot(lon, lat, accuracy, how, row))
        return found

    def _whole(self, place: int, slots: NDArray[np.int64]) -> Spot:
        """Return the place itself: the row that is it, else what is known of its extent."""
        kind = Head(int(self.kind[place]))
        own = slots[(self.how[slots] != PART) & (self.number[slots] == 0) & (self.building[slots] == 0)]
        accuracy = {Head.ROAD: Accuracy.ROAD, Head.COMPOUND: Accuracy.COMPOUND, Head.LANDMARK: Accuracy.LANDMARK}.get(
            kind, Accuracy.VILLAGE
        )
        if len(own) and (accuracy.is_point or (self.how[own] == ALIAS).any()):
            row = int(self.row[own[0]])
            accuracy = accuracy if accuracy.is_point else Accuracy.LANDMARK
            return Spot(float(self.lon[row]), float(self.lat[row]), accuracy, "whole", row)
        lon, lat = float(self.centre_lon[place]), float(self.centre_lat[place])
        radius = float(self.radius[place])
        if accuracy.is_point:
            return Spot(lon, lat, accuracy, "part", int(self.row[slots[0]]), radius)
        return Spot(lon, lat, accuracy, "extent", -1, radius)

    def _unknown(self, slots: NDArray[np.int64], at: int, door: Door) -> list[Spot]:
        """Estimate a number that is not known along those that are, its own side of the road first."""
        around = slots[max(0, at - WINDOW) : at + WINDOW]
        around = around[self.number[around] > 0]
        if not len(around):
            return []
        near = np.argsort(np.abs(self.number[around].astype(np.int64) - door.number), kind="stable")[:NEIGHBOURS]
        near.sort()
        return [self._estimated(door, around[near])]

    def _estimated(self, door: Door, slots: NDArray[np.int64]) -> Spot:
        """Estimate where the number is among its neighbours, the slots in their order."""
        asked, number, row = door.number, self.number[slots].astype(np.int64), self.row[slots]
        nearest = int(np.argmin(np.abs(number - asked) + 0.5 * (number % 2 != asked % 2)))
        lon, lat = float(self.lon[row[nearest]]), float(self.lat[row[nearest]])
        east = (self.lon[row] - lon) * per_lon(lat)
        north = (self.lat[row] - lat) * PER_LAT
        dx, dy, error = estimate(asked, door.lane, number, self.lane[slots] != 0, east, north)
        inside = bool(number[0] < asked < number[-1])
        own = number % 2 == asked % 2
        beside = tuple(zip(self.township[row[own]].tolist(), np.abs(number[own] - asked).tolist(), strict=True))
        step = int(abs(number[nearest] - asked))
        place = moved(lon, lat, dx, dy)
        accuracy = Accuracy.INTERPOLATED if error < FARTHEST_M else Accuracy.ROAD
        return Spot(
            *place, accuracy, "between" if inside else "beyond", int(row[nearest]), error, beside, step, len(number)
        )
