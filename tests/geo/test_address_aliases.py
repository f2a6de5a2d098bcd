"""What dispatchers taught: which texts mean a place from then on, and which still do not."""

from dataclasses import dataclass

import pytest

from geo.address_aliases import CONFIDENCE, Aliases, Taught, TaughtGeocoder
from geo.addresses.answers import Accuracy, Answer, Candidate, Piece
from geo.sentences import say

COOP = Taught("老供销社", "安宜供销社旧址", 119.31, 33.24, 7, "安宜镇", "城中社区")


@dataclass
class List:
    """A list that knows these candidates for every text, and this township as the one that it names."""

    candidates: tuple[Candidate, ...] = ()
    township: str | None = None

    def geocode(self, text: str) -> Answer:
        return Answer(text, self.candidates, self.township, say("the list says so"))


def place(confidence: float, *pieces: Piece, lon: float = 119.4, accuracy: Accuracy = Accuracy.BUILDING) -> Candidate:
    return Candidate(lon, 33.3, accuracy, confidence, "another place", 1, 20, "安宜镇", None, pieces)


def ask(text: str, *taught: Taught, **known: object) -> Answer:
    return TaughtGeocoder(List(**known), Aliases(taught)).geocode(text)  # type: ignore[arg-type]


def test_a_text_that_was_corrected_means_its_place():
    answer = ask("老供销社", COOP)
    assert answer.best is not None
    assert (answer.best.lon, answer.best.lat, answer.best.address_id) == (119.31, 33.24, 7)
    assert (answer.best.matched, answer.best.confidence) == ("安宜供销社旧址", CONFIDENCE)
    assert (answer.best.township, answer.best.village) == ("安宜镇", "城中社区")
    assert answer.why == "a dispatcher has kept that “老供销社” means 安宜供销社旧址"


def test_the_same_words_within_a_longer_text_mean_it_less_surely():
    answer = ask("昨晚在老供销社门口有人打架", COOP)
    assert answer.best is not None
    assert answer.best.confidence < CONFIDENCE
    [piece] = answer.best.pieces
    assert (piece.text, piece.start, piece.end, piece.how) == ("老供销社", 3, 7, "alias")


@pytest.mark.parametrize("text", ["老 供销社", "老供銷社", "老供销社老供销社", "老供销社。"])
def test_another_writing_of_the_words_is_the_same(text: str):
    assert ask(text, COOP).best is not None


def test_other_words_are_asked_of_the_list_alone():
    answer = ask("新供销社", COOP, candidates=(place(0.9),))
    assert [each.matched for each in answer.candidates] == ["another place"]
    assert answer.candidates[0].confidence == 0.9


def test_what_the_list_thought_comes_after_and_counts_for_little():
    answer = ask("老供销社", COOP, candidates=(place(0.9), place(0.1, lon=119.31)))
    assert [each.matched for each in answer.candidates] == ["安宜供销社旧址", "another place", "another place"]
    assert answer.candidates[1].confidence == pytest.approx(0.9 * (1 - CONFIDENCE))


def test_a_text_that_names_another_township_does_not_mean_the_place():
    assert ask("泾河镇老供销社", COOP, township="泾河镇").best is None
    assert ask("安宜镇老供销社", COOP, township="安宜镇").best is not None


def test_the_later_correction_of_a_text_counts():
    later = Taught("老供銷社", "泾河供销社", 119.5, 33.1)
    assert [each.matched for each in ask("老供销社", COOP, later).candidates] == ["泾河供销社"]


def test_the_longest_of_several_aliases_counts():
    gate = Taught("老供销社北门", "北门", 119.32, 33.25)
    assert [each.matched for each in ask("在老供销社北门", COOP, gate).candidates] == ["北门"]


def test_a_number_is_not_a_part_of_a_longer_number():
    eight = Taught("8号楼", "八号楼", 119.31, 33.24)
    assert ask("在18号楼", eight).best is None
    assert ask("在8号楼", eight).best is not None


def test_a_word_of_two_signs_counts_only_by_itself():
    bridge = Taught("大桥", "大桥", 119.31, 33.24)
    assert ask("大桥", bridge).best is not None
    assert ask("大桥那边有人", bridge).best is None


def test_a_place_that_the_list_knows_by_more_of_the_text_stays_first():
    garden = Taught("阳光花园", "阳光花园大门", 119.31, 33.24)
    text = "白田中路88号阳光花园3幢"
    pieces = (Piece("road", "白田中路", 0, 4, "白田中路"), Piece("number", "88号", 4, 7, "88"),
              Piece("compound", "阳光花园", 7, 11, "阳光花园"), Piece("building", "3幢", 11, 13, "3幢"))  # fmt: skip
    answer = ask(text, garden, candidates=(place(0.95, *pieces),))
    assert [each.matched for each in answer.candidates] == ["another place"]
