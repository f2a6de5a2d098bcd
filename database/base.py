"""The declarative base and the column types that every table shares."""

from datetime import datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, DateTime, MetaData, func
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

WGS84 = 4326

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table inherits: one naming convention, aware timestamps, JSON as jsonb."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


Id = Annotated[int, mapped_column(BigInteger, primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())]


def word(kind: type[StrEnum], *, check: str | None = None) -> SqlEnum:
    """A column holding one of the words of `kind`, checked by the database.

    `check` names the check where a table has two columns of one kind. Kept as text with a check rather
    than as a PostgreSQL enum: a new word is then one changed constraint, not a type that cannot be
    altered inside a transaction.
    """

    def values(of: type[Enum]) -> list[str]:
        return [str(member.value) for member in of]

    return SqlEnum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=values,
        name=check or kind.__name__.lower(),
    )


def geometry(shape: str) -> Geometry:
    """A WGS-84 geometry column. Its GiST index is named by the table: GeoAlchemy2's own would appear twice."""
    return Geometry(shape, srid=WGS84, spatial_index=False)
