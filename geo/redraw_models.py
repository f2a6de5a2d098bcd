"""What belongs to a redraw while it is drafted: its rows, what is wrong with them, who did what, how files are read."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from database.base import Base, Id, geometry, word
from geo.codes import AreaKind
from geo.models import CODE
from geo.redraws.words import Decision, RedrawStep


class DraftArea(Base):
    """A row of a redraw: an area as it is meant to be. Not official, so it may be mended; the history tells how.

    A hundred thousand are written at once and read by the redraw they belong to: what an index of outlines and
    another foreign key would cost was a third of writing them.
    """

    __tablename__ = "draft_area"
    __table_args__ = (
        UniqueConstraint("redraw_id", "row"),
        CheckConstraint("households >= 0", name="households_counted"),
    )

    id: Mapped[Id]
    redraw_id: Mapped[int] = mapped_column(ForeignKey("redraw.id"))
    row: Mapped[int] = mapped_column(comment="of the file, the first is 1")
    code: Mapped[str] = mapped_column(CODE, comment="empty where the file has none that can be used")
    name: Mapped[str]
    domain: Mapped[str | None]
    outline: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    parent_id: Mapped[int | None] = mapped_column(BigInteger, comment="an area, none of which is ever deleted")
    households: Mapped[int | None]


class RedrawFinding(Base):
    """Something wrong with a redraw, as the last check found it. Problems of single rows have no shape."""

    __tablename__ = "redraw_finding"
    __table_args__ = (Index("ix_redraw_finding_redraw_id", "redraw_id"),)

    id: Mapped[Id]
    redraw_id: Mapped[int] = mapped_column(ForeignKey("redraw.id"))
    of_file: Mapped[bool] = mapped_column(comment="found when the file was read; else by the last check")
    code: Mapped[str]
    severity: Mapped[str]
    codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    rows: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    field: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), comment="of the file, for a problem of a row")
    size_m2: Mapped[float | None]
    shape: Mapped[WKBElement | None] = mapped_column(geometry("MULTIPOLYGON"))
    message: Mapped[Any] = mapped_column(JSONB, comment="what the sentence was made of")
    mend: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    decision: Mapped[Decision | None] = mapped_column(word(Decision))
    decided_by: Mapped[str | None]


class RedrawEvent(Base):
    """One line of a redraw's history. Appended, never changed: triggers refuse UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "redraw_event"
    __table_args__ = (Index("ix_redraw_event_redraw_id", "redraw_id"),)

    id: Mapped[Id]
    redraw_id: Mapped[int] = mapped_column(ForeignKey("redraw.id"))
    at: Mapped[datetime]
    step: Mapped[RedrawStep] = mapped_column(word(RedrawStep))
    by_name: Mapped[str]
    by_account_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))


class FileDefinition(Base):
    """How the files of one sender are read: the choices made last time, offered the next time.

    Each jurisdiction has its own: two townships may know other files by the same sender's name.
    """

    __tablename__ = "file_definition"
    __table_args__ = (UniqueConstraint("area_id", "sender", "kind", postgresql_nulls_not_distinct=True),)

    id: Mapped[Id]
    sender: Mapped[str]
    kind: Mapped[AreaKind] = mapped_column(word(AreaKind))
    definition: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    area_id: Mapped[int | None] = mapped_column(
        ForeignKey("area.id"), comment="the jurisdiction of whoever chose it; null: of those who see everything"
    )
