"""Questions whose answers are known, for fitting geo.addresses.confidence: what was claimed on what, and the truth.

Four kinds, of splits that no reported figure uses: real addresses that the list lacks (most lie between known ones),
real ones that it has, as listed and written as operators write them, and texts about demonstration counties of other
seeds than the reported one, whose lists are nearly complete.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

import shapely

from bench import address_real
from bench.disturbance_places import Ground
from bench.disturbances import Disturber
from geo.addresses.answers import AddressRow
from geo.addresses.claims import Claim
from geo.addresses.confidence import RIGHT_M
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.ground import metres
from geo.addresses.sounds import spell
from geo.crs import from_wgs84
from shapefiles.addresses import found_addresses
from shapefiles.county import found_county
from shapefiles.layers import SURVEY
from shapefiles.overlays import found_specialised
from shapefiles.places import Places

SEEDS = tuple(range(101, 121))
COUNTY_SEEDS = (4242, 4243)


class Kind(Enum):
    """What sort of question it is."""

    UNLISTED = auto()
    LISTED = auto()
    SLIPPED = auto()
    COUNTY = auto()


class Claimed(NamedTuple):
    """A point that was claimed: on what, with which share of the evidence, and whether it is right."""

    terms: Mapping[str, float]
    share: float
    right: bool


class Lesson(NamedTuple):
    """A question: its kind, every point claimed, the likeliest first, and whether a point was the answer.

    An area is the answer where it is named and no point is likely; asked of unlisted ones only.
    """

    kind: Kind
    claims: tuple[Claimed, ...]
    answered: bool


def lessons() -> Iterator[Lesson]:
    """Yield every question that claims a point at all."""
    for seed in SEEDS:
        yield from real(seed)
    for seed in COUNTY_SEEDS:
        yield from county(seed)


def real(seed: int) -> Iterator[Lesson]:
    """Yield a split's questions; right is a place near the true one, in the labelled township."""
    rng = random.Random(seed)
    known, asked = address_real.split(seed)
    geocoder = Geocoder(Gazetteer.build(known))
    alphabet = sorted({sign for row in known for sign in row.name if "\u4e00" <= sign <= "\u9fff"})
    sounds: dict[str, str] = {}
    for sign in alphabet:
        sounds[spell(sign)] = sounds.get(spell(sign), "") + sign
    questions = [(row, row.name, Kind.UNLISTED) for row in asked]
    for row in rng.sample(known, len(asked)):
        text = slip(row.name, rng, alphabet, sounds)
        questions.append((row, text, Kind.LISTED if text == row.name else Kind.SLIPPED))
    for row, text, kind in questions:
        yield from _lesson(geocoder, text, kind, lambda claim, row=row: _is_of(claim, row, geocoder))


def _is_of(claim: Claim, row: AddressRow, geocoder: Geocoder) -> bool:
    near = metres(claim.spot.lon, claim.spot.lat, row.lon, row.lat) < RIGHT_M
    return near and geocoder.gazetteer.township_name(claim.township) == row.township


def county(seed: int) -> Iterator[Lesson]:
    """Yield the questions of a demonstration county; right is a place in the right grid."""
    ground = found_county(seed)
    specialised = found_specialised(ground, seed)
    book = found_addresses(ground, specialised, Places(ground, specialised, seed), seed)
    disturber = Disturber(book, Ground(ground), seed=seed)
    held_out = disturber.hold_out()
    missing = set(held_out)
    listed = [one for one in book.shorter(100_000) if one not in missing]
    rows = [AddressRow(place, one.name, one.lon, one.lat, one.aliases, one.kind, one.road, one.number, one.compound,
                       one.building, one.village, one.township) for place, one in enumerate(listed)]  # fmt: skip
    geocoder = Geocoder(Gazetteer.build(rows))
    tree = shapely.STRtree([grid.outline for grid in ground.grids])

    def grids(claim: Claim) -> set[str]:
        x, y = from_wgs84(claim.spot.lon, claim.spot.lat, SURVEY)
        return {ground.grids[number].code for number in tree.query(shapely.Point(x, y), "intersects").tolist()}

    for query in disturber.queries(listed, held_out):
        if not query.ambiguous and "so many metres" not in query.disturbances:  # claims are not moved yet
            yield from _lesson(
                geocoder, query.text, Kind.COUNTY, lambda claim, query=query: not grids(claim).isdisjoint(query.grids)
            )


def _lesson(geocoder: Geocoder, text: str, kind: Kind, is_right: Callable[[Claim], bool]) -> Iterator[Lesson]:
    points = [claim for claim in geocoder.weighed(text)[1] if claim.spot.accuracy.is_point]
    if points:
        claims = tuple(Claimed(claim.terms, claim.share, is_right(claim)) for claim in points)
        best = geocoder.geocode(text).best if kind is Kind.UNLISTED else None
        yield Lesson(kind, claims, best is not None and best.accuracy.is_point)


def slip(text: str, rng: random.Random, alphabet: Sequence[str], sounds: Mapping[str, str]) -> str:
    """Write a text as an operator may: one character wrong, missing or a homophone; one in five has no slip."""
    letters = [place for place, sign in enumerate(text) if "\u4e00" <= sign <= "\u9fff"][:-1]
    if not letters:
        return text
    place = rng.choice(letters)
    kind = rng.randrange(5)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + rng.choice(alphabet) + text[place + 1 :]
    if kind in (2, 3):
        return text[:place] + rng.choice(sounds[spell(text[place])]) + text[place + 1 :]
    return text
