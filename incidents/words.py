"""The words of incidents: channels, levels, limits, placements, reasons to queue, kinds of event."""

from enum import StrEnum


class Level(StrEnum):
    """Which rung of the ladder may act on a matter."""

    VILLAGE = "village"
    TOWNSHIP = "township"
    COUNTY = "county"


class LimitUnit(StrEnum):
    """What a time limit is counted in."""

    WORKING_HOURS = "working-hours"
    WORKING_DAYS = "working-days"
    NATURAL_HOURS = "natural-hours"


class Procedure(StrEnum):
    """Simple facts are settled on the spot; technical ones go to a professional brigade."""

    SIMPLE = "simple"
    ORDINARY = "ordinary"


class Channel(StrEnum):
    """Where a report came from."""

    HOTLINE = "hotline"
    CITIZEN = "citizen"
    WORKER = "worker"
    PATROL = "patrol"
    SUPERIOR = "superior"
    SYSTEM = "system"
    SENSOR = "sensor"


class Placement(StrEnum):
    """How the position of a report became a place."""

    LOCATED = "located"
    SNAPPED = "snapped"
    UNLOCATED = "unlocated"
    INVALID = "invalid"


class PlaceMethod(StrEnum):
    """By what an incident came to its place."""

    COORDINATES = "coordinates"
    ADDRESS = "address"
    CANDIDATE = "candidate"
    BY_HAND = "by-hand"


class QueueReason(StrEnum):
    """Why a person must look at a report before anybody can handle it."""

    NO_COORDINATES = "no-coordinates"
    ADDRESS_UNCERTAIN = "address-uncertain"
    UNUSABLE_COORDINATES = "unusable-coordinates"
    PLACEHOLDER_POINT = "placeholder-point"
    OUTSIDE_ALL_GRIDS = "outside-all-grids"
    NOBODY_ANSWERS = "nobody-answers"


class EventKind(StrEnum):
    """What an entry of an incident's history tells."""

    RECEIVED = "received"
    REPEATED = "repeated"
    PLACED = "placed"
    MOVED = "moved"
    PHOTO = "photo"
    REVEALED = "revealed"
    REDRAWN = "redrawn"
