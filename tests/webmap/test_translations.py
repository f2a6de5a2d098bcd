"""Every sentence on a page has its Chinese."""

import re

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask

from incidents.workflow import State
from webmap.languages import CATALOGUE, LANGUAGES
from webmap.translations_commands import extract, untranslated
from webmap.words import NOTHING, WORDS, masked, percent, word


def catalogue_messages() -> dict[str, Message]:
    with CATALOGUE.open("rb") as file:
        return {_id(message): message for message in read_po(file, locale="zh_Hans_CN") if message.id}


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def test_every_sentence_has_its_chinese() -> None:
    known = catalogue_messages()
    said = [_id(message) for message in extract() if message.id]
    assert len(said) > 200
    missing = [sentence for sentence in said if sentence not in known or not known[sentence].string]
    assert missing == [], "run: flask translations update, then fill in webmap/translations"


def test_no_translation_waits_for_confirmation() -> None:
    with CATALOGUE.open("rb") as file:
        assert untranslated(read_po(file, locale="zh_Hans_CN")) == []


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    assert set(catalogue_messages()) - {_id(message) for message in extract() if message.id} == set()


def test_a_translation_keeps_every_value_of_its_sentence() -> None:
    for sentence, message in catalogue_messages().items():
        one_and_many = [sentence] if isinstance(message.id, str) else list(message.id)
        for said in [message.string] if isinstance(message.string, str) else message.string:
            assert not said or _values(said) == _values(*one_and_many), sentence


def _values(*sentences: str) -> set[str]:
    return {value for sentence in sentences for value in re.findall(r"%\(\w+\)[sd]|\{\w+\}", sentence)}


def test_every_word_of_the_domain_has_a_name_on_screen() -> None:
    for kind, words in WORDS.items():
        assert set(words) == set(kind), kind.__name__


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_differ_within_their_kind(app: Flask, language: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": language}):
        for words in WORDS.values():
            assert len({str(word) for word in words.values()}) == len(words)


def test_a_value_that_is_not_there_is_a_dash(app: Flask) -> None:
    with app.test_request_context("/"):
        assert word(None) == percent(0, 0) == percent(None) == masked(None) == NOTHING
        assert word(State.CLOSED) == "已结案"


def test_a_rate_shows_two_decimals() -> None:
    assert percent(911, 972) == "93.72%"
    assert percent(0.7582) == "75.82%"
    assert percent(0, 5) == "0.00%"


def test_a_name_and_a_number_are_masked() -> None:
    assert masked("王小明") == "王**"
    assert masked("13812345678") == "138****5678"
    assert masked("王") == "王*"
