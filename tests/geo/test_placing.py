"""The index of any moment: shared by threads, replaced whole when areas change, in any process."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from shapely.geometry import box
from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import Range

from database.session import make_engine, session_for
from geo.codes import AreaKind
from geo.placing import KEPT_MOMENTS, AreaIndex
from tests.factories import ALWAYS, NOW, make_area

HERE = (0.5, 0.5)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of the module's own, without areas: an index reads with connections of its own."""
    engine = make_engine(database_url)
    yield engine
    with session_for(engine) as db:
        db.execute(text("DELETE FROM area_version"))
        db.execute(text("DELETE FROM area"))
        db.commit()
    engine.dispose()


@pytest.fixture
def listening(engine: Engine) -> Iterator[AreaIndex]:
    """An index that compares so seldom that only a message can tell it."""
    index = AreaIndex(engine, check_every_s=3600)
    yield index
    index.close()


def draw(engine: Engine, code: str, valid: Range[datetime] = ALWAYS) -> None:
    with session_for(engine) as db:
        make_area(db, code, AreaKind.COMPREHENSIVE, box(0, 0, 1, 1), valid=valid)
        db.commit()


def end_all(engine: Engine, at: datetime) -> None:
    with session_for(engine) as db:
        db.execute(text("UPDATE area_version SET valid = tstzrange(lower(valid), :at)"), {"at": at})
        db.commit()


def found(index: AreaIndex, moment: datetime = NOW) -> str | None:
    grid = index.at(moment).locate(*HERE).grid
    return grid.code if grid else None


def becomes_true(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    give_up = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def test_each_moment_has_the_areas_that_stood_then(engine: Engine):
    turn = NOW - timedelta(days=30)
    draw(engine, "old", Range(None, turn))
    draw(engine, "new", Range(turn, None))
    index = AreaIndex(engine)
    assert found(index, turn - timedelta(microseconds=1)) == "old"
    assert found(index, turn) == "new"
    assert found(index, NOW + timedelta(days=10_000)) == "new"


def test_moments_between_two_turns_share_one_locator(engine: Engine):
    draw(engine, "1")
    index = AreaIndex(engine)
    assert index.at(NOW) is index.at(NOW - timedelta(days=3000))


def test_only_so_many_moments_are_kept_and_those_asked_last(engine: Engine):
    days = [NOW - timedelta(days=day) for day in range(KEPT_MOMENTS + 2)]
    for number, day in enumerate(days):
        draw(engine, str(number), Range(day, day + timedelta(days=1)))
    index = AreaIndex(engine)
    first = index.at(days[0])
    for day in days[1:]:
        index.at(day)
    assert index.at(days[-1]) is index.at(days[-1])
    assert index.at(days[0]) is not first


def test_a_moment_without_a_time_zone_is_refused(engine: Engine):
    with pytest.raises(ValueError, match="time zone"):
        AreaIndex(engine).at(datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_a_change_made_elsewhere_is_seen_after_the_next_check_even_if_nobody_tells(engine: Engine):
    draw(engine, "1")
    index = AreaIndex(engine, check_every_s=0.2)
    assert found(index) == "1"
    end_all(engine, NOW - timedelta(days=1))
    assert becomes_true(lambda: found(index) is None, within_s=2)


def test_between_two_checks_nothing_is_asked_of_the_database(engine: Engine):
    draw(engine, "1")
    index = AreaIndex(engine, check_every_s=3600)
    assert found(index) == "1"
    end_all(engine, NOW - timedelta(days=1))
    assert found(index) == "1"


def test_a_listening_index_hears_of_a_change_as_it_happens(engine: Engine, listening: AreaIndex):
    draw(engine, "1")
    listening.listen()
    assert found(listening) == "1"
    assert becomes_true(lambda: _listeners(engine) == 1), "the ear is open"
    end_all(engine, NOW - timedelta(days=1))
    assert becomes_true(lambda: found(listening) is None)


def test_an_index_whose_connection_is_lost_listens_again(engine: Engine, listening: AreaIndex):
    draw(engine, "1")
    listening.listen()
    assert found(listening) == "1"
    assert becomes_true(lambda: _listeners(engine) == 1)
    _cut_listeners(engine)
    assert becomes_true(lambda: _listeners(engine) == 0)
    assert becomes_true(lambda: _listeners(engine) == 1, within_s=10), "it has come back"
    end_all(engine, NOW - timedelta(days=1))
    assert becomes_true(lambda: found(listening) is None)


def test_nothing_is_seen_of_a_change_until_it_is_committed(engine: Engine):
    draw(engine, "1")
    index = AreaIndex(engine, check_every_s=0)
    with session_for(engine) as db:
        db.execute(text("UPDATE area_version SET valid = tstzrange(NULL, :at)"), {"at": NOW - timedelta(days=1)})
        assert found(index) == "1"
        db.commit()
    assert found(index) is None


def test_a_locator_once_given_stays_as_it_was(engine: Engine):
    draw(engine, "1")
    index = AreaIndex(engine, check_every_s=0)
    given = index.at(NOW)
    end_all(engine, NOW - timedelta(days=1))
    assert found(index) is None
    grid = given.locate(*HERE).grid
    assert grid is not None and grid.code == "1", "an answer is of one moment, never half of each"


def test_areas_that_change_while_a_locator_is_built_never_answer_for_both_sides_of_the_change(engine: Engine):
    """The turns of one epoch were kept with the areas of the next: what had ended was still there now."""
    turn = NOW - timedelta(days=30)
    index = AreaIndex(engine, check_every_s=3600)
    assert index.interval(NOW) == index.interval(turn) == 0, "the turns of the empty map are known now"
    draw(engine, "old", Range(None, turn))
    assert found(index, turn - timedelta(days=1)) == "old"
    assert found(index) is None


def test_the_epoch_rises_with_every_change(engine: Engine):
    index = AreaIndex(engine, check_every_s=0)
    before = index.epoch
    draw(engine, "1")
    assert index.epoch == before + 1
    end_all(engine, NOW)
    assert index.epoch == before + 2


def test_threads_that_ask_at_once_all_get_the_same_locator(engine: Engine):
    draw(engine, "1")
    index, start, given = AreaIndex(engine), threading.Barrier(8), list[int]()

    def ask() -> None:
        start.wait()
        given.append(id(index.at(NOW)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 8 and len(set(given)) == 1


def _listeners(engine: Engine) -> int:
    """How many connections of this database wait for notices of changed areas."""
    with session_for(engine) as db:
        own = "datname = current_database() AND query LIKE 'LISTEN areas_changed%'"
        return db.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {own}")) or 0


def _cut_listeners(engine: Engine) -> None:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        own = "datname = current_database() AND query LIKE 'LISTEN areas_changed%'"
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}")
