"""Across the street from a door: the place of its number on the other side."""

from geo.addresses.claims import Claim
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import metres, metres_to
from geo.addresses.pieces import Door, Head, split_name
from geo.addresses.reading import places_of
from geo.addresses.spots import Doors
from geo.addresses.writing import PAUSE, write

WIDEST_M = 120.0
"""What lies farther away is not across the street."""


def across(claim: Claim, gazetteer: Gazetteer, doors: Doors) -> tuple[float, float] | None:
    """Return lon and lat across the street from a claim, None where the list does not show the other side."""
    road = _road(claim, gazetteer)
    if road is None:
        return None
    place, door = road
    numbers = [number for number in (door.number - 1, door.number + 1) if number > 0]
    spots = [spot for number in numbers for spot in doors.find(place, Door(number)) if spot.accuracy.is_point]
    here = claim.spot
    found = [spot for spot in spots if metres(spot.lon, spot.lat, here.lon, here.lat) < WIDEST_M]
    if not found:
        return None
    return sum(spot.lon for spot in found) / len(found), sum(spot.lat for spot in found) / len(found)


def _road(claim: Claim, gazetteer: Gazetteer) -> tuple[int, Door] | None:
    """Return the road place and the number at which a claim lies."""
    for mention in claim.used:
        if mention.kind is Head.ROAD and mention.door.number and mention is claim.mention:
            return claim.place, mention.door
    if claim.spot.row < 0:
        return None
    named = split_name(
        write(gazetteer.row_name(claim.spot.row)).text.replace(PAUSE, ""), frozenset(gazetteer.words.townships)
    )
    number = gazetteer.names.number(named.head) if named.kind is Head.ROAD and named.door.number else None
    if number is None:
        return None
    columns = gazetteer.columns
    places = places_of(gazetteer, number)
    here = slice(places.start, places.stop)
    away = metres_to(claim.spot.lon, claim.spot.lat, columns["place_lon"][here], columns["place_lat"][here])
    away -= columns["place_radius"][here]
    return (places.start + int(away.argmin()), named.door) if len(places) else None
