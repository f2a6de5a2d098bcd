"""Units, the staff in them, and who has which duty where and when."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.base import Base, CreatedAt, Id, word
from geo.models import Area
from staffing.words import DutyRole, UnitKind


class Unit(Base):
    """An organisation that staff belong to: a centre, a township, a village station, a department, a brigade."""

    __tablename__ = "unit"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[UnitKind] = mapped_column(word(UnitKind))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), comment="the place it is the unit of")

    area: Mapped[Area | None] = relationship()


class Staff(Base):
    """A person who answers for places. May belong to one unit and work in another."""

    __tablename__ = "staff"

    id: Mapped[Id]
    staff_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="the unit whose establishment holds the post")
    works_at_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="the unit where the person really works")
    post: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(comment="the office's number for the person")
    left_on: Mapped[date | None] = mapped_column(comment="null while in service")
    created_at: Mapped[CreatedAt]

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    works_at: Mapped[Unit] = relationship(foreign_keys=[works_at_id])
    certificates: Mapped[list["Certificate"]] = relationship(back_populates="staff")


class Certificate(Base):
    """A licence to enforce the law. At least two holders must act together, so expiry matters."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("staff_id", "number"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    number: Mapped[str]
    kind: Mapped[str | None]
    expires_on: Mapped[date | None] = mapped_column(comment="null when the file did not say")

    staff: Mapped[Staff] = relationship(back_populates="certificates")


class Duty(Base):
    """That somebody answers for an area, in a role, for a period."""

    __tablename__ = "duty"
    __table_args__ = (
        ExcludeConstraint(
            ("staff_id", "="), ("area_id", "="), ("role", "="), ("held", "&&"), name="duty_no_two_at_once"
        ),
        CheckConstraint("NOT isempty(held)", name="held_not_empty"),
        Index("ix_duty_area_id", "area_id"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    role: Mapped[DutyRole] = mapped_column(word(DutyRole))
    held: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, comment="[from, to)")

    staff: Mapped[Staff] = relationship()
    area: Mapped[Area] = relationship()


class Absence(Base):
    """That somebody is away for a period, and who covers meanwhile."""

    __tablename__ = "absence"
    __table_args__ = (
        ExcludeConstraint(("staff_id", "="), ("away", "&&"), name="absence_no_two_at_once"),
        CheckConstraint("deputy_id <> staff_id", name="deputy_is_another"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    away: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, comment="[from, to)")
    reason: Mapped[str | None]
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    deputy: Mapped[Staff | None] = relationship(foreign_keys=[deputy_id])


class StaffEpoch(Base):
    """One row whose number rises with every statement that changes units, staff, duties or absences, kept by triggers.

    A process that keeps the roster compares it with the number its roster was read at.
    """

    __tablename__ = "staff_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigInteger)
