"""Which comprehensive grids nobody works, told after a roster was loaded: what would surprise a dispatcher later."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from geo.sentences import say
from importers.checked_rows import CheckedRows, some_of
from importers.staffing_rows import DutyRow
from staffing.answering import HeldDuty
from staffing.rosters import load_roster
from staffing.words import DutyRole


def tell_vacancies(db: Session, checked: CheckedRows[DutyRow], now: datetime) -> None:
    """Warn of the grids in force that have no worker, whose workers are all away uncovered, or that have several."""
    grids = dict(
        db.execute(
            select(Area.id, Area.code)
            .join(AreaVersion, AreaVersion.area_id == Area.id)
            .where(Area.kind == AreaKind.COMPREHENSIVE, AreaVersion.valid.contains(now))
        ).all()
    )
    roster = load_roster(db, grids)
    vacant, uncovered, crowded = [], [], []
    for area_id, code in grids.items():
        duties = [duty for duty in roster.duties.get(area_id, ()) if duty.held_at(now) and duty.person.in_service(now)]
        workers = [duty for duty in duties if duty.role is DutyRole.WORKER]
        answer = roster.who_answers(area_id, village_id=None, township_id=None, county_id=None, at=now)
        if not workers:
            vacant.append(code)
        elif answer.person is None:
            uncovered.append(code)
        if len(workers) > 1:
            crowded.append(f"{code} ({_numbers(workers)})")
    total = len(grids)
    for codes, problem, what in (
        (vacant, "grids-without-worker", say("have no worker")),
        (uncovered, "grids-uncovered", say("have a worker who is away and no deputy who is present")),
        (crowded, "grids-with-several-workers", say("have several workers; the smallest staff number is asked first")),
    ):
        if codes:
            sentence = say(
                "{count} of {total} comprehensive grids {what}: {codes}",
                count=len(codes), total=total, what=what, codes=some_of(codes),
            )  # fmt: skip
            checked.warn(None, None, problem, sentence)


def _numbers(duties: list[HeldDuty]) -> str:
    return ", ".join(sorted(duty.person.staff_no for duty in duties))
