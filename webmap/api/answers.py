"""The shapes of what the API answers, for whoever reads its documentation. Tests hold the answers to them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from geo.addresses.answers import Accuracy
from incidents.words import Channel, EventKind, Level, LimitUnit, Placement, PlaceMethod, Procedure, QueueReason
from incidents.workflow import Move, State
from staffing.answering import AnswerRule
from staffing.words import DutyRole, UnitKind
from webmap.api.place_answers import Contradiction, Named, PlaceShown, Shape


class Places(Shape):
    """The areas that a point falls in; null where it falls in none."""

    township: Named | None
    village: Named | None
    grid: Named | None
    specialised: list[Named]


class Person(Shape):
    """A member of staff, with the office's number."""

    staff_no: str
    name: str
    phone: str | None


class ReportPlaces(Places):
    """Where a report fell."""

    status: Placement
    on_border: bool | None
    snapped: bool | None
    method: PlaceMethod | None = Field(description="by coordinates, or by the words alone")
    accuracy: Accuracy | None = Field(description="how exactly the words say it, where they placed it")
    confidence: float | None = Field(description="that the place meant lies there, where the words placed it")


class ReportAnswerer(Shape):
    """Who answers for a report. Whoever is not signed in is told the unit alone."""

    rule: AnswerRule
    unit: Named | None
    why: str | None = None
    person: Person | None = None
    role: DutyRole | None = None


class ReportAnswer(Shape):
    """What became of a report. All null but `created`: it was known already, and belongs to another jurisdiction."""

    created: bool
    id: int | None = None
    number: str | None = Field(default=None, description="what people call it by")
    state: State | None = None
    queue_reason: QueueReason | None = Field(default=None, description="why a person must look at it first")
    due_at: datetime | None = None
    location: ReportPlaces | None = None
    answerer: ReportAnswerer | None = None


class Staff(Person):
    """The person an incident belongs to."""


class MatterNamed(Named):
    """An entry of the catalogue."""

    field: str


class IncidentSummary(Places):
    """One line of a list."""

    id: int
    number: str
    external_number: str | None
    channel: Channel
    state: State
    queue_reason: QueueReason | None
    text: str
    address: str | None
    reported_at: datetime
    due_at: datetime | None
    overdue: bool
    handled_at: datetime | None
    closed_at: datetime | None
    lon: float | None = Field(description="WGS-84")
    lat: float | None = Field(description="WGS-84")
    placement: Placement
    matter: MatterNamed | None
    staff: Staff | None
    unit: Named | None = Field(description="whose desk it is on")
    lead: Named | None = Field(description="the unit it was dispatched to")
    repeats_id: int | None = Field(description="the first report of the same")
    contradicted: bool = Field(description="its words name another township than the one it lies in")


class Raw(Shape):
    """The position as it came, in its own datum."""

    x: float
    y: float
    datum: str | None
    accuracy_m: float | None


class MaskedReporter(Shape):
    """The reporter with the middle hidden; null where it was not told."""

    name: str | None
    phone: str | None


class Event(Shape):
    """One line of the history."""

    at: datetime
    kind: EventKind
    move: Move | None
    from_: State | None = Field(alias="from")
    to: State | None
    by: str
    note: str
    details: dict[str, Any]


class PhotoShown(Shape):
    """A picture of the incident."""

    id: int
    url: str
    width: int
    height: int
    added_at: datetime
    by: str


class OtherIncident(Shape):
    """Another incident, by what people call it."""

    id: int
    number: str


class AllowedMove(Shape):
    """A step that whoever asks could take now."""

    move: Move
    to: State
    needs_note: bool
    needs_lead: bool


class IncidentDetail(IncidentSummary):
    """The whole case, as whoever asks may see it."""

    received_at: datetime
    raw: Raw | None
    placed_by_hand: bool
    place: PlaceShown
    contradiction: Contradiction | None
    explanation: dict[str, Any] = Field(description="why there and whose, as decided then")
    reporter: MaskedReporter
    history: list[Event]
    photos: list[PhotoShown]
    repeats: OtherIncident | None
    repeated_by: list[OtherIncident]
    moves: list[AllowedMove]
    may_place: bool
    may_reveal: bool


class Counts(Shape):
    """How many incidents the filter means, whatever page is shown."""

    total: int
    by_state: dict[State, int]


class IncidentList(Shape):
    """One page of incidents, newest first."""

    incidents: list[IncidentSummary]
    next: str | None = Field(description="the cursor of the next page; null on the last")
    counts: Counts | None = Field(description="only where counts were asked for")


class RevealedReporter(Shape):
    """The reporter in clear. That it was opened is in the history and in the audit trail."""

    name: str | None
    phone: str | None


class UnitShown(Named):
    """A unit that incidents can be given to."""

    kind: UnitKind
    area: str | None = Field(description="code of the place it is the unit of")


class UnitList(Shape):
    """Units by kind and code."""

    units: list[UnitShown]


class MatterShown(Shape):
    """An entry of the catalogue as it stands today."""

    code: str
    name: str
    field: str
    level: Level
    procedure: Procedure
    limit_amount: int | None
    limit_unit: LimitUnit | None
    lead: Named | None
    co_operating: list[Named]
    officers: int


class MatterList(Shape):
    """The catalogue by field and code."""

    matters: list[MatterShown]


class ShareShown(Shape):
    """A fraction with its two numbers; `percent` is null where there is nothing to divide by."""

    numerator: int
    denominator: int
    percent: float | None


class Figures(Shape):
    """The indicators of one set of incidents."""

    filed: int
    closing: ShareShown
    on_time: ShareShown


class AreaFigures(Figures):
    """The indicators of one area; code and name are null for what fell in none."""

    code: str | None
    name: str | None


class IndicatorList(Shape):
    """The indicators of all incidents meant, and of each area."""

    now: datetime
    total: Figures
    areas: list[AreaFigures]


class Feature(Shape):
    """A GeoJSON feature. `properties` are described with the route."""

    type: str = "Feature"
    id: int | None = None
    bbox: list[float] | None = None
    properties: dict[str, Any]
    geometry: dict[str, Any] | None


class FeatureCollection(Shape):
    """GeoJSON (RFC 7946), in WGS-84."""

    type: str = "FeatureCollection"
    features: list[Feature]


class CappedCollection(FeatureCollection):
    """GeoJSON with how much of it there is: `truncated` where not everything is shown."""

    total: int
    truncated: bool
    cell_m: float | None = Field(default=None, description="side of the bins, where there are bins")


class AreaVersioned(Named):
    """An area with the version that the answer was given by."""

    id: int
    version: int


class Answerer(Shape):
    """Who answers for an area, the rung of the ladder that says so, and for whom he stands in."""

    rule: AnswerRule
    why: str
    for_: AreaVersioned | None = Field(alias="for")
    person: Person | None
    role: DutyRole | None
    unit: Named | None
    away: Person | None
    away_until: datetime | None


class Member(Person):
    """Somebody with a duty on the grids or the village (1+1+N)."""

    role: DutyRole
    unit: Named | None


class LonLat(Shape):
    """A point in WGS-84 degrees."""

    lon: float
    lat: float


class PositionProblem(Shape):
    """Why a pair of numbers is no place."""

    code: str
    message: str


class Whereabouts(Shape):
    """The whole answer for a point: where it falls, by which rule, and who answers there."""

    lon: float = Field(description="as asked")
    lat: float = Field(description="as asked")
    datum: str
    method: str
    accuracy_m: float | None = Field(description="what the change of datum may add; null when nobody knows")
    wgs84: LonLat | None
    problem: PositionProblem | None = Field(default=None, description="why it is no place, where it is none")
    areas_epoch: int | None = Field(default=None, description="rises with every change to any area")
    status: Placement
    rule: str
    at: datetime
    grid: AreaVersioned | None = None
    specialised: list[AreaVersioned] = []
    village: AreaVersioned | None = None
    township: AreaVersioned | None = None
    county: AreaVersioned | None = None
    on_border: bool | None = None
    snapped: bool | None = None
    border_m: float | None = Field(default=None, description="to the border of the grid")
    neighbour: AreaVersioned | None = Field(default=None, description="the grid on the other side of that border")
    neighbour_m: float | None = None
    answerer: Answerer | None = None
    landlord: Answerer | None = Field(default=None, description="of the grid beneath a specialised one that leads")
    staff: list[Member] = []


class FieldProblem(Shape):
    """One thing that is wrong with what was sent."""

    field: str | None
    code: str
    message: str


class Problem(Shape):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = Field(default=None, description="the number under which it was logged")
    errors: list[FieldProblem] | None = Field(default=None, description="every problem, each with its field")
