"""The second fence: what a scoped session may see, whatever the query asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError

from database.session import EVERYWHERE, Scope, make_engine, session_for
from incidents.models import Incident, IncidentEvent
from tests.factories import make_incident, make_ladder, make_unit


@dataclass(frozen=True)
class Neighbours:
    """Two townships with one incident each, committed; and one incident that lies nowhere."""

    engine: Engine
    ours: int
    theirs: int
    nowhere: int
    our_township: int
    our_grid: int
    brigade: int


@pytest.fixture(scope="module")
def neighbours(database_url: str) -> Iterator[Neighbours]:
    engine = make_engine(database_url)
    with session_for(engine) as db:
        here, there = make_ladder(db, township="329901001"), make_ladder(db, west=120.0, township="329901002")
        brigade = make_unit(db, "brigade")
        ours = make_incident(db, ladder=here)
        theirs = make_incident(db, ladder=there, lead_unit_id=brigade.id)
        nowhere = make_incident(db, reported_by_account_id=7)
        db.commit()
        yield Neighbours(engine, ours.id, theirs.id, nowhere.id, here["township"].id, here["a"].id, brigade.id)
    engine.dispose()


def seen(neighbours: Neighbours, scope: Scope) -> set[int]:
    with session_for(neighbours.engine, scope) as db:
        incidents = set(db.scalars(select(Incident.id)))
        assert set(db.scalars(select(IncidentEvent.incident_id))) == incidents  # the history goes with its incident
        return incidents


def test_a_township_sees_its_own_incidents_only(neighbours: Neighbours):
    assert seen(neighbours, Scope(area_ids=(neighbours.our_township,))) == {neighbours.ours}


def test_a_worker_sees_the_incidents_of_the_grid(neighbours: Neighbours):
    assert seen(neighbours, Scope(area_ids=(neighbours.our_grid,))) == {neighbours.ours}


def test_a_unit_sees_what_was_dispatched_to_it_anywhere(neighbours: Neighbours):
    assert seen(neighbours, Scope(unit_id=neighbours.brigade)) == {neighbours.theirs}


def test_everybody_sees_what_they_reported_themselves(neighbours: Neighbours):
    assert seen(neighbours, Scope(account_id=7)) == {neighbours.nowhere}


def test_an_empty_scope_sees_nothing_and_the_county_everything(neighbours: Neighbours):
    assert seen(neighbours, Scope()) == set()
    assert seen(neighbours, EVERYWHERE) == {neighbours.ours, neighbours.theirs, neighbours.nowhere}


def test_the_scope_holds_again_after_a_commit(neighbours: Neighbours):
    with session_for(neighbours.engine, Scope(area_ids=(neighbours.our_township,))) as db:
        db.commit()
        assert set(db.scalars(select(Incident.id))) == {neighbours.ours}


def test_a_scope_does_not_survive_in_a_pooled_connection(neighbours: Neighbours):
    with session_for(neighbours.engine, EVERYWHERE) as db:
        db.execute(select(Incident.id))
    with session_for(neighbours.engine) as db:
        assert db.scalar(text("SELECT current_user")) == "wangge"
        assert not db.scalar(text("SELECT current_setting('wangge.everywhere', true)"))


def test_a_neighbours_incident_cannot_be_changed(neighbours: Neighbours):
    with session_for(neighbours.engine, Scope(area_ids=(neighbours.our_township,))) as db:
        changed = db.execute(update(Incident).values(text="taken over").where(Incident.id == neighbours.theirs))
        assert changed.rowcount == 0


@pytest.mark.parametrize("statement", [
    "UPDATE incident_event SET note = 'never happened'", "DELETE FROM incident_event", "TRUNCATE incident_event",
])  # fmt: skip
def test_nobody_edits_history_not_even_the_owner(neighbours: Neighbours, statement: str):
    with session_for(neighbours.engine) as db, pytest.raises(DBAPIError, match="only ever added to"):
        db.execute(text(statement))


@pytest.mark.parametrize("table", ["incident", "incident_event", "area_version", "duty", "staff"])
def test_a_request_may_delete_nothing_official(neighbours: Neighbours, table: str):
    with session_for(neighbours.engine, EVERYWHERE) as db, pytest.raises(DBAPIError, match="permission denied"):
        db.execute(text(f"DELETE FROM {table}"))
