"""Names for the address list: some are alike, and some equal in several townships."""

from collections.abc import Iterator, Sequence
from itertools import product

from shapefiles.chance import Rng

SEAT_STREETS = (
    "白田", "云湖", "中兴", "安平", "运河", "宝塔", "文津", "中港", "望月", "泰山", "画川", "长征", "凤鸣", "金湾",
    "鸿雁", "江淮", "世纪", "大运", "环城", "水门", "玉带", "城中", "学前", "县府", "东岳", "状元", "龙兴", "凤仪",
    "汽车站", "体育场", "翠微", "青云",
)  # fmt: skip
TOWN_STREETS = (
    "东大街", "解放路", "中山路", "文化路", "府前街", "老街", "新街", "南环路", "北环路", "中心路", "育才路", "工农路",
    "公园路", "东风路", "渔市街", "粮站路", "卫生路", "胜利路", "光明路", "卫东路",
)  # fmt: skip
ALLEYS = (
    "槐树巷", "竹巷", "井头巷", "东巷", "西巷", "米市巷", "铁匠巷", "书院巷", "豆腐巷", "大井巷", "小井巷", "关帝巷",
    "柳巷", "财神巷", "草巷", "灯笼巷", "染坊巷", "皮匠巷", "后街巷", "鱼市巷",
)  # fmt: skip
_COMPOUND_FIRST = (
    "阳光", "锦绣", "金色", "翠竹", "书香", "东方", "盛世", "紫薇", "丽景", "和谐", "安居", "康乐", "水岸", "香樟",
    "桂花", "荷香", "明珠", "帝景", "凯旋", "银河", "都市", "名仕", "天润", "碧水", "枫林", "玫瑰", "华景", "鑫源",
    "星河", "御景", "春晓", "秋实", "宏泰", "永安", "新城", "湖畔", "江南", "兰亭", "凤凰", "怡景", "福临", "祥瑞",
)  # fmt: skip
_COMPOUND_LAST = ("花园", "小区", "苑", "新村", "家园", "公寓", "名邸", "华府", "花苑", "雅居", "一村", "二村")
_OLD_WORKS = ("棉纺厂", "水泥厂", "供销社", "农机厂", "粮管所", "酒厂", "机械厂", "化肥厂", "丝厂", "搬运站", "水产站")
_HAMLET_LAST = ("家宅", "家庄", "家舍", "家墩", "新队", "家圩", "老宅")
_CLANS = "严柯汤焦巫费柏岳戚葛鲍陶姜窦水云苏潘范喻卞齐伍余元卜顾孟平穆尹姚邵湛汪祁毛禹狄米贝明臧计伏戴谈茅庞熊纪舒屈"
_SHOP_FIRST = (
    "惠万家", "鼎鑫", "好又来", "福满堂", "聚仙", "老街坊", "金玉", "同福", "百草", "乐购", "悦来", "一品鲜", "荣华",
    "大浪淘沙", "天天", "新世纪", "康宁", "利民", "喜相逢", "小康", "四海", "望江", "长乐", "东来顺意", "家家福",
)  # fmt: skip
_SHOP_LAST = (
    "超市",
    "饭店",
    "宾馆",
    "大药房",
    "浴室",
    "网吧",
    "五金店",
    "烧烤店",
    "理发店",
    "幼儿园",
    "棋牌室",
    "修车行",
)
_WORKS_FIRST = ("恒达", "瑞丰", "华宇", "三和", "金鼎", "长江", "德力", "申通", "创新", "宏图", "亚威", "佳禾", "凯龙")
_WORKS_LAST = ("电缆", "机械", "纺织", "食品", "玻璃", "化工", "木业", "塑业", "电子", "服饰", "钢构", "水晶", "饲料")
_BRIDGES_FIRST = "虹秀通安济永太广福迎望听跃卧金玉石双"
_BRIDGES_LAST = ("龙桥", "仙桥", "济桥", "丰桥", "水桥", "民桥", "新桥", "月桥")

Named = tuple[str, tuple[str, ...]]
"""A name and its aliases."""


def compound_names(rng: Rng) -> Iterator[Named]:
    """Yield names of compounds without end: each lap has every name once, so that far ones come to be equal."""
    pairs = [first + last for first, last in product(_COMPOUND_FIRST, _COMPOUND_LAST)]
    while True:
        rng.shuffle(pairs)
        yield from ((name, _other_names(rng)) for name in pairs)


def _other_names(rng: Rng) -> tuple[str, ...]:
    """What else people call a compound: after the works whose houses stood there, or it has no other name."""
    if rng.random() > 0.3:
        return ()
    return (_pick(_OLD_WORKS, rng) + _pick(("宿舍", "家属院", "老宿舍"), rng),)


def hamlet_names(rng: Rng) -> Iterator[str]:
    """Yield names of hamlets without end, as compound_names does."""
    names = [clan + last for clan, last in product(_CLANS, _HAMLET_LAST)]
    while True:
        rng.shuffle(names)
        yield from names


def shop_names(rng: Rng) -> Iterator[str]:
    """Yield names of shops without end; chains have the same name in many places."""
    while True:
        yield _pick(_SHOP_FIRST, rng) + _pick(_SHOP_LAST, rng)


def works_names(rng: Rng) -> Iterator[Named]:
    """Yield names of works, each once, with what people call them."""
    pairs = list(product(_WORKS_FIRST, _WORKS_LAST))
    rng.shuffle(pairs)
    for first, trade in pairs:
        yield f"云湖{first}{trade}有限公司", (f"{first}{trade}厂",)


def bridge_names(rng: Rng) -> Iterator[str]:
    """Yield names of bridges, each once."""
    names = [first + last for first, last in product(_BRIDGES_FIRST, _BRIDGES_LAST)]
    rng.shuffle(names)
    yield from names


def _pick(words: Sequence[str], rng: Rng) -> str:
    return words[int(rng.integers(len(words)))]
