"""The process's geocoder: what it knows, when it learns of changes, and what it keeps on disk."""

import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import box
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from database.session import EVERYWHERE, make_engine, open_session, session_for
from geo import address_index
from geo.address_index import AddressIndex
from geo.address_loading import NewAddress, Staging, withdraw_alias
from geo.address_models import AddressAlias, AddressImport
from geo.addresses.answers import AddressRow, Answer
from geo.codes import AreaKind
from tests.factories import NOW, make_area

HOSPITAL = AddressRow(0, "安宜镇人民医院", 119.31, 33.24, township="安宜镇")
STATION = AddressRow(0, "安宜镇汽车站", 119.32, 33.25, township="安宜镇")


@pytest.fixture(scope="module")
def own_engine(database_url: str) -> Iterator[Engine]:
    """A database whose list other connections see: the index looks with connections of its own."""
    engine = make_engine(database_url)
    with session_for(engine) as db:
        town = make_area(db, "321023100", AreaKind.TOWNSHIP, box(119.2, 33.1, 119.5, 33.4), name="安宜镇")
        make_area(db, "321023100001", AreaKind.VILLAGE, box(119.3, 33.2, 119.4, 33.3), name="城中社区", parent=town)
        db.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def store(own_engine: Engine) -> Iterator[Session]:
    with session_for(own_engine) as db:
        yield db
        db.rollback()
        db.execute(text("TRUNCATE address_alias, address, address_import CASCADE"))
        db.commit()


@pytest.fixture
def index(own_engine: Engine, store: Session, tmp_path: Path) -> AddressIndex:
    return AddressIndex(own_engine, tmp_path / "addresses")


def add(db: Session, *places: AddressRow) -> None:
    """Put places into the list, as an import does, and commit."""
    staging = Staging(db, shown=10)
    staging.add(NewAddress(row, each, each.lon, each.lat, "wgs84") for row, each in enumerate(places, 1))
    staging.drop_repeated()
    record = AddressImport(file_name="test.csv", loaded_by="test", detected={})
    db.add(record)
    db.flush()
    staging.load(record.id, NOW)
    db.commit()


def teach(db: Session, said: str, lon: float, lat: float) -> int:
    alias = AddressAlias(text=said, name=said, point=f"SRID=4326;POINT({lon} {lat})", kept_at=NOW, kept_by="test")
    db.add(alias)
    db.commit()
    return alias.id


def where(answer: Answer) -> tuple[float, float] | None:
    return answer.best and (round(answer.best.lon, 4), round(answer.best.lat, 4))


def built(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir())


def test_an_empty_list_still_knows_townships_and_villages(index: AddressIndex):
    answer = index.geocoder().geocode("安宜镇城中社区有人吵架")
    assert answer.township == "安宜镇"
    assert answer.best is not None
    assert (answer.best.accuracy, answer.best.village) == ("village", "城中社区")
    assert answer.best.radius_m == pytest.approx(7250, rel=0.05)  # from the middle to a corner


def test_a_place_of_the_list_is_found_with_its_number(index: AddressIndex, store: Session):
    add(store, HOSPITAL, STATION)
    answer = index.geocoder().geocode("安宜镇人民医院门口")
    assert where(answer) == (119.31, 33.24)
    assert answer.best is not None
    number = store.execute(text("SELECT id FROM address WHERE name = '安宜镇人民医院'")).scalar_one()
    assert answer.best.address_id == number


def test_a_list_that_changed_is_found_after_the_next_build_and_the_earlier_one_answers_meanwhile(
    index: AddressIndex, store: Session, tmp_path: Path
):
    add(store, HOSPITAL)
    assert where(index.geocoder().geocode("人民医院")) == (119.31, 33.24)
    with (tmp_path / "addresses" / "building.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a process does that builds for long
        add(store, STATION)
        while_building = index.geocoder()
        assert where(while_building.geocode("人民医院")) == (119.31, 33.24)
        assert where(while_building.geocode("汽车站")) != (119.32, 33.25)
    for _ in range(1000):
        if where(index.geocoder().geocode("汽车站")) == (119.32, 33.25):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the new list was never used")


def test_whoever_loads_a_list_can_wait_for_it(index: AddressIndex, store: Session):
    index.geocoder()
    add(store, HOSPITAL)
    index.refresh()
    assert where(index.geocoder().geocode("人民医院")) == (119.31, 33.24)


def test_a_correction_is_used_by_the_next_look_up(index: AddressIndex, store: Session):
    assert where(index.geocoder().geocode("老供销社")) is None
    alias = teach(store, "老供销社", 119.35, 33.25)
    answer = index.geocoder().geocode("老供销社后面")
    assert where(answer) == (119.35, 33.25)
    assert answer.best is not None
    assert (answer.best.township, answer.best.village) == ("安宜镇", "城中社区")
    withdraw_alias(store, alias, by="test", now=NOW)
    store.commit()
    assert where(index.geocoder().geocode("老供销社后面")) is None


def test_a_dispatcher_may_add_and_withdraw_a_correction_and_not_rewrite_one(own_engine: Engine, store: Session):
    with open_session(own_engine, EVERYWHERE) as db:
        alias = teach(db, "老供销社", 119.35, 33.25)
        withdraw_alias(db, alias, by="test", now=NOW)
        db.commit()
        for forbidden in ("UPDATE address_alias SET text = 'x'", "DELETE FROM address_alias", "DELETE FROM address",
                          "UPDATE address_epoch SET epoch = gen_random_uuid()"):  # fmt: skip
            with pytest.raises(Exception, match="permission denied"):
                db.execute(text(forbidden))
            db.rollback()


def test_one_process_builds_and_the_others_read(own_engine: Engine, store: Session, index: AddressIndex, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch):  # fmt: skip
    add(store, HOSPITAL)
    index.geocoder()
    monkeypatch.setattr(address_index, "addresses", lambda _db: pytest.fail("built again"))
    another = AddressIndex(own_engine, tmp_path / "addresses")
    assert where(another.geocoder().geocode("人民医院")) == (119.31, 33.24)


@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_a_damaged_index_is_built_again(
    own_engine: Engine, store: Session, index: AddressIndex, tmp_path: Path, damage: str
):
    add(store, HOSPITAL)
    index.geocoder()
    [folder] = built(tmp_path / "addresses")
    victim = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    if damage == "remove":
        victim.unlink()
    else:
        whole = bytearray(victim.read_bytes())
        whole[len(whole) // 2] ^= 0xFF
        victim.unlink()
        victim.write_bytes(whole[: len(whole) // 2] if damage == "cut" else whole)
    another = AddressIndex(own_engine, tmp_path / "addresses")
    assert where(another.geocoder().geocode("人民医院")) == (119.31, 33.24)


def test_indexes_that_nobody_needs_are_removed(index: AddressIndex, store: Session, tmp_path: Path):
    for at in range(4):
        add(store, AddressRow(0, f"地点{at}", 119.3, 33.2 + at / 100))
        index.refresh()
    assert len(built(tmp_path / "addresses")) == address_index.KEPT_FOLDERS


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(
    own_engine: Engine, store: Session, tmp_path: Path
):
    add(store, HOSPITAL)
    (tmp_path / "file").write_text("no folder")
    index = AddressIndex(own_engine, tmp_path / "file" / "addresses")
    assert where(index.geocoder().geocode("人民医院")) == (119.31, 33.24)


def test_a_township_that_is_renamed_is_known_by_its_new_name(index: AddressIndex, store: Session):
    make_area(store, "321023999", AreaKind.TOWNSHIP, box(119.6, 33.1, 119.7, 33.2), name="新设镇")
    assert index.geocoder().geocode("新设镇").township is None
    store.commit()
    index.refresh()
    assert index.geocoder().geocode("新设镇").township == "新设镇"
    store.execute(text("UPDATE area_version SET name = '又新镇' WHERE name = '新设镇'"))
    store.commit()
    index.refresh()
    assert index.geocoder().geocode("又新镇").township == "又新镇"
