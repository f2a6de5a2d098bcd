"""Areas and their versions: polygons with a history."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.base import Base, CreatedAt, Id, geometry, word
from geo.codes import AreaKind

CODE = String(64, collation="C")
"""Codes compare byte by byte, as Python compares them: the tie rule on shared edges depends on it."""


class AreaImport(Base):
    """One file of areas that was loaded: where versions came from, and which findings were accepted."""

    __tablename__ = "area_import"

    id: Mapped[Id]
    file_name: Mapped[str]
    kind: Mapped[AreaKind] = mapped_column(word(AreaKind))
    loaded_at: Mapped[CreatedAt]
    loaded_by: Mapped[str]
    detected: Mapped[dict[str, Any]] = mapped_column(comment="encoding, crs, datum, columns as found in the file")
    accepted: Mapped[dict[str, Any]] = mapped_column(comment="findings that would have blocked and were accepted")


class Area(Base):
    """A place that is administered as one: its code and kind never change, its outline may."""

    __tablename__ = "area"
    __table_args__ = (
        UniqueConstraint("kind", "code"),
        CheckConstraint("(domain IS NOT NULL) = (kind = 'specialised')", name="domain_if_specialised"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(CODE)
    kind: Mapped[AreaKind] = mapped_column(word(AreaKind))
    domain: Mapped[str | None] = mapped_column(comment="school, hospital, market …; specialised areas only")
    created_at: Mapped[CreatedAt]

    versions: Mapped[list["AreaVersion"]] = relationship(
        back_populates="area", foreign_keys="AreaVersion.area_id", order_by="AreaVersion.valid"
    )


class AreaVersion(Base):
    """The outline and attributes of one area for a period of time.

    A redraw ends versions and begins others at one moment; it never edits one. An incident
    keeps the version it was judged by.
    """

    __tablename__ = "area_version"
    __table_args__ = (
        ExcludeConstraint(("area_id", "="), ("valid", "&&"), name="area_version_no_two_at_once"),
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        CheckConstraint("households >= 0", name="households_counted"),
        CheckConstraint("name <> ''", name="name_given"),
        Index("ix_area_version_outline", "outline", postgresql_using="gist"),
        Index("ix_area_version_parent_id", "parent_id"),
    )

    id: Mapped[Id]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, comment="[from, to): who answers when")
    name: Mapped[str]
    outline: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("area.id"), comment="the area above, null where none is recorded"
    )
    households: Mapped[int | None] = mapped_column(comment="counted, null when unknown; never names")
    area_m2: Mapped[float]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("area_import.id"))
    created_at: Mapped[CreatedAt]

    area: Mapped[Area] = relationship(back_populates="versions", foreign_keys=[area_id])
    parent: Mapped[Area | None] = relationship(foreign_keys=[parent_id])


class AreasEpoch(Base):
    """One row whose number rises with every change to any area version, kept by a trigger.

    Every process compares it with the number its index was built from; the same trigger notifies
    the channel `areas_changed`, so the comparison only has to heal a missed message.
    """

    __tablename__ = "areas_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigInteger)
