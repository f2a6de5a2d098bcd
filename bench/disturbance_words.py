"""What telephone operators do to a text, one function for each. Nothing here comes from the matcher."""

from collections import defaultdict
from functools import cache
from random import Random

OPENINGS = (
    "", "", "", "来电人反映：", "市民来电称，", "您好，", "我要投诉，", "我想反映一下，", "居民张女士反映",
    "再次来电反映", "昨晚11点左右，", "【第2次】", "群众举报：", "我住在", "麻烦你们来看一下，", "热线转办：",
    "3天前就打过电话，",
)  # fmt: skip
COMPLAINTS = (
    "有人乱倒垃圾", "楼下烧烤店油烟扰民", "路灯坏了3盏", "下水道堵塞，污水满溢", "有人占道经营，影响通行",
    "夜里12点还在施工", "井盖破损，已经有2人摔倒", "违章停车堵住消防通道", "门口堆放建筑垃圾半个月没人清",
    "噪音太大，老人孩子没法休息", "自来水发黄", "电线掉下来了，很危险", "有流浪狗3只，咬伤小孩", "墙皮脱落",
    "路面坑洼不平", "绿化带被人种了菜", "私自搭建铁皮棚", "停水两天了没有通知", "垃圾桶满了没有清运",
    "广场舞音响声音太大", "有一棵树倒了压住电线",
)  # fmt: skip
CLOSINGS = (
    "", "", "", "，请尽快处理", "，希望有关部门核实", "，请回电", "，已多次反映未果", "。谢谢", "，电话19900012345",
)  # fmt: skip
FILLERS = ("那个", "就是", "呃", "嗯", "这个", "应该是", "靠近", "大概在", "位于", "好像是")
BETWEEN = ("，", " ", "的", "、", ",", "  ")
DIGITS = "零一二三四五六七八九"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
_CONFUSED_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"))
_CONFUSED_ENDS = (("ing", "in"), ("eng", "en"), ("ang", "an"))


def in_chinese(number: int, chance: Random) -> str:
    """A number in words: 八十八, 一百零二; sometimes figure by figure (一〇二, 幺零二)."""
    if number > 99 and chance.random() < 0.4:
        figures = "".join(DIGITS[int(figure)] for figure in str(number))
        return figures.replace("零", chance.choice("零〇")).replace("一", chance.choice("一一幺"))
    return _spoken(number)


def _spoken(number: int) -> str:
    """
    >>> _spoken(8), _spoken(10), _spoken(88), _spoken(102), _spoken(110), _spoken(1005), _spoken(213)
    ('八', '十', '八十八', '一百零二', '一百一十', '一千零五', '二百一十三')
    """
    said, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        figure, number = divmod(number, place)
        if figure:
            said += ("零" if gap and said else "") + DIGITS[figure] + unit
            gap = False
        else:
            gap = True
    return said.removeprefix("一") if said.startswith("一十") else said


@cache
def _characters() -> tuple[str, ...]:
    """The 3,755 commonest characters, as GB 2312 lists them by their sound."""
    codes = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return tuple(code.decode("gb2312", errors="ignore") for code in codes if code.decode("gb2312", errors="ignore"))


@cache
def _sounds() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Characters by their sound without tone, and the sound of each."""
    from pypinyin import Style, lazy_pinyin

    of_character = {each: lazy_pinyin(each, style=Style.NORMAL)[0] for each in _characters()}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for each, sound in of_character.items():
        alike[sound].append(each)
    return dict(alike), of_character


def homophone(character: str, chance: Random) -> str | None:
    """Another character of the same sound; one time in four of a sound that people confuse with it (shi, si)."""
    alike, of_character = _sounds()
    sound = of_character.get(character)
    if sound is None:
        return None
    if chance.random() < 0.25:
        confused = [each for each in _confused(sound) if each in alike]
        sound = chance.choice(confused) if confused else sound
    others = [each for each in alike[sound] if each != character and each not in _WITH_MEANING]
    return chance.choice(others) if others else None


def _confused(sound: str) -> list[str]:
    starts = [two + sound.removeprefix(one) for pair in _CONFUSED_INITIALS for one, two in (pair, pair[::-1])
              if sound.startswith(one) and not (one in "zcs" and sound[1:2] == "h")]  # fmt: skip
    ends = [sound.removesuffix(one) + two for pair in _CONFUSED_ENDS for one, two in (pair, pair[::-1])
            if sound.endswith(one)]  # fmt: skip
    return starts + ends


def other_character(character: str, chance: Random) -> str:
    """A common character that neither is this one nor sounds like it."""
    _, of_character = _sounds()
    while True:
        other = chance.choice(_characters())
        if other not in _WITH_MEANING and of_character[other] != of_character.get(character):
            return other


_WITH_MEANING = frozenset(
    "零一二三四五六七八九十百千万两号幢栋座单元弄巷路街道村镇组队室楼层东南西北中前后左右上下内外里旁边侧面口与和在至到"
)
"""A slip of the hand may well give one of these, but then it says something else: no person could know."""


def traditional(text: str, chance: Random) -> str:
    """The text in traditional characters, of the mainland's, Taiwan's or Hong Kong's kind."""
    return _converter(chance.choice(("s2t", "s2tw", "s2hk"))).convert(text)  # type: ignore[no-any-return]


@cache
def _converter(kind: str):  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC(kind)
