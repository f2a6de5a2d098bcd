"""A sentence keeps what it was made of, and can be said again from what was kept."""

import copy
import doctest
import json

from geo import sentences
from geo.sentences import Sentence, join, listed, retold, say, told

CHINESE = {
    "{one}, {other}": "{one}、{other}",
    "“{code}” of a {kind} has {found} digits": "{kind}“{code}”有 {found} 位",
    "village": "村社区",
    "none": "无",
}


def in_chinese(sentence: str) -> str:
    return retold(json.loads(json.dumps(told(sentence))), lambda template: CHINESE[template])


def test_a_sentence_is_its_english() -> None:
    sentence = say("“{code}” of a {kind} has {found} digits", code="{7}", kind=say("village"), found=3)
    assert sentence == "“{7}” of a village has 3 digits"
    assert f"{sentence}." == "“{7}” of a village has 3 digits."
    assert in_chinese(sentence) == "村社区“{7}”有 3 位"


def test_a_list_of_any_length_is_joined_by_a_template() -> None:
    assert listed(["a", say("village"), 7]) == "a, village, 7"
    assert in_chinese(listed(["a", say("village"), 7])) == "a、村社区、7"
    assert in_chinese(listed([])) == "无"
    assert len(in_chinese(join("{one}, {other}", range(5_000))).split("、")) == 5_000


def test_nothing_stays_nothing_and_a_plain_text_stays_as_it_is() -> None:
    for empty in (join("{one}, {other}", []), Sentence()):
        assert empty == "" == in_chinese(empty)
    assert told("a plain {text}") == "a plain {text}" == in_chinese("a plain {text}")
    assert told(None) is None


def test_a_copy_keeps_what_it_was_made_of() -> None:
    """`dataclasses.asdict` copies what it finds."""
    assert copy.deepcopy(say("village")).told() == {"template": "village", "facts": {}}


def test_the_examples_are_true() -> None:
    assert doctest.testmod(sentences).failed == 0
