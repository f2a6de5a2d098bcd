"""The office's list of addresses, and what clerks taught it: where a text that they corrected really is."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from database.base import Base, CreatedAt, Id, geometry, word


class AddressPart(StrEnum):
    """What of the addresses changes by itself: the list by the thousand, the aliases one by one."""

    LIST = "list"
    ALIASES = "aliases"


class AddressImport(Base):
    """One file of addresses that was loaded."""

    __tablename__ = "address_import"

    id: Mapped[Id]
    file_name: Mapped[str]
    loaded_at: Mapped[CreatedAt]
    loaded_by: Mapped[str]
    detected: Mapped[dict[str, Any]] = mapped_column(comment="encoding, datum, columns as found in the file")


class Address(Base):
    """A place of the list. A row that says something else later ends and another begins; none is ever edited.

    Pieces are as the office wrote them, "" where it wrote none: what is missing is read from the name when the
    index is built.
    """

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        Index("ix_address_identity", "identity", unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    id: Mapped[Id]
    identity: Mapped[UUID] = mapped_column(
        Uuid, comment="made of name, township, village and the point to a metre: equal ones are one address"
    )
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(String))
    kind: Mapped[str]
    road: Mapped[str]
    number: Mapped[str]
    compound: Mapped[str]
    building: Mapped[str]
    village: Mapped[str]
    township: Mapped[str] = mapped_column(comment="as written; no area need bear the name")
    point: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    raw_x: Mapped[float] = mapped_column(comment="as it came, in its own datum")
    raw_y: Mapped[float]
    datum: Mapped[str]
    import_id: Mapped[int] = mapped_column(ForeignKey("address_import.id"))
    retired_at: Mapped[datetime | None] = mapped_column(comment="null while the address stands in the list")


class AddressAlias(Base):
    """What a clerk found out: this text means that place. Of several for one text the latest holds."""

    __tablename__ = "address_alias"
    __table_args__ = (CheckConstraint("text <> ''", name="text_given"),)

    id: Mapped[Id]
    text: Mapped[str] = mapped_column(comment="as it was typed")
    point: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    address_id: Mapped[int | None] = mapped_column(
        ForeignKey("address.id"), comment="the address meant, where one was chosen"
    )
    name: Mapped[str] = mapped_column(comment="what the place is called, the text itself where nobody said")
    kept_at: Mapped[datetime]
    kept_by: Mapped[str] = mapped_column(comment="as the name stood then; survives the account")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class AddressEpoch(Base):
    """One row for the list and one for the aliases, whose value is new with every change, kept by triggers.

    It is random, not counted: it names the files that were built from the list, which a restored database or
    another one may otherwise take for its own.
    """

    __tablename__ = "address_epoch"

    part: Mapped[AddressPart] = mapped_column(word(AddressPart), primary_key=True)
    epoch: Mapped[UUID] = mapped_column(Uuid)
