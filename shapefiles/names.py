"""Names for places and people that exist nowhere: put together from parts, never the same place name twice."""

from collections.abc import Iterator
from itertools import product

from shapefiles.chance import Rng

COUNTY = "云湖县"

TOWNSHIPS = (
    "望舟街道", "禾汐街道", "星澜街道", "鹭洲镇", "苇荡镇", "青岚镇", "栖霜镇",
    "石帆镇", "柳溆镇", "云陂镇", "棠浦镇", "雁堤镇", "金穗圩镇", "月牙渡镇",
)  # fmt: skip

_CLANS = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_PLACES = ("庄", "圩", "集", "渡", "桥", "墩", "荡", "洼", "沟", "湾", "堡", "舍", "塘", "滩", "口", "垛")
_PREFIXES = ("大", "小", "前", "后", "东", "西", "新", "老")
_FINE = "晨曦锦绣文澜梧桐听雨清荷望岳春申秋实书香翠竹映月兰亭桃源牧歌临水长虹旭日安澜同心"
_ROADS = (
    "望湖", "青年", "人民", "建设", "和平", "文昌", "迎宾", "滨河", "学府", "朝阳", "新民", "幸福", "兴业",
    "健康", "丰收", "振兴", "荷塘", "杨柳", "向阳", "平安", "盐运", "石桥", "花园", "百合", "银杏", "祥和",
)  # fmt: skip
_GIVEN_ONE = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰梅鑫波斌宁健俊帆雪琴云飞鹏"
_GIVEN_TWO = "志国建海春秋晓文永玉天思雨子家立红东小庆成长宏德佳世兴树光"
_NUMERALS = "零一二三四五六七八九十"


def community_names(rng: Rng) -> Iterator[str]:
    """Yield community names (社区), each once."""
    pairs = [_FINE[at : at + 2] for at in range(0, len(_FINE) - 1, 2)]
    endings = ("", "苑", "里", "园", "湾", "坊", "庭", "新村", "东", "西")
    names = [f"{pair}{ending}社区" for ending, pair in product(endings, pairs)]
    yield from _shuffled_within(names, len(pairs), rng)


def village_names(rng: Rng) -> Iterator[str]:
    """Yield village names (村), each once."""
    plain = [f"{clan}{place}村" for clan, place in product(_CLANS, _PLACES)]
    marked = [f"{prefix}{clan}{place}村" for prefix, clan, place in product(_PREFIXES, _CLANS, _PLACES)]
    rng.shuffle(marked)
    rng.shuffle(plain)
    mixed = [name for pair in zip(plain, marked, strict=False) for name in pair]
    yield from mixed


def _shuffled_within(names: list[str], block: int, rng: Rng) -> Iterator[str]:
    for start in range(0, len(names), block):
        some = names[start : start + block]
        rng.shuffle(some)
        yield from some


def road_names(count: int, rng: Rng) -> list[str]:
    """Return `count` different road names for one community."""
    chosen = rng.choice(len(_ROADS), count, replace=False)
    return [_ROADS[number] + ("路" if rng.random() < 0.7 else "街") for number in chosen]


def person_name(rng: Rng) -> str:
    """Return a person's name, put together from common parts."""
    clan = _CLANS[rng.integers(len(_CLANS))]
    last = _GIVEN_ONE[rng.integers(len(_GIVEN_ONE))]
    return clan + (_GIVEN_TWO[rng.integers(len(_GIVEN_TWO))] if rng.random() < 0.72 else "") + last


def numeral(number: int) -> str:
    """Return 1 to 99 in Chinese numerals.

    >>> numeral(7), numeral(10), numeral(21)
    ('七', '十', '二十一')
    """
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _NUMERALS[tens] + "十"
    return head + (_NUMERALS[ones] if ones else "")
