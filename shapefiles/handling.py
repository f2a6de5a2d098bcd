"""What became of each report: when it was handled and closed, if it was.

Townships differ: the quick ones keep nearly every limit, the slow ones miss a third. Nothing is handled after
`until`, so the last days' reports are mostly open, and those of the last day all are.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from shapefiles.chance import Rng, stream
from shapefiles.places import Places
from shapefiles.reports import Report

NEVER = 0.056
"""Share that is still open however long ago it was reported."""
BACKLOG = 0.9
"""Share that waits since today; a quarter less for each day that has passed."""
RESULTS = {
    "市容环卫": ("已现场清理到位", "已劝导整改，复查无反弹", "已责令整改完毕"),
    "市政设施": ("养护单位已修复", "已设置警示并处置完毕", "已派单维修，现已恢复"),
    "生态环境": ("已现场检查并责令整改", "已采取措施，复查达标", "已制止并处理"),
    "住房建设": ("已约谈责任单位并落实整改", "已处理完毕，诉求人满意", "已下达整改通知书并复查"),
    "安全消防": ("隐患已消除", "已现场处置并宣传告知", "已责令整改，复查合格"),
    "交通市场": ("已查处并教育当事人", "已协调解决", "已现场处理完毕"),
    "农业水利": ("已组织清理整改", "已制止并恢复原状", "已现场处置"),
    "平安民生": ("已调解处理，双方达成一致", "已帮助办理", "已核实并答复诉求人"),
}  # fmt: skip


def handle(reports: Sequence[Report], places: Places, until: date, seed: int) -> None:
    """Set the handling of every report that is not of the last day."""
    rng = stream(seed, "handling")
    paces = rng.permutation(np.geomspace(0.55, 1.8, len(places.county.townships))).tolist()
    pace = {township.code: each for township, each in zip(places.county.townships, paces, strict=True)}
    now = until if isinstance(until, datetime) else datetime.combine(until, time.max)
    last_day = datetime.combine(now, time())
    for report in reports:
        handled, closed = _finish(report, pace[places.township(report.point)], rng)
        result = RESULTS[report.matter.field][int(rng.integers(3))]
        waits = rng.random() < max(NEVER, BACKLOG * 0.75 ** (now - report.reported_at).days)
        if report.reported_at >= last_day or waits or handled > now:
            continue
        report.handled_at, report.result = handled.replace(microsecond=0), result
        report.closed_at = closed.replace(microsecond=0) if closed <= now else None


def _finish(report: Report, pace: float, rng: Rng) -> tuple[datetime, datetime]:
    """Return when the report is handled and, after somebody checked, closed."""
    if report.channel.name == "worker" and rng.random() < 0.6:  # found and fixed on the spot
        handled = report.reported_at + timedelta(minutes=float(rng.uniform(2, 90)))
        return handled, handled + timedelta(minutes=float(rng.uniform(1, 240)))
    hours = report.matter.limit_hours * pace * float(rng.lognormal(-0.85, 0.6))
    handled = _by_day(report.reported_at + timedelta(hours=max(hours, 0.3)), rng)
    return handled, _by_day(handled + timedelta(hours=float(np.minimum(rng.exponential(5.0), 60))), rng)


def _by_day(moment: datetime, rng: Rng) -> datetime:
    """Put work that would fall into the night off to the next morning."""
    if 7 <= moment.hour < 20:
        return moment
    day = moment.date() + timedelta(days=moment.hour >= 20)
    return datetime.combine(day, time(8)) + timedelta(minutes=float(rng.uniform(0, 150)))
