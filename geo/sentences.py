"""Sentences that can be said again in another language.

What is wrong with a file is found far from whoever reads it, and in English. A Sentence is that English, an ordinary
str, which still knows the template it was made from and the facts that were put in; facts may be sentences
themselves. Stored as JSON (`told`), it is said again through a catalogue of templates (`retold`). Templates are
written out where `say` and `join` are called: from there the catalogue collects them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

Fact = str | int | float
"""A Sentence is said again in the reader's language, any other fact is shown as it is."""

Told = str | int | float | dict[str, Any]
"""A fact as JSON: a sentence as its template with facts, or with the parts that the template joins."""


class Sentence(str):
    """A finished sentence, or a piece of one. Made by `say` or `join`."""

    template: str = ""
    facts: Mapping[str, Fact] = {}
    parts: tuple[Fact, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what it was made of, as JSON."""
        if self.parts:
            return {"template": self.template, "parts": [told(part) for part in self.parts]}
        return {"template": self.template, "facts": {name: told(fact) for name, fact in self.facts.items()}}


def say(template: str, /, **facts: Fact) -> Sentence:
    """Put facts into a template.

    >>> say("“{code}” is the code of row {row} too", code="A1", row=3)
    '“A1” is the code of row 3 too'
    """
    sentence = Sentence(template.format(**facts))
    sentence.template, sentence.facts = template, facts
    return sentence


def join(template: str, parts: Iterable[Fact], /) -> Sentence:
    """Make one sentence of several facts, of which the template says how two are joined: as {one} and {other}.

    >>> join("{one} or {other}", ["village", "township", "county"])
    'village or township or county'
    """
    if not (parts := tuple(parts)):
        return say("")
    sentence = Sentence(_joined(template, map(str, parts)))
    sentence.template, sentence.parts = template, parts
    return sentence


def passed_on(words: str) -> Sentence:
    """Pass on what somebody else says: a sentence as it is, a library's words in the English that they are in."""
    return words if isinstance(words, Sentence) else say("{words_of_the_reader}", words_of_the_reader=words)


def listed(facts: Iterable[Fact]) -> Sentence:
    """List facts with commas, or say that there is none."""
    return join("{one}, {other}", found) if (found := tuple(facts)) else say("none")


def told(fact: Fact | None) -> Told | None:
    """Return a fact as JSON, from which `retold` says it again."""
    return fact.told() if isinstance(fact, Sentence) else fact


def retold(fact: Told, translate: Callable[[str], str]) -> str:
    """Say what was `told` again, with each template translated.

    >>> chinese = {"{one} or {other}": "{one}或{other}", "village": "村社区", "no {levels} here": "没有{levels}"}
    >>> sentence = say("no {levels} here", levels=join("{one} or {other}", [say("village"), "V7"]))
    >>> str(sentence), retold(told(sentence), chinese.__getitem__)
    ('no village or V7 here', '没有村社区或V7')
    """
    if not isinstance(fact, dict):
        return str(fact)
    template = translate(fact["template"]) if fact["template"] else ""  # the catalogue's own head is under ""
    if "parts" in fact:
        return _joined(template, (retold(part, translate) for part in fact["parts"]))
    return template.format(**{name: retold(each, translate) for name, each in fact["facts"].items()})


def _joined(template: str, parts: Iterable[str]) -> str:
    return reduce(lambda one, other: template.format(one=one, other=other), parts)
