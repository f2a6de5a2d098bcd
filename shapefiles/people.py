"""Who answers for the county: units, staff and their duties, with the flaws that real rosters have.

Names are generated and the phone numbers are plainly unreal. Posts stand vacant, people are away, certificates
have expired, and many belong to one unit and work in another. All dates are relative to the roster's own day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from shapefiles.chance import Rng, stream
from shapefiles.county import Area, County, Grid
from shapefiles.matters import departments
from shapefiles.names import COUNTY, person_name
from shapefiles.overlays import SpecialisedGrid

VACANT_GRIDS = 14
VILLAGES_WITHOUT_LIAISON = 3
VACANT_SPECIALISED = 2
HANDOVERS = 48
"""Grids whose worker changed during the year."""
AWAY_NOW, AWAY_ELSEWHEN = 28, 60
BRIGADES = ("城市管理", "市场监管", "生态环境", "交通运输", "农业农村", "应急管理")
KEEPERS = {
    "school": "云湖县教育局", "hospital": "云湖县卫生健康局", "market": "云湖县市场监督管理局",
    "park": "云湖县应急管理局", "building-site": "云湖县住房和城乡建设局", "scenic": "云湖县文化广电和旅游局",
}  # fmt: skip
"""The department whose staff answer for a specialised grid."""


@dataclass(frozen=True)
class Unit:
    """A body that people belong to."""

    code: str
    name: str
    kind: str
    area: str


@dataclass(frozen=True)
class Person:
    """A row of the staff file; empty text and None are left blank in it."""

    number: str
    name: str
    unit: Unit
    post: str
    phone: str
    works_at: str = ""
    certificate: str = ""
    certificate_kind: str = ""
    certificate_expires: date | None = None
    away_from: date | None = None
    away_until: date | None = None
    away_reason: str = ""
    deputy: str = ""


@dataclass(frozen=True)
class Duty:
    """A row of the duties file."""

    person: str
    area: str
    role: str
    since: date
    until: date | None = None


class Roster:
    """Hires people one by one and gives them duties; afterwards read `people` and `duties`."""

    def __init__(self, county: County, today: date, seed: int) -> None:
        self.county, self.today = county, today
        self.rng: Rng = stream(seed, "people")
        self.people: dict[str, Person] = {}
        self.duties: list[Duty] = []
        self.units = {unit.name: unit for unit in _units(county)}

    def hire(self, unit: str, post: str, works_at: str = "") -> Person:
        """Add a person to a unit, named by its name, who works in that unit or in another, also named."""
        serial = len(self.people) + 1
        elsewhere = self.units[works_at].code if works_at and works_at != unit else ""
        name, phone = person_name(self.rng), f"199000{serial:05d}"
        person = Person(f"YH{serial:05d}", name, self.units[unit], post, phone, elsewhere)
        self.people[person.number] = person
        return person

    def change(self, number: str, **facts: object) -> None:
        """Replace some facts about a person."""
        self.people[number] = replace(self.people[number], **facts)  # type: ignore[arg-type]

    def certify(self, person: Person, days_left: int) -> None:
        """Give a person a certificate that holds for so many days yet; fewer than none: it has expired."""
        expires = self.today + timedelta(days=days_left)
        number = f"YHZF{person.number[2:]}"
        self.change(person.number, certificate=number, certificate_kind="行政执法证", certificate_expires=expires)

    def assign(
        self, person: Person, area: str, role: str, since: date | None = None, until: date | None = None
    ) -> None:
        """Give a duty, by default one that began one to four years ago."""
        self.duties.append(Duty(person.number, area, role, since or self.ago(400, 1_500), until))

    def ago(self, least: int, most: int) -> date:
        """Return a day from `least` to `most` days before the roster's."""
        return self.today - timedelta(days=int(self.rng.integers(least, most + 1)))


def staff_county(county: County, specialised: Sequence[SpecialisedGrid], today: date, seed: int) -> Roster:
    """Return the whole roster as it stands on `today`."""
    roster = Roster(county, today, seed)
    _man_offices(roster)
    _appoint_liaisons(roster)
    workers = _appoint_workers(roster)
    deputies = _appoint_deputies(roster, workers)
    _appoint_police(roster)
    _appoint_support(roster)
    _appoint_keepers(roster, specialised)
    _send_away(roster, workers, deputies)
    return roster


def desk_of(township: Area) -> str:
    """Return the name of a township's own unit."""
    return f"{township.name}网格化服务管理中心"


def station_of(village: Area) -> str:
    """Return the name of a village's station."""
    return f"{village.name}网格工作站"


def _units(county: County) -> Iterator[Unit]:
    seat = county.county.code
    yield Unit("ZX01", f"{COUNTY}社会治理现代化指挥中心", "县区中心", seat)
    for number, name in enumerate(departments(), start=1):
        yield Unit(f"BM{number:02d}", name, "部门", seat)
    for number, name in enumerate(BRIGADES, start=1):
        yield Unit(f"ZD{number:02d}", f"{COUNTY}{name}综合行政执法大队", "专业队伍", seat)
    for township in county.townships:
        yield Unit(f"ZJ{township.code[6:]}", desk_of(township), "镇街", township.code)
    for village in county.villages:
        yield Unit(f"CS{village.code[6:]}", station_of(village), "村社区", village.code)


def _man_offices(roster: Roster) -> None:
    """Fill the centre, the departments, the brigades and the township desks."""
    centre = f"{COUNTY}社会治理现代化指挥中心"
    for post, count in (("中心主任", 1), ("值班长", 3), ("指挥调度员", 8), ("数据分析员", 2), ("规划员", 2)):
        for _ in range(count):
            roster.hire(centre, post)
    for name in departments():
        for post in ("联络员", "业务科长", "经办人", "经办人"):
            roster.hire(name, post)
    desks = [desk_of(township) for township in roster.county.townships]
    for desk in desks:
        for post in ("综合指挥室主任", "指挥调度员", "指挥调度员", "内勤"):
            roster.hire(desk, post)
    for brigade in BRIGADES:
        _man_brigade(f"{COUNTY}{brigade}综合行政执法大队", desks, roster)


def _man_brigade(brigade: str, desks: Sequence[str], roster: Roster) -> None:
    """Hire officers, half of whom are managed and used by a township; some of the papers are not in order."""
    for number in range(18):
        desk = desks[int(roster.rng.integers(len(desks)))] if number >= 9 else ""
        officer = roster.hire(brigade, "中队长" if number == 0 else "执法队员", works_at=desk)
        luck = roster.rng.random()
        if luck < 0.07:
            continue  # a post without a holder of a certificate
        nearest, farthest = (-400, -5) if luck < 0.14 else (2, 60) if luck < 0.2 else (90, 1_500)
        roster.certify(officer, int(roster.rng.integers(nearest, farthest)))
    roster.certify(roster.hire(brigade, "内勤"), 700)  # a holder not on the post


def _appoint_liaisons(roster: Roster) -> None:
    villages = roster.county.villages
    vacant = set(roster.rng.choice(len(villages), VILLAGES_WITHOUT_LIAISON, replace=False).tolist())
    for number, village in enumerate(villages):
        if number in vacant:
            roster.hire(station_of(village), "内勤")
        else:
            roster.assign(roster.hire(station_of(village), "网格联络员"), village.code, "网格联络员")


def _appoint_workers(roster: Roster) -> dict[str, Person]:
    """Return the worker of each grid that has one; a few grids changed hands during the year."""
    grids = roster.county.grids
    vacant = _vacant_grids(roster)
    handed_over = set(roster.rng.choice(len(grids), HANDOVERS, replace=False).tolist())
    stations = {village.code: station_of(village) for village in roster.county.villages}
    desks = {township.code: desk_of(township) for township in roster.county.townships}
    workers = {}
    for number, grid in enumerate(grids):
        if grid.code in vacant:
            continue
        employed_by_township = roster.rng.random() < 0.35
        unit = desks[grid.parent[:9]] if employed_by_township else stations[grid.parent]
        workers[grid.code] = roster.hire(unit, "专职网格员", works_at=stations[grid.parent])
        begin = None
        if number in handed_over:
            begin = roster.ago(20, 340)
            before = roster.hire(desks[grid.parent[:9]], "内勤")
            roster.assign(before, grid.code, "网格员", until=begin - timedelta(days=1))
        roster.assign(workers[grid.code], grid.code, "网格员", since=begin)
    return workers


def _vacant_grids(roster: Roster) -> set[str]:
    """Choose grids without a worker; one lies in each village that has no liaison either."""
    served = {duty.area for duty in roster.duties if duty.role == "网格联络员"}
    bereft = [village.code for village in roster.county.villages if village.code not in served]
    vacant = {next(grid.code for grid in roster.county.grids if grid.parent == code) for code in bereft}
    while len(vacant) < VACANT_GRIDS:
        vacant.add(roster.county.grids[int(roster.rng.integers(len(roster.county.grids)))].code)
    return vacant


def _appoint_deputies(roster: Roster, workers: dict[str, Person]) -> dict[str, Person]:
    """Let the next grid's worker stand in (A/B roles) for three grids in five; return the deputy of each such grid."""
    deputies = {}
    for grid, beside in zip(roster.county.grids, _next_in_village(roster.county.grids), strict=True):
        if beside.code in workers and beside.code != grid.code and roster.rng.random() < 0.68:
            deputies[grid.code] = workers[beside.code]
            roster.assign(workers[beside.code], grid.code, "B岗")
    return deputies


def _next_in_village(grids: Sequence[Grid]) -> Iterator[Grid]:
    """Yield for each grid the one numbered after it in its village, or the first after the last."""
    first = {grid.parent: grid for grid in reversed(grids)}
    for grid, after in zip(grids, (*grids[1:], grids[0]), strict=True):
        yield after if after.parent == grid.parent else first[grid.parent]


def _appoint_police(roster: Roster) -> None:
    """Give each squad officer the grids of two neighbouring villages."""
    for township in roster.county.townships:
        villages = [village.code for village in roster.county.villages if village.parent == township.code]
        for at in range(0, len(villages), 2):
            officer = roster.hire("云湖县公安局", "社区民警", works_at=desk_of(township))
            for grid in roster.county.grids:
                if grid.parent in villages[at : at + 2]:
                    roster.assign(officer, grid.code, "社区民警")


def _appoint_support(roster: Roster) -> None:
    """Give two grids in three a supporting force: part-timers of the village, or staff that departments sent down."""
    sent = ("云湖县消防救援大队", "云湖县市场监督管理局", "云湖县司法局", "云湖县卫生健康局")
    for village in roster.county.villages:
        helpers = [roster.hire(station_of(village), "兼职网格员")]
        if roster.rng.random() < 0.3:
            department = sent[int(roster.rng.integers(len(sent)))]
            helpers.append(roster.hire(department, "下沉干部", works_at=station_of(village)))
        for grid in (grid for grid in roster.county.grids if grid.parent == village.code):
            if roster.rng.random() < 0.67:
                roster.assign(helpers[int(roster.rng.integers(len(helpers)))], grid.code, "支援力量")


def _appoint_keepers(roster: Roster, specialised: Sequence[SpecialisedGrid]) -> None:
    """Give specialised grids their own answerer; two have none."""
    desks = {township.code: desk_of(township) for township in roster.county.townships}
    vacant = set(roster.rng.choice(len(specialised), VACANT_SPECIALISED, replace=False).tolist())
    for number, grid in enumerate(specialised):
        if number not in vacant:
            keeper = roster.hire(KEEPERS[grid.domain], "专属网格员", works_at=desks[grid.parent[:9]])
            roster.assign(keeper, grid.code, "网格员")


def _send_away(roster: Roster, workers: dict[str, Person], deputies: dict[str, Person]) -> None:
    """Send some workers on leave now and others earlier or later; most name a deputy."""
    codes = sorted(workers)
    chosen = [codes[at] for at in roster.rng.choice(len(codes), AWAY_NOW + AWAY_ELSEWHEN, replace=False)]
    for number, code in enumerate(chosen):
        begin, end = roster.ago(1, 25), roster.today + timedelta(days=int(roster.rng.integers(2, 60)))
        if number >= AWAY_NOW:
            shift = timedelta(days=int(roster.rng.choice([-300, -200, -120, 70, 90])))
            begin, end = begin + shift, end + shift
        reason = str(roster.rng.choice(["病假", "年休假", "产假", "脱产培训", "借调"]))
        deputy = deputies[code].number if code in deputies and roster.rng.random() < 0.85 else ""
        roster.change(workers[code].number, away_from=begin, away_until=end, away_reason=reason, deputy=deputy)
