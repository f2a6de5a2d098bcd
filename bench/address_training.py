"""Fits the weights of geo.addresses.confidence on real addresses: `python -m bench.address_training` prints them.

Two kinds of questions, of splits that no reported figure uses: addresses that the list lacks (most lie between known
ones), and addresses that it has, written as operators write them. A logistic regression with a little ridge; the
sign of a weight that would make no sense is not mended: it shows that the term is wrong.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import shapely

from bench import address_real
from bench.disturbance_places import Ground
from bench.disturbances import Disturber
from geo.addresses.answers import AddressRow
from geo.addresses.confidence import RIGHT_M, WEIGHTS
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

SEEDS = tuple(range(101, 111))
RIDGE = 1.0
UNRIVALLED = 0.85
"""Share of the evidence from which an answer is taken to be without rivals: only those teach the weights."""
UNLISTED = 7.0
"""How often a question counts that the list cannot answer: this list lacks the next door of seven numbers in eight."""
SLIPPED, AS_LISTED = 0.1, 1.0
"""How often one counts that it can: four in five are written with a slip, of an operator's fewer than one in three."""
COUNTY = 6.0
"""How often a question about the demonstration county counts: else what a list with gaps teaches outweighs it."""
COUNTY_SEED = 4242
"""The demonstration county whose texts are learned from; the reported one has another seed."""


def slip(text: str, rng: random.Random, alphabet: Sequence[str], sounds: Mapping[str, str]) -> str:
    """Write a text as an operator may: one character wrong, missing or a homophone, or the number first."""
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


def samples(seed: int) -> Iterator[tuple[dict[str, float], bool, float]]:
    """Yield the terms of the best claim of each question, whether it is right, and how often it counts."""
    rng = random.Random(seed)
    known, asked = address_real.split(seed)
    geocoder = Geocoder(Gazetteer.build(known))
    alphabet = sorted({sign for row in known for sign in row.name if "\u4e00" <= sign <= "\u9fff"})
    sounds: dict[str, str] = {}
    for sign in alphabet:
        sounds[spell(sign)] = sounds.get(spell(sign), "") + sign
    yield from _judged(geocoder, ((row, row.name, UNLISTED) for row in asked))
    for row in rng.sample(known, len(asked)):
        text = slip(row.name, rng, alphabet, sounds)
        yield from _judged(geocoder, [(row, text, AS_LISTED if text == row.name else SLIPPED)])


def county_samples(seed: int = COUNTY_SEED) -> Iterator[tuple[dict[str, float], bool, float]]:
    """Yield the same of texts about a demonstration county, whose list is nearly complete."""
    county = found_county(seed)
    specialised = found_specialised(county, seed)
    book = found_addresses(county, specialised, Places(county, specialised, seed), seed)
    disturber = Disturber(book, Ground(county), seed=seed)
    held_out = disturber.hold_out()
    listed = [one for one in book.shorter(100_000) if one not in set(held_out)]
    rows = [AddressRow(place, one.name, one.lon, one.lat, one.aliases, one.kind, one.road, one.number, one.compound,
                       one.building, one.village, one.township) for place, one in enumerate(listed)]  # fmt: skip
    geocoder = Geocoder(Gazetteer.build(rows))
    tree = shapely.STRtree([grid.outline for grid in county.grids])
    for query in disturber.queries(listed, held_out):
        claims = [claim for claim in geocoder.weighed(query.text)[1] if claim.spot.accuracy.is_point]
        if claims and claims[0].share >= UNRIVALLED and not query.ambiguous:
            x, y = from_wgs84(claims[0].spot.lon, claims[0].spot.lat, SURVEY)
            within = tree.query(shapely.Point(x, y), "intersects")
            yield claims[0].terms, any(county.grids[number].code in query.grids for number in within.tolist()), COUNTY


def _judged(
    geocoder: Geocoder, questions: Iterable[tuple[AddressRow, str, float]]
) -> Iterator[tuple[dict[str, float], bool, float]]:
    for row, text, count in questions:
        claims = [claim for claim in geocoder.weighed(text)[1] if claim.spot.accuracy.is_point]
        if claims:
            best = claims[0]
            near = metres(best.spot.lon, best.spot.lat, row.lon, row.lat) < RIGHT_M
            if best.share < UNRIVALLED:
                continue
            yield best.terms, near and geocoder.gazetteer.township_name(best.township) == row.township, count


def fit(
    terms: Sequence[Mapping[str, float]], right: Sequence[bool], counts: Sequence[float], ridge: float = RIDGE
) -> dict[str, float]:
    """Return the weights of a logistic regression, by Newton's method; the ridge pulls towards today's weights.

    counts: how often each question counts.
    """
    names = list(WEIGHTS)
    prior = np.array([WEIGHTS[name] for name in names])
    x = np.array([[each.get(name, 0.0) for name in names] for each in terms])
    y, n = np.array(right, float), np.array(counts, float)
    weights = prior.copy()
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (n * (y - p)) - ridge * (weights - prior)
        hessian = (x * (n * p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(names))
        step = np.linalg.solve(hessian, gradient)
        weights += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=True)}


def main(show: Callable[[str], None] = print) -> None:
    """Print the fitted weights as geo/addresses/confidence.py writes them, and how often each term occurs."""
    gathered = [*(sample for seed in SEEDS for sample in samples(seed)), *county_samples()]
    terms, rights, counts = zip(*gathered, strict=True)
    fitted = fit(terms, rights, counts)
    for name, weight in fitted.items():
        having = [right for terms, right, _ in gathered if terms.get(name)]
        show(f'    "{name}": {weight},  # in {len(having)} questions, right {np.mean(having) if having else 0:.2f}')


if __name__ == "__main__":
    main()
