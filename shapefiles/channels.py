"""The five channels: how many reports each brings, in which datum, when, and in which manner of speaking."""

from dataclasses import dataclass

REPORTS = 13_327


@dataclass(frozen=True)
class Channel:
    """A source of reports. `name` is the word the importer knows it by."""

    name: str
    file: str
    datum: str
    rows: int
    prefix: str
    """Begins its external numbers."""
    hours: tuple[int, ...]
    """Weight of each hour of the day from midnight."""
    weekend: float
    """Weight of a Saturday or Sunday against a working day."""
    says: tuple[str, ...]
    """Sentences round {place} and {what}."""
    tails: tuple[str, ...]
    names_callers: bool
    matter_as: str
    """How the matter is given: code, name, or sometimes (name, or nothing)."""
    lacks_place: int
    """Rows without coordinates."""


_CITIZENS = (1, 1, 0, 0, 0, 1, 3, 6, 9, 10, 10, 8, 7, 7, 8, 9, 9, 9, 10, 11, 11, 9, 6, 3)
_CALLS = (1, 0, 0, 0, 0, 1, 2, 6, 12, 14, 13, 10, 7, 8, 11, 12, 11, 9, 8, 8, 7, 5, 3, 2)
_SHIFT = (0, 0, 0, 0, 0, 0, 1, 5, 14, 16, 14, 9, 3, 4, 12, 14, 11, 6, 2, 1, 1, 0, 0, 0)
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 8, 14, 14, 9, 1, 2, 9, 13, 11, 4, 0, 0, 0, 0, 0, 0)

CHANNELS = (
    Channel("hotline", "hotline.csv", "bd09", 4_905, "RX", _CALLS, 0.62,
            ("来电人反映：{place}{what}，{tail}。", "市民来电称，{place}{what}。{tail}。"),
            ("要求尽快处理", "希望有关部门核实", "请相关单位回复", "诉求人称已多次反映未解决", "请予处理并回电"),
            names_callers=True, matter_as="name", lacks_place=324),
    Channel("citizen", "citizen.csv", "gcj02", 2_312, "SM", _CITIZENS, 1.15,
            ("{what}！就在{place}，{tail}", "{place}，{what}，{tail}", "我家附近{what}。地址{place}。{tail}"),
            ("麻烦管一管", "希望早点解决", "照片已上传", "谢谢", "都好几天了"),
            names_callers=True, matter_as="sometimes", lacks_place=28),
    Channel("worker", "worker.xlsx", "wgs84", 4_218, "WG", _SHIFT, 0.45,
            ("{place}{what}，{tail}。", "走访时发现{what}，{tail}。"),
            ("已现场处置", "已拍照上报", "需上报处理", "已告知相关人员", "现场拍照留存"),
            names_callers=False, matter_as="code", lacks_place=0),
    Channel("patrol", "patrol.csv", "gcj02", 1_388, "XC", _SHIFT, 0.5,
            ("巡查发现：{what}。位置：{place}。{tail}。", "{place}{what}。{tail}。"),
            ("责令整改", "转属地处理", "建议限期整改", "请复查"),
            names_callers=False, matter_as="code", lacks_place=0),
    Channel("superior", "superior.xlsx", "wgs84", 504, "JB", _OFFICE, 0.05,
            ("【交办】群众反映{place}{what}，{tail}。", "【市转办】{place}{what}，{tail}。"),
            ("请于规定时限内办理并反馈", "请核实处理后书面回复", "请举一反三，开展排查"),
            names_callers=False, matter_as="name", lacks_place=180),
)  # fmt: skip
"""In the order of the files; the rows add up to REPORTS."""


def channel(name: str) -> Channel:
    """Return the channel of this name."""
    return next(one for one in CHANNELS if one.name == name)
