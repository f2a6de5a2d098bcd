"""Matters, incidents as they came and as they went, and the history that nobody can edit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.base import Base, Id, geometry, word
from geo.addresses.answers import Accuracy
from geo.models import Area, AreaVersion
from incidents.words import Channel, EventKind, Level, LimitUnit, Placement, PlaceMethod, Procedure, QueueReason
from incidents.workflow import Move, State
from staffing.models import Staff, Unit


class Matter(Base):
    """An entry of the responsibility catalogue (权责清单), for the period in which it stood so."""

    __tablename__ = "matter"
    __table_args__ = (
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="matter_no_two_at_once"),
        CheckConstraint("limit_amount > 0", name="limit_positive"),
        CheckConstraint("(limit_amount IS NULL) = (limit_unit IS NULL)", name="limit_whole"),
        CheckConstraint("officers >= 0", name="officers_counted"),
    )

    id: Mapped[Id]
    code: Mapped[str]
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, comment="[from, to): catalogues change during a year")
    field: Mapped[str]
    name: Mapped[str]
    lead_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    level: Mapped[Level] = mapped_column(word(Level))
    limit_amount: Mapped[int | None]
    limit_unit: Mapped[LimitUnit | None] = mapped_column(word(LimitUnit))
    procedure: Mapped[Procedure] = mapped_column(word(Procedure))
    officers: Mapped[int] = mapped_column(comment="certified officers who must act together")

    lead_unit: Mapped[Unit | None] = relationship()
    co_units: Mapped[list["MatterCoUnit"]] = relationship(back_populates="matter", cascade="all")


class MatterCoUnit(Base):
    """That a unit co-operates on a matter that another one leads."""

    __tablename__ = "matter_co_unit"

    matter_id: Mapped[int] = mapped_column(ForeignKey("matter.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)

    matter: Mapped[Matter] = relationship(back_populates="co_units")
    unit: Mapped[Unit] = relationship()


incident_serial = Sequence("incident_serial", metadata=Base.metadata)


class Incident(Base):
    """One reported problem: the report as it came, where it falls, who answers and how far it has come."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_channel_external_number",
            "channel",
            "external_number",
            unique=True,
            postgresql_where=sql("external_number IS NOT NULL"),
        ),
        Index("ix_incident_point", "point", postgresql_using="gist"),
        Index("ix_incident_raw_pair", "raw_x", "raw_y"),
        Index("ix_incident_reported_at", "reported_at"),
        Index("ix_incident_township_id_reported_at", "township_id", "reported_at"),
        Index("ix_incident_grid_id_reported_at", "grid_id", "reported_at"),
        Index("ix_incident_staff_id", "staff_id"),
        Index("ix_incident_lead_unit_id", "lead_unit_id"),
        Index("ix_incident_queue_reason", "queue_reason", postgresql_where=sql("queue_reason IS NOT NULL")),
        CheckConstraint("(raw_x IS NULL) = (raw_y IS NULL)", name="raw_pair_whole"),
        CheckConstraint("point IS NOT NULL OR placement IN ('unlocated', 'invalid')", name="placed_has_a_point"),
        CheckConstraint("state <> 'closed' OR closed_at IS NOT NULL", name="closed_has_a_time"),
        CheckConstraint("address_confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
    )

    id: Mapped[Id] = mapped_column(incident_serial, server_default=incident_serial.next_value())
    number: Mapped[str] = mapped_column(unique=True, comment="what people call it by: day of receipt and serial")
    key: Mapped[UUID | None] = mapped_column(unique=True, comment="made by the client, so that a retry adds nothing")
    channel: Mapped[Channel] = mapped_column(word(Channel))
    external_number: Mapped[str | None] = mapped_column(comment="the number the sending system gave it")
    text: Mapped[str]
    address: Mapped[str | None]
    reported_at: Mapped[datetime]
    received_at: Mapped[datetime]

    raw_x: Mapped[float | None] = mapped_column(comment="easting or longitude as it came")
    raw_y: Mapped[float | None] = mapped_column(comment="northing or latitude as it came")
    raw_datum: Mapped[str | None] = mapped_column(comment="wgs84, gcj02, bd09, cgcs2000 or EPSG:n")
    accuracy_m: Mapped[float | None] = mapped_column(comment="as the device claimed")
    point: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

    placement: Mapped[Placement] = mapped_column(word(Placement))
    placed_by_hand: Mapped[bool] = mapped_column(server_default=sql("false"))
    place_method: Mapped[PlaceMethod | None] = mapped_column(word(PlaceMethod), comment="null without a place")
    address_accuracy: Mapped[Accuracy | None] = mapped_column(word(Accuracy), comment="where its words placed it")
    address_confidence: Mapped[float | None] = mapped_column(comment="that the place meant lies there, 0 to 1")
    address_answer: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="what its words may mean: candidates, the likeliest first, as found then"
    )
    contradiction: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="the township that the words name, where the position lies in another"
    )
    queue_reason: Mapped[QueueReason | None] = mapped_column(word(QueueReason), comment="null once nobody must look")
    county_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    township_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    grid_version_id: Mapped[int | None] = mapped_column(ForeignKey("area_version.id"), comment="what it was judged by")
    specialised_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=sql("'{}'"))
    explanation: Mapped[dict[str, Any]] = mapped_column(comment="why there and why these people, as decided then")

    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="the person who answers")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="the unit whose desk it is on")
    lead_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="to whom it was dispatched")
    handler_account_id: Mapped[int | None] = mapped_column(BigInteger, comment="who said it was handled")

    state: Mapped[State] = mapped_column(word(State))
    matter_id: Mapped[int | None] = mapped_column(ForeignKey("matter.id"))
    due_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), comment="an earlier report of the same")
    reported_by_account_id: Mapped[int | None] = mapped_column(BigInteger)
    reporter_name_sealed: Mapped[bytes | None]
    reporter_phone_sealed: Mapped[bytes | None]

    grid: Mapped[Area | None] = relationship(foreign_keys=[grid_id])
    grid_version: Mapped[AreaVersion | None] = relationship(foreign_keys=[grid_version_id])
    village: Mapped[Area | None] = relationship(foreign_keys=[village_id])
    township: Mapped[Area | None] = relationship(foreign_keys=[township_id])
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id])
    unit: Mapped[Unit | None] = relationship(foreign_keys=[unit_id])
    lead_unit: Mapped[Unit | None] = relationship(foreign_keys=[lead_unit_id])
    matter: Mapped[Matter | None] = relationship()
    repeats: Mapped["Incident | None"] = relationship(remote_side="Incident.id")
    events: Mapped[list["IncidentEvent"]] = relationship(back_populates="incident", order_by="IncidentEvent.id")
    photos: Mapped[list["Photo"]] = relationship(back_populates="incident", order_by="Photo.id")


class IncidentEvent(Base):
    """One line of an incident's history. Appended, never changed: triggers refuse UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "incident_event"
    __table_args__ = (Index("ix_incident_event_incident_id", "incident_id"),)

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    at: Mapped[datetime] = mapped_column(comment="when it happened, which an imported history may date back")
    kind: Mapped[EventKind] = mapped_column(word(EventKind))
    move: Mapped[Move | None] = mapped_column(word(Move))
    from_state: Mapped[State | None] = mapped_column(word(State, check="from_state"))
    to_state: Mapped[State | None] = mapped_column(word(State, check="to_state"))
    by_name: Mapped[str] = mapped_column(comment="as the name stood then; survives the account")
    by_account_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))

    incident: Mapped[Incident] = relationship(back_populates="events")


class Photo(Base):
    """A picture that belongs to an incident, re-encoded on arrival so that it carries no hidden data."""

    __tablename__ = "photo"
    __table_args__ = (Index("ix_photo_incident_id", "incident_id"),)

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    file_name: Mapped[str] = mapped_column(comment="below the uploads folder; named by content")
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]
    by_name: Mapped[str]

    incident: Mapped[Incident] = relationship(back_populates="photos")
