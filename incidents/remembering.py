"""What a clerk's correction teaches: from now on these words mean that place."""

from datetime import datetime

from sqlalchemy.orm import Session

from geo.address_models import AddressAlias
from geo.placing import AreaIndex
from incidents import addressing
from incidents.actors import Actor
from incidents.addressing import Geocoding
from incidents.errors import NothingToRemember, WordsMissing
from incidents.handling import locked_to_place
from incidents.models import Incident
from incidents.words import PlaceMethod

SHORTEST, LONGEST = 2, 60

CHOSEN = frozenset({PlaceMethod.BY_HAND, PlaceMethod.CANDIDATE})
"""How a person places a case."""


def remember(db: Session, incident_id: int, words: str, *, by: Actor, now: datetime) -> AddressAlias:
    """Keep the place that a person chose for a case as what `words` mean; the next look-up finds it.

    Raises UnknownIncident, NotYours, MoveNotAllowed, NothingToRemember and WordsMissing. Flushes; the caller commits.
    """
    incident = locked_to_place(db, incident_id, by)
    words = " ".join(words.split())
    if incident.point is None or incident.place_method not in CHOSEN:
        raise NothingToRemember
    if not SHORTEST <= len(words) <= LONGEST:
        raise WordsMissing
    known = incident.explanation.get("address") or {}
    alias = AddressAlias(
        text=words, point=incident.point, address_id=known.get("address_id"), name=known.get("matched") or words,
        kept_at=now, kept_by=by.name,
    )  # fmt: skip
    db.add(alias)
    incident.explanation = incident.explanation | {"remembered": words}
    db.flush()
    return alias


def ask_again(
    db: Session, incident_id: int, *, by: Actor, index: AreaIndex, geocoding: Geocoding | None
) -> Incident:  # fmt: skip
    """Look the words of a case up once more, in the list as it is today. Moves nothing: a person chooses.

    Raises UnknownIncident, NotYours and MoveNotAllowed. Flushes; the caller commits.
    """
    incident = locked_to_place(db, incident_id, by)
    locator = index.at(incident.reported_at)
    asked = addressing.ask(geocoding, incident.address, incident.text, locator)
    incident.address_answer = addressing.kept(asked, locator) if asked and asked.answer.candidates else None
    db.flush()
    return incident


def words_to_keep(incident: Incident) -> str:
    """Which words to offer: the address, else the beginning of the text up to where its first sentence ends."""
    words = incident.address or incident.text
    for mark in "，。；！？,;!?\n":
        words = words.split(mark, 1)[0]
    return words.strip()[:LONGEST]
