"""Who may enforce the law, and who only sits where that is done: holders without the post, posts without a holder.

持证不在岗、在岗不持证. A post enforces where its holder works in a unit that enforces and does no desk work
there. Brigades enforce, and so do their officers whom a township manages and uses; which other units do
(those that lead matters needing officers) the caller knows and says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from staffing.answering import LOCAL
from staffing.models import Absence, Certificate, Staff, Unit
from staffing.words import UnitKind

ACT_TOGETHER = 2
"""At least so many certified officers must be present for one enforcement."""

DESK_POSTS = ("内勤", "文员", "后勤", "财务", "司机", "驾驶员", "档案", "clerk", "driver")
"""Posts that enforce nothing wherever they are; a roster's posts are free text, so a word in it must do."""

WARNED_BEFORE = timedelta(days=90)
"""How long before its last day a certificate is worth speaking of: renewing one takes weeks."""


@dataclass(frozen=True)
class HeldCertificate:
    """A certificate with its last day; None where no file ever gave one, which proves nothing either way."""

    number: str
    kind: str | None
    expires_on: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it has not expired by then; one without a date is taken to hold."""
        return self.expires_on is None or day <= self.expires_on


@dataclass(frozen=True)
class Officer:
    """A person in service, where they work, and their certificates."""

    id: int
    staff_no: str
    name: str
    unit_code: str
    post: str | None
    where_enforced: bool
    """Whether the unit where they work enforces, by itself or through them."""
    away: bool
    certificates: tuple[HeldCertificate, ...] = ()

    @property
    def enforces(self) -> bool:
        """Whether it is a post that enforces."""
        desk = self.post is not None and any(word in self.post.casefold() for word in DESK_POSTS)
        return self.where_enforced and not desk

    def certified_on(self, day: date) -> bool:
        """Whether at least one certificate holds on that day."""
        return any(one.holds_on(day) for one in self.certificates)


@dataclass(frozen=True)
class CertificateReview:
    """What is wrong with an organisation's certificates on one day. People are in the order of their staff numbers."""

    holders_off_post: list[Officer]
    """A certificate that holds, and a post that does not enforce (持证不在岗)."""
    posts_without_holder: list[Officer]
    """A post that enforces, and no certificate that holds (在岗不持证)."""
    expired: list[tuple[Officer, HeldCertificate]]
    expiring: list[tuple[Officer, HeldCertificate]]
    """Still holding, with the last day near; the nearest first."""
    undated: list[tuple[Officer, HeldCertificate]]
    units_that_cannot_act: dict[str, int]
    """Code of each unit that enforces with fewer than two certified officers present, and how many it has."""


def review_certificates(
    db: Session, at: datetime, *, also_enforcing: Collection[int] = (), warned_before: timedelta = WARNED_BEFORE
) -> CertificateReview:
    """Compare certificates with posts on the local day of `at`. `also_enforcing` are ids of units besides brigades."""
    officers = _officers(db, at, also_enforcing)
    enforcing = db.scalars(select(Unit.code).where(_enforcing(also_enforcing)).order_by(Unit.code)).all()
    return review(officers, enforcing, at.astimezone(LOCAL).date(), warned_before)


def review(
    officers: Sequence[Officer], enforcing: Iterable[str], today: date, warned_before: timedelta = WARNED_BEFORE
) -> CertificateReview:
    """Sort out who is certified where. `enforcing` are the codes of all units that enforce, also of empty ones."""
    held = [(officer, one) for officer in officers for one in officer.certificates]
    soon = [
        (one.expires_on, officer, one)
        for officer, one in held
        if one.expires_on is not None and today <= one.expires_on < today + warned_before
    ]
    present = dict.fromkeys([*enforcing, *(one.unit_code for one in officers if one.enforces)], 0)
    for officer in officers:
        if officer.enforces and not officer.away and officer.certified_on(today):
            present[officer.unit_code] += 1
    return CertificateReview(
        holders_off_post=[one for one in officers if one.certified_on(today) and not one.enforces],
        posts_without_holder=[one for one in officers if one.enforces and not one.certified_on(today)],
        expired=[(officer, one) for officer, one in held if not one.holds_on(today)],
        expiring=[(officer, one) for _, officer, one in sorted(soon, key=lambda each: (each[0], each[1].staff_no))],
        undated=[(officer, one) for officer, one in held if one.expires_on is None],
        units_that_cannot_act={code: count for code, count in present.items() if count < ACT_TOGETHER},
    )


def _officers(db: Session, at: datetime, also_enforcing: Collection[int]) -> list[Officer]:
    """Everybody in service who holds a certificate or works in a unit that enforces, by staff number."""
    certificates: dict[int, list[HeldCertificate]] = defaultdict(list)
    columns = (Certificate.staff_id, Certificate.number, Certificate.kind, Certificate.expires_on)
    for staff_id, number, kind, expires_on in db.execute(select(*columns).order_by(Certificate.number)):
        certificates[staff_id].append(HeldCertificate(number, kind, expires_on))
    in_service = or_(Staff.left_on.is_(None), Staff.left_on > at.astimezone(LOCAL).date())
    away = select(Absence.id).where(Absence.staff_id == Staff.id, Absence.away.contains(at)).exists()
    own = aliased(Unit)
    sent_down = and_(own.kind == UnitKind.BRIGADE, Unit.kind == UnitKind.TOWNSHIP)
    enforces = or_(_enforcing(also_enforcing), sent_down)
    rows = db.execute(
        select(Staff.id, Staff.staff_no, Staff.name, Unit.code, Staff.post, enforces, away)
        .join(Unit, Unit.id == Staff.works_at_id)
        .join(own, own.id == Staff.unit_id)
        .where(in_service, or_(enforces, Staff.id.in_(certificates)))
        .order_by(Staff.staff_no)
    )
    return [Officer(*row, certificates=tuple(certificates.get(row[0], ()))) for row in rows]


def _enforcing(also: Collection[int]) -> ColumnElement[bool]:
    return or_(Unit.kind == UnitKind.BRIGADE, Unit.id.in_(also))
