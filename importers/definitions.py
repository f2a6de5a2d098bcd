"""How the files of one sender are read: what was chosen once is remembered, offered again, and written as JSON."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.codes import GB, AreaKind
from geo.codes import profile as find_profile
from geo.crs import WGS84
from geo.redraw_drafts import Planner
from geo.redraw_models import FileDefinition
from importers.areas import Reading
from importers.encodings import AUTO


def definition_of(reading: Reading) -> dict[str, Any]:
    """How a file is read, as JSON that `reading_of` understands: what one sender's files need each time."""
    return {
        "kind": reading.kind.value, "domain": reading.domain, "columns": dict(reading.columns or {}),
        "encoding": reading.encoding, "crs": reading.crs, "datum": reading.datum, "layer": reading.layer,
        "codes": reading.profile.name,
    }  # fmt: skip


class DefinitionUnusable(ValueError):
    """That is no definition of how a file of areas is read: a JSON object with kind, columns, encoding, crs, datum."""

    def __str__(self) -> str:
        return type(self).__doc__ or ""


def reading_of(definition: Mapping[str, Any]) -> Reading:
    """Read a definition. Raises DefinitionUnusable."""
    words = {name: definition.get(name) for name in ("domain", "encoding", "crs", "datum", "layer", "codes")}
    columns = definition.get("columns") or {}
    texts = [value for value in words.values() if value is not None]
    if not isinstance(columns, dict) or not all(
        isinstance(text, str) for text in [*texts, *columns, *columns.values()]
    ):
        raise DefinitionUnusable
    try:
        return Reading(
            AreaKind(definition["kind"]), words["domain"], dict(columns) or None, words["encoding"] or AUTO,
            words["crs"] or AUTO, words["datum"], words["layer"], find_profile(words["codes"] or GB.name),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise DefinitionUnusable from error


def remembered(db: Session, sender: str | None, kind: AreaKind, area_id: int | None = None) -> Reading | None:
    """How the files of a sender were read the last time; None for somebody new.

    `area_id` is the jurisdiction of whoever asks, None for those who see everything: each has its own.
    """
    if not sender:
        return None
    of_sender = (FileDefinition.sender == sender, FileDefinition.kind == kind)
    kept = db.scalar(select(FileDefinition).where(*of_sender, FileDefinition.area_id.is_not_distinct_from(area_id)))
    return reading_of(kept.definition) if kept else None


def remember(db: Session, sender: str, reading: Reading, *, area_id: int | None, by: Planner, now: datetime) -> None:
    """Keep how this sender's files are read, in place of what was kept before in the same jurisdiction."""
    values = {"definition": definition_of(reading), "changed_at": now, "changed_by": by.name}
    statement = insert(FileDefinition).values(area_id=area_id, sender=sender, kind=reading.kind, **values)
    db.execute(statement.on_conflict_do_update(index_elements=["area_id", "sender", "kind"], set_=values))


def or_remembered(given: Reading, known: Reading | None, headings: Collection[str] | None = None) -> Reading:
    """What somebody says of a file, and where they say nothing what is known of its sender's files.

    Columns that the file does not have (`headings`, where known) are not taken over.
    """
    if known is None:
        return given
    columns = {ours: theirs for ours, theirs in (known.columns or {}).items() if headings is None or theirs in headings}
    return replace(
        given,
        domain=given.domain or known.domain,
        columns=(columns | dict(given.columns or {})) or None,
        encoding=known.encoding if given.encoding == AUTO else given.encoding,
        crs=known.crs if given.crs == AUTO else given.crs,
        datum=known.datum if given.datum in (None, WGS84.name) else given.datum,
        layer=given.layer or known.layer,
    )
