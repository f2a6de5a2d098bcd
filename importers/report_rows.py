"""A row of somebody's records as a report: which headings it goes by, and how its cells are read.

What no single row can decide (is 03/04 April or March? is 121,6371 one number?) is decided over the whole
file first, by `survey`; every row is then read the same way.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from geo.sentences import Sentence, say
from importers.cells import text_of
from importers.columns import Matched, Wanted
from importers.tables import Row, Table
from importers.values import (
    BadValue,
    ColumnOrder,
    DecimalSign,
    day_order,
    decimal_sign,
    is_blank,
    parse_code,
    parse_number,
    parse_time,
    plain,
)
from incidents.clock import LOCAL
from incidents.drafts import Fault, HistoricReport, faults_of
from incidents.positions import ChannelPair
from incidents.words import Channel

FIELDS = (
    Wanted("external_number", ("工单编号", "工单号", "受理编号", "案件编号", "事件编号", "任务号", "编号")),
    Wanted("reported_at", ("上报时间", "受理时间", "来电时间", "诉求时间", "登记时间", "发生时间", "created date")),
    Wanted("reported_time", ("上报时刻", "受理时刻")),
    Wanted("text", ("问题描述", "诉求内容", "工单内容", "事件描述", "描述", "内容", "description"), required=True),
    Wanted("address", ("地址", "事发地址", "发生地址", "问题位置", "详细地址", "位置描述", "地点", "incident address")),
    Wanted("lon", ("经度", "經度", "X坐标", "坐标X", "longitude", "lng", "x")),
    Wanted("lat", ("纬度", "緯度", "Y坐标", "坐标Y", "latitude", "y")),
    Wanted("accuracy_m", ("定位精度", "精度", "accuracy")),
    Wanted("matter", ("事项编码", "事项", "事项名称", "问题类型", "事件类型", "小类", "category")),
    Wanted("reporter_name", ("诉求人", "来电人", "反映人", "上报人", "姓名", "联系人")),
    Wanted("reporter_phone", ("联系电话", "来电号码", "电话", "手机号", "手机", "phone")),
    Wanted("handled_at", ("办理时间", "处理时间", "处置时间", "handled date")),
    Wanted("closed_at", ("办结时间", "结案时间", "办结日期", "closed date")),
    Wanted("result", ("处理结果", "办理结果", "处置结果", "resolution description")),
)
"""What a file of reports may hold. `reported_time` is the time of day, where a file keeps it apart from the date."""

TIMES = ("reported_at", "handled_at", "closed_at")
NUMBERS = ("lon", "lat", "accuracy_m")
TEXTS = ("text", "address", "matter", "reporter_name", "reporter_phone", "result")

_NAMESPACE = UUID("5c9b2f0e-4a37-5d84-9a9e-0d3a4f6f7f11")


@dataclass
class Survey:
    """What the whole of a file decides: the order of days, the decimal sign, how often each position is repeated."""

    orders: dict[str, ColumnOrder] = field(default_factory=dict)
    decimal: DecimalSign | None = None
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def positions(self, channel: Channel) -> Counter[ChannelPair]:
        """How many rows bear each coordinate pair, as `incidents.positions` counts them."""
        counted: Counter[ChannelPair] = Counter()
        for (lon, lat), times in self.pairs.items():
            try:
                pair = (parse_number(lon, decimal=self.decimal), parse_number(lat, decimal=self.decimal))
            except BadValue:
                continue
            if pair[0] is not None and pair[1] is not None:
                counted[channel, (pair[0], pair[1])] += times
        return counted

    def notes(self, matched: Matched) -> Iterator[Sentence]:
        """Say what was decided, a sentence each."""
        for name, found in self.orders.items():
            if found.why:
                yield say("{heading}: {why}", heading=matched.mapping[name], why=found.why)


def survey(table: Table, matched: Matched) -> Survey:
    """Go through the file once and decide what its columns decide together. Keeps days and positions, not rows."""
    days: dict[str, dict[str, None]] = {name: {} for name in TIMES if name in matched.mapping}
    signs: set[DecimalSign] = set()
    found = Survey()
    for row in table:
        cells = matched.pick(row.cells)
        for name, seen in days.items():
            seen[day_part(cells[name])] = None
        lon, lat = cells.get("lon", ""), cells.get("lat", "")
        found.pairs[lon, lat] += 1
        if not signs or len(signs) < 2:
            signs |= {sign for value in (lon, lat) if (sign := decimal_sign([value]))}
    found.orders = {name: day_order(seen) for name, seen in days.items()}
    found.decimal = signs.pop() if len(signs) == 1 else None
    return found


def day_part(cell: str) -> str:
    """The date of a moment that is written with signs; enough to tell days from months, and few are different."""
    written = re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", plain(cell))
    return written[0] if written else ""


class RowReader:
    """Reads the rows of one file as reports; made for one pass over it."""

    def __init__(self, matched: Matched, decided: Survey, *, channel: Channel, datum: str) -> None:
        self._matched = matched
        self._decided = decided
        self._whose = {"channel": channel, "datum": datum}
        self._alike: Counter[UUID] = Counter()

    def read(self, row: Row) -> HistoricReport | list[Fault]:
        """The row as a report, or everything that is wrong with it."""
        cells = self._matched.pick(row.cells)
        values, faults = self._values(cells)
        faults += [Fault(None, problem.code, problem.message) for problem in row.problems if problem.blocks]
        try:
            report = HistoricReport.model_validate(values)
        except ValidationError as error:
            bad = {fault.field for fault in faults} | ({None} if faults else set())
            faults += [fault for fault in faults_of(error) if fault.field not in bad]
        if faults:
            return faults
        return report if report.external_number else self._with_key(report)

    def heading(self, name: str | None) -> str | None:
        """What the file calls a field of ours."""
        return self._matched.mapping.get(name, name) if name else None

    def _values(self, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
        values: dict[str, Any] = {**self._whose, **{name: cells[name] for name in TEXTS if name in cells}}
        faults = [] if text_of(cells["text"]) else [Fault("text", "empty", say("empty"))]
        for name in ("external_number", *NUMBERS, *TIMES):
            if name not in cells:
                continue
            try:
                values[name] = self._value(name, cells)
            except BadValue as bad:
                faults.append(Fault(name, bad.code, bad.sentence))
        return values, faults

    def _value(self, name: str, cells: Mapping[str, str]) -> Any:
        if name in NUMBERS:
            return parse_number(cells[name], decimal=self._decided.decimal)
        if name in TIMES:
            clock = cells.get("reported_time", "") if name == "reported_at" else ""
            written = cells[name] if is_blank(clock) or is_blank(cells[name]) else f"{cells[name]} {clock}"
            return parse_time(written, LOCAL, order=self._decided.orders[name].order)
        return parse_code(cells[name])

    def _with_key(self, report: HistoricReport) -> HistoricReport:
        """Give a row without a number a key made of what it says, so that reading the file again adds nothing.

        Rows that say exactly the same are told apart by counting them: the second stays the second in any
        export that still has the first.
        """
        said = uuid5(_NAMESPACE, report.model_dump_json(exclude={"datum"}))
        self._alike[said] += 1
        return report.model_copy(update={"key": uuid5(said, str(self._alike[said]))})
