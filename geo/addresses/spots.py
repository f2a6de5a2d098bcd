"""Where a door is at a place of the list: known, between known ones, or beyond them."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

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

_WHOLE = {Head.ROAD: Accuracy.ROAD, Head.COMPOUND: Accuracy.COMPOUND, Head.LANDMARK: Accuracy.LANDMARK}


class Spot(NamedTuple):
    """A point with how it was found. how: door, other (the number as a lane's for a door's, or a door's for a lane's),
    inner, building, whole, part, between, beyond, crossing, sibling or extent.

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


def one_of(values: NDArray[Any], wanted: Collection[int]) -> NDArray[np.bool_]:
    """Tell which values are among the wanted ones, at least one; np.isin is made for many."""
    if len(wanted) > FEW:
        return np.isin(values, list(wanted))
    first, *others = wanted
    found: NDArray[np.bool_] = values == first
    for each in others:
        found |= values == each
    return found


class Doors:
    """Answers for the places of one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.columns, values = gazetteer.columns, gazetteer.values
        self.first, self.kind = values["place_first"], values["place_kind"]
        self.centre_lon, self.centre_lat = values["place_lon"], values["place_lat"]
        self.radius = values["place_radius"]
        self.number, self.lane, self.sub = values["slot_number"], values["slot_lane"], values["slot_sub"]
        self.inner, self.building = values["slot_inner"], values["slot_building"]
        self.unit, self.row = values["slot_unit"], values["slot_row"]
        self.lon, self.lat = values["row_lon"], values["row_lat"]
        self.village, self.township = values["row_village"], values["row_township"]

    def find(self, place: int, door: Door, within: tuple[Collection[int], Collection[int]] = ((), ())) -> list[Spot]:
        """Return where the door may be at the place: one spot, or several where rows contradict each other.

        within: what the question says of village and township, as the numbers of each: only the rows there are asked,
        where there are any.
        """
        begin, end = self.first[place], self.first[place + 1]
        bearing = self._bearing(begin, end, door)  # few of a place's many slots: so asked first
        found, slots = [slot for slot in bearing if self._lies_in(slot, *within)], None
        if not found:
            slots = self._narrowed(begin, end, within)
            found = [slot for slot in slots.tolist() if slot in bearing] if bearing else []
        if found and (known := self._known(found, door)):
            return known
        slots = self._narrowed(begin, end, within) if slots is None else slots
        if found:  # the list has the lane for the door that is asked, or the door for the lane
            return [spot._replace(how="other") for spot in self._unknown(slots, door)]
        return self._unknown(slots, door) if door.number else [self._whole(place, slots)]

    def _bearing(self, begin: int, end: int, door: Door) -> Sequence[int]:
        """Return the slots of a place that bear the number, or where none is asked for the building."""
        if door.number:
            low = bisect_left(self.number, door.number, begin, end)
            return range(low, bisect_right(self.number, door.number, low, end))
        if door.building:
            built = (self.columns["slot_building"][begin:end] == door.building).nonzero()[0]
            return [begin + place for place in built.tolist()]
        return ()

    def _lies_in(self, slot: int, villages: Collection[int], townships: Collection[int]) -> bool:
        """Tell whether a slot's row lies in one of the villages and one of the townships, where any are given."""
        row = self.row[slot]
        return (not villages or self.village[row] in villages) and (not townships or self.township[row] in townships)

    def _narrowed(self, begin: int, end: int, within: tuple[Collection[int], Collection[int]]) -> NDArray[np.int64]:
        """Return the slots from begin to end that lie within, of what is wanted only that which any of them does."""
        slots, rows = np.arange(begin, end), self.columns["slot_row"][begin:end]
        for column, wanted in zip(("row_village", "row_township"), within, strict=True):
            if wanted:
                inside = one_of(self.columns[column][rows], wanted).nonzero()[0]
                if len(inside):
                    slots, rows = slots[inside], rows[inside]
        return slots

    def _known(self, slots: list[int], door: Door) -> list[Spot]:
        """Of the slots with the number or building, take those that agree with the most of what else is asked.

        Empty where that is a lane for a door or a door for a lane: those may lie far apart, and one is often wild.
        """
        if not door.number:
            exact = [slot for slot in slots if self.unit[slot] == door.unit] if door.unit else []
            return self._apart(exact or slots, Accuracy.BUILDING, "building")
        agreed = [self._agreement(slot, door) for slot in slots]
        most = max(agreed)
        best = [slot for slot, agrees in zip(slots, agreed, strict=True) if agrees == most]
        one = best[0]
        if door.inner and self.inner[one] != door.inner and self.lane[one] == door.lane:
            return self._within(best, "inner")
        if self.inner[one] == door.inner and self.building[one] == door.building:
            accuracy = Accuracy.BUILDING if door.building else Accuracy.DOOR
            return self._apart(best, accuracy, "door") if self.lane[one] == door.lane else []
        return self._within(best, "inner" if door.building else "door")

    def _agreement(self, slot: int, door: Door) -> int:
        """Weigh what else is asked: the lane before what is in it, the building, what follows the number, the unit.

        What the slot says and the door does not counts against it.
        """
        inner, building = self.inner[slot], self.building[slot]
        score = 16 * (self.lane[slot] == door.lane) + 2 * (self.sub[slot] == door.sub) + (self.unit[slot] == door.unit)
        score += 8 if inner == door.inner else -(inner != 0)
        score += 4 if building == door.building else -(building != 0)
        return int(score)

    def _within(self, slots: list[int], how: str) -> list[Spot]:
        """Return the middle of what is known of one number, or each where they lie apart."""
        rows = [self.row[slot] for slot in slots]
        lon, lat = self.columns["row_lon"][rows], self.columns["row_lat"][rows]
        spread = metres(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        if spread > 600:
            return self._apart(slots, Accuracy.DOOR, how)
        accuracy = Accuracy.COMPOUND if how == "inner" else Accuracy.DOOR
        return [Spot(float(lon.mean()), float(lat.mean()), accuracy, how, rows[0], spread)]

    def _apart(self, slots: list[int], accuracy: Accuracy, how: str) -> list[Spot]:
        """Return one spot for each of the rows that do not lie together."""
        found: list[Spot] = []
        for slot in slots[:20]:
            row = self.row[slot]
            lon, lat = self.lon[row], self.lat[row]
            if all(metres(lon, lat, spot.lon, spot.lat) > 100 for spot in found):
                found.append(Spot(lon, lat, accuracy, how, row))
        return found

    def _whole(self, place: int, slots: NDArray[np.int64]) -> Spot:
        """Return the place itself: the row that is it, else what is known of its extent."""
        how, number, building = (self.columns[f"slot_{name}"][slots] for name in ("how", "number", "building"))
        own = ((how != PART) & (number == 0) & (building == 0)).nonzero()[0]
        accuracy = _WHOLE.get(self.kind[place], Accuracy.VILLAGE)
        if len(own) and (accuracy.is_point or ALIAS in how[own]):
            row = self.row[slots[own[0]]]
            accuracy = accuracy if accuracy.is_point else Accuracy.LANDMARK
            return Spot(self.lon[row], self.lat[row], accuracy, "whole", row)
        lon, lat, radius = self.centre_lon[place], self.centre_lat[place], self.radius[place]
        if accuracy.is_point:
            return Spot(lon, lat, accuracy, "part", self.row[slots[0]], radius)
        return Spot(lon, lat, accuracy, "extent", -1, radius)

    def _unknown(self, slots: NDArray[np.int64], door: Door) -> list[Spot]:
        """Estimate a number that is not known along those that are, its own side of the road first."""
        first, at = (bisect_left(slots, number, key=self.number.__getitem__) for number in (1, door.number))
        slots = slots[max(first, at - WINDOW) : at + WINDOW]
        if not len(slots):
            return []
        number = self.columns["slot_number"][slots].astype(np.int64)
        near = np.abs(number - door.number).argsort(kind="stable")[:NEIGHBOURS]
        near.sort()
        return [self._estimated(door, slots[near], number[near])]

    def _estimated(self, door: Door, slots: NDArray[np.int64], number: NDArray[np.int64]) -> Spot:
        """Estimate where the number is among its neighbours, the slots in their order."""
        asked, rows = door.number, self.columns["slot_row"][slots]
        away, own = np.abs(number - asked), number % 2 == asked % 2
        nearest = int((away + 0.5 * ~own).argmin())
        row = int(rows[nearest])
        lon, lat = self.lon[row], self.lat[row]
        east = (self.columns["row_lon"][rows] - lon) * per_lon(lat)
        north = (self.columns["row_lat"][rows] - lat) * PER_LAT
        dx, dy, error = estimate(asked, door.lane, number, self.columns["slot_lane"][slots] != 0, east, north)
        inside = bool(number[0] < asked < number[-1])
        townships = self.columns["row_township"][rows]
        beside = tuple(zip(townships[own].tolist(), away[own].tolist(), strict=True))
        accuracy = Accuracy.INTERPOLATED if error < FARTHEST_M else Accuracy.ROAD
        return Spot(*moved(lon, lat, dx, dy), accuracy, "between" if inside else "beyond", row, error, beside,
                    int(away[nearest]), len(number))  # fmt: skip
