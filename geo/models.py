"""Areas and their versions: polygons with a history, and the redraws that change them."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.base import Base, CreatedAt, Id, geometry, word
from geo.codes import AreaKind
from geo.redraws.words import RedrawState

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
    keeps the version it was judged by. A version of a redraw that was reverted before it came into
    force has been valid at no moment: its period is empty.
    """

    __tablename__ = "area_version"
    __table_args__ = (
        ExcludeConstraint(("area_id", "="), ("valid", "&&"), name="area_version_no_two_at_once"),
        CheckConstraint("NOT isempty(valid) OR withdrawn_by_id IS NOT NULL", name="valid_not_empty"),
        CheckConstraint("households >= 0", name="households_counted"),
        CheckConstraint("name <> ''", name="name_given"),
        Index("ix_area_version_outline", "outline", postgresql_using="gist"),
        Index("ix_area_version_parent_id", "parent_id"),
        Index("ix_area_version_begun_by_id", "begun_by_id"),
        Index("ix_area_version_ended_by_id", "ended_by_id"),
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
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("redraw.id"), comment="the redraw that brought it")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("redraw.id"), comment="the redraw that ended it")
    withdrawn_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("redraw.id"), comment="the reverting redraw, where it never came into force"
    )
    created_at: Mapped[CreatedAt]

    area: Mapped[Area] = relationship(back_populates="versions", foreign_keys=[area_id])
    parent: Mapped[Area | None] = relationship(foreign_keys=[parent_id])


class Redraw(Base):
    """A change set of areas of one kind: drafted, checked, published for a moment, perhaps reverted; never deleted.

    What is published stands in `area_version`, whose `begun_by_id` and `ended_by_id` name the redraw.
    """

    __tablename__ = "redraw"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(
            "state NOT IN ('published', 'reverted') OR comes_at IS NOT NULL", name="published_has_a_moment"
        ),
        Index("ix_redraw_reverts_id", "reverts_id"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[AreaKind] = mapped_column(word(AreaKind))
    state: Mapped[RedrawState] = mapped_column(word(RedrawState))
    author: Mapped[str] = mapped_column(comment="as the name stood then")
    author_account_id: Mapped[int | None] = mapped_column(BigInteger)
    reviewer: Mapped[str | None] = mapped_column(comment="somebody else who has looked at it")
    note: Mapped[str] = mapped_column(server_default="")
    source_name: Mapped[str | None] = mapped_column(comment="the file as it was called where it came from")
    source_kept: Mapped[str | None] = mapped_column(comment="below the uploads folder; named by content")
    sender: Mapped[str | None] = mapped_column(comment="who sends such files: their definition is remembered")
    definition: Mapped[dict[str, Any]] = mapped_column(comment="how the file is to be read: what can be said again")
    detected: Mapped[dict[str, Any]] = mapped_column(
        server_default=sql("'{}'"), comment="encoding, crs, datum, columns as found in the file"
    )
    scope_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=sql("'{}'"), comment="the areas whose grids it replaces; empty: all"
    )
    within_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=sql("'{}'"), comment="every area that the whole scope lies in"
    )
    base: Mapped[str | None] = mapped_column(comment="digest of the versions it was checked against")
    checked_at: Mapped[datetime | None]
    comes_at: Mapped[datetime | None] = mapped_column(comment="the moment from which on it is in force")
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    handover: Mapped[dict[str, Any]] = mapped_column(
        server_default=sql("'{}'"), comment="class of open cases → stay or move"
    )
    handed_over_at: Mapped[datetime | None]
    reverts_id: Mapped[int | None] = mapped_column(ForeignKey("redraw.id"))
    progress: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="what is being done, and how far it is; null while nothing is"
    )
    summary: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"), comment="what the last check counted")
    comparison: Mapped[dict[str, Any] | None] = mapped_column(  # of many megabytes where all grids change
        JSONB(none_as_null=True), deferred=True,
        comment="how it differs from what it was checked against, and whom that concerns",
    )  # fmt: skip
    created_at: Mapped[CreatedAt]


class AreasEpoch(Base):
    """One row whose number rises with every change to any area version, kept by a trigger.

    Every process compares it with the number its index was built from; the same trigger notifies
    the channel `areas_changed`, so the comparison only has to heal a missed message.
    """

    __tablename__ = "areas_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(BigInteger)
