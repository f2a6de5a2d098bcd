"""How names sound: one character for each toneless syllable, so that homophones are spelled alike.

Sounds that southern speakers and their operators mix are one: zh and z, ch and c, sh and s, -ng and -n after i and e.
"""

from functools import cache

from pypinyin import lazy_pinyin

_FIRST = 0xE000  # private use area: never in a text


@cache
def _syllables() -> dict[int, str]:
    """Return the code of each Chinese character's commonest reading, by the character's number."""
    codes: dict[str, str] = {}
    spelled: dict[int, str] = {}
    for sign in range(0x4E00, 0xA000):
        if readings := lazy_pinyin(chr(sign), errors="ignore"):
            reading = _mixed(readings[0])
            spelled[sign] = codes.setdefault(reading, chr(_FIRST + len(codes)))
    return spelled


def _mixed(reading: str) -> str:
    for one, other in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if reading.startswith(one):
            reading = other + reading[2:]
    return reading[:-1] if reading.endswith(("ing", "eng")) else reading


def spell(text: str) -> str:
    """Return the text with each Chinese character as its syllable; same length, other characters as they are.

    >>> spell("白田路") == spell("百甜璐") != spell("白天街")
    True
    """
    return text.translate(_syllables())
