"""When an address places a report, and when a person must: the rule over plain values."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from shapely.geometry import Polygon, box

from geo.addresses.answers import Accuracy, Answer, Candidate, Piece
from geo.codes import AreaKind
from geo.locate import LocatableArea, Locator
from geo.sentences import say
from incidents.address_placing import AGREED_CONFIDENCE, AUTO_CONFIDENCE, PlacingRule, decide
from incidents.address_reach import reach_of


def candidate(grids: str, confidence: float, accuracy: Accuracy = Accuracy.DOOR, **given: object) -> Candidate:
    """A candidate that lies in the grids named by the letters of `grids`."""
    values: dict[str, object] = {
        "lon": 0.0, "lat": 0.0, "accuracy": accuracy, "confidence": confidence, "matched": grids, "address_id": None,
        "radius_m": 20.0,
    }  # fmt: skip
    return Candidate(**(values | given))  # type: ignore[arg-type]


def answer(*candidates: Candidate, township: str | None = None) -> Answer:
    return Answer("a text", candidates, township, say(""))


def letters(candidate: Candidate) -> Collection[str]:
    return set(candidate.matched)


def rule_of(*candidates: Candidate, township: str | None = None) -> PlacingRule:
    return decide(answer(*candidates, township=township), letters).rule


def test_a_place_that_is_certain_enough_is_taken():
    best = candidate("a", AUTO_CONFIDENCE)
    assert decide(answer(best, candidate("b", 0.1)), letters).candidate is best


def test_a_place_that_is_less_certain_is_left_to_a_person():
    decision = decide(answer(candidate("a", AUTO_CONFIDENCE - 0.01), candidate("b", 0.1)), letters)
    assert (decision.candidate, decision.rule) == (None, PlacingRule.UNCERTAIN)


def test_a_rival_in_another_grid_leaves_the_choice_to_a_person_and_one_in_the_same_grid_does_not():
    best, twin = candidate("a", 0.9), candidate("a", 0.85)
    assert rule_of(best, candidate("b", 0.5)) is PlacingRule.SEVERAL_PLACES
    assert rule_of(best, twin, candidate("b", 0.05)) is PlacingRule.CERTAIN_POINT


def test_two_places_that_the_same_words_lead_to_are_left_to_a_person_whatever_their_confidence():
    said = (Piece("compound", "阳光花园", 0, 4, "阳光花园"),)
    best, twin = candidate("a", 0.95, pieces=said), candidate("b", 0.05, pieces=said)
    typed = candidate("b", 0.05, pieces=(replace(said[0], how="typo"),))
    assert rule_of(best, twin) is PlacingRule.SEVERAL_PLACES
    assert rule_of(best, candidate("b", 0.05, Accuracy.INTERPOLATED, pieces=said)) is PlacingRule.CERTAIN_POINT
    assert rule_of(best, typed) is PlacingRule.CERTAIN_POINT


def test_words_that_name_the_township_tell_two_places_of_one_name_apart():
    said = (Piece("township", "泾河镇", 0, 3, "泾河镇"), Piece("compound", "阳光花园", 3, 7, "阳光花园"))
    there = candidate("a", 0.95, pieces=said, township="泾河镇")
    elsewhere = candidate("b", 0.05, pieces=said, township="安宜镇")
    assert rule_of(there, elsewhere, township="泾河镇") is PlacingRule.CERTAIN_POINT


def test_an_area_around_the_best_place_is_no_rival():
    assert rule_of(candidate("a", 0.9), candidate("abc", 0.9, Accuracy.ROAD)) is PlacingRule.CERTAIN_POINT


@pytest.mark.parametrize("accuracy", [Accuracy.ROAD, Accuracy.VILLAGE, Accuracy.TOWNSHIP])
def test_an_area_with_parts_of_several_grids_never_places_however_certain_it_is(accuracy: Accuracy):
    assert rule_of(candidate("ab", 1.0, accuracy)) is PlacingRule.ONLY_AN_AREA


@pytest.mark.parametrize("accuracy", [Accuracy.ROAD, Accuracy.VILLAGE, Accuracy.TOWNSHIP])
def test_an_area_that_lies_in_one_grid_places(accuracy: Accuracy):
    best = candidate("a", 0.9, accuracy)
    decision = decide(answer(best), letters)
    assert (decision.candidate, decision.rule) == (best, PlacingRule.ALL_IN_ONE_GRID)


def test_where_all_candidates_lie_in_one_grid_it_need_not_be_known_which_is_meant():
    doors = [candidate("a", 0.25) for _ in range(4)]
    assert rule_of(*doors) is PlacingRule.ALL_IN_ONE_GRID
    assert rule_of(*doors[:3], candidate("b", 0.25)) is PlacingRule.SEVERAL_PLACES


def test_areas_in_one_another_are_together_no_likelier_than_one():
    village, township = candidate("a", 0.5, Accuracy.VILLAGE), candidate("a", 0.5, Accuracy.TOWNSHIP)
    assert rule_of(village, township) is PlacingRule.ONLY_AN_AREA


def test_a_lone_candidate_that_is_hardly_likely_is_left_to_a_person():
    assert rule_of(candidate("a", AGREED_CONFIDENCE - 0.01)) is PlacingRule.UNCERTAIN


def test_a_place_outside_every_grid_is_left_to_a_person():
    assert rule_of(candidate("", 1.0)) is PlacingRule.OUTSIDE_ALL_GRIDS


def test_what_was_not_recognised_is_left_to_a_person():
    assert rule_of() is PlacingRule.NOTHING_FOUND


def test_a_place_in_another_township_than_the_words_name_is_left_to_a_person():
    best = candidate("a", 0.95, township="安宜镇")
    assert rule_of(best, township="泾河镇") is PlacingRule.ANOTHER_TOWNSHIP
    assert rule_of(best, township="安宜") is PlacingRule.ALL_IN_ONE_GRID


# --- which grids a candidate reaches ------------------------------------------------------------------------------


def area(area_id: int, kind: AreaKind, name: str, outline: Polygon, parent: int | None = None) -> LocatableArea:
    return LocatableArea(area_id, area_id, f"{area_id:03d}", kind, name, outline, parent)


@pytest.fixture(scope="module")
def locator() -> Locator:
    """Two townships; a village of one grid, one of two, and one whose name both townships have."""
    west, east = box(119, 33, 119.03, 33.01), box(119.03, 33, 119.06, 33.01)
    return Locator(
        [
            area(1, AreaKind.TOWNSHIP, "安宜镇", west),
            area(2, AreaKind.TOWNSHIP, "泾河镇", east),
            area(3, AreaKind.VILLAGE, "白田社区", box(119, 33, 119.01, 33.01), 1),
            area(4, AreaKind.VILLAGE, "新河村", box(119.01, 33, 119.03, 33.01), 1),
            area(5, AreaKind.VILLAGE, "新河村", east, 2),
            area(6, AreaKind.COMPREHENSIVE, "一格", box(119, 33, 119.01, 33.01), 3),
            area(7, AreaKind.COMPREHENSIVE, "二格", box(119.01, 33, 119.02, 33.01), 4),
            area(8, AreaKind.COMPREHENSIVE, "三格", box(119.02, 33, 119.03, 33.01), 4),
            area(9, AreaKind.COMPREHENSIVE, "四格", east, 5),
        ]
    )


def names(locator: Locator, found: Candidate) -> set[str]:
    return {grid.name for grid in reach_of(locator).grids(found)}


def test_a_place_reaches_the_grid_that_covers_it_however_near_the_next_one_is(locator: Locator):
    assert names(locator, candidate("", 1, lon=119.0099, lat=33.005, radius_m=500.0)) == {"一格"}
    assert names(locator, candidate("", 1, lon=118.5, lat=33.005)) == set()


def test_a_road_reaches_every_grid_within_its_extent(locator: Locator):
    road = {"accuracy": Accuracy.ROAD, "lon": 119.015, "lat": 33.005}
    assert names(locator, candidate("", 1, **road, radius_m=300.0)) == {"二格"}
    assert names(locator, candidate("", 1, **road, radius_m=600.0)) == {"一格", "二格", "三格"}


def test_a_village_reaches_its_own_grids_whatever_its_middle_is(locator: Locator):
    village = {"accuracy": Accuracy.VILLAGE, "lon": 119.005, "lat": 33.005, "radius_m": 3000.0}
    assert names(locator, candidate("", 1, **village, village="白田社区", township="安宜镇")) == {"一格"}
    assert names(locator, candidate("", 1, **village, village="新河村", township="泾河镇")) == {"四格"}
    assert names(locator, candidate("", 1, **village, village="新河村", township="安宜")) == {"二格", "三格"}


def test_a_village_whose_name_is_borne_twice_reaches_what_its_extent_does(locator: Locator):
    village = {"accuracy": Accuracy.VILLAGE, "lon": 119.015, "lat": 33.005, "radius_m": 300.0}
    assert names(locator, candidate("", 1, **village, village="新河村")) == {"二格"}


def test_the_pin_of_an_area_is_put_inside_the_one_grid_it_lies_in(locator: Locator):
    reach = reach_of(locator)
    astray = candidate("", 1, accuracy=Accuracy.VILLAGE, lon=119.05, lat=33.005, village="白田社区", radius_m=900.0)
    lon, lat = reach.point(astray)
    assert locator.locate(lon, lat).grid == next(iter(reach.grids(astray)))
    assert reach.point(candidate("", 1, lon=119.05, lat=33.005)) == (119.05, 33.005)
