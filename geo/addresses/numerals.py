"""Numbers as people write them in addresses: Chinese, circled, full width, read digit by digit or by tens."""

import re
import unicodedata

DIGITS = {
    **dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)),
    **dict(zip("○Ｏ两壹贰叁肆伍陆柒捌玖幺", (0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1), strict=True)),
}
TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
NUMERAL = "[" + "".join((*DIGITS, *TENS)) + "]"
COUNTED = "号弄巷幢栋座单室楼层组队邻支段公米厘"
"""What a Chinese number stands before when it is a number and not part of a name."""

_NUMBER = re.compile(f"({NUMERAL}+)(?=[{COUNTED}])|(?<=[路街巷弄道号])({NUMERAL}{{2,}})(?![村里])")


def value(numeral: str) -> int | None:
    """Return what a Chinese numeral says, or None for what is no number, such as a ten without order.

    >>> value("八十八"), value("二〇三"), value("十二"), value("一百零五"), value("千")
    (88, 203, 12, 105, None)
    """
    if not any(sign in TENS for sign in numeral):
        return int("".join(str(DIGITS[sign]) for sign in numeral))
    total, digit, last = 0, None, 10_000
    for sign in numeral:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif TENS[sign] >= last or (digit is None and (total or TENS[sign] > 10)):
            return None
        else:
            last = TENS[sign]
            total, digit = total + (1 if digit is None else digit) * last, None
    return total + (digit or 0)


def find_numbers(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and digits of each Chinese number that counts something in simplified text.

    >>> find_numbers("中山二路八十八号三单元")
    [(4, 7, '88'), (8, 9, '3')]
    """
    found = []
    for match in _NUMBER.finditer(text):
        number = value(match[0])
        if number is not None:
            found.append((match.start(), match.end(), str(number)))
    return found


def circled(sign: str) -> str | None:
    """Return the digits of a circled or bracketed number such as ② or ⒀, else None."""
    if not ("\u2460" <= sign <= "\u24ff" or "\u2776" <= sign <= "\u2793" or "\u3220" <= sign <= "\u32bf"):
        return None
    number = unicodedata.numeric(sign, None)
    return None if number is None else str(int(number))
