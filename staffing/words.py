"""The words of staffing: kinds of unit and roles of duty."""

from enum import StrEnum


class UnitKind(StrEnum):
    """What sort of organisation a unit is."""

    COUNTY_CENTRE = "county-centre"
    TOWNSHIP = "township"
    VILLAGE = "village"
    DEPARTMENT = "department"
    BRIGADE = "brigade"


class DutyRole(StrEnum):
    """In what capacity somebody answers for an area."""

    WORKER = "worker"
    DEPUTY = "deputy"
    LIAISON = "liaison"
    POLICE = "police"
    SUPPORT = "support"
