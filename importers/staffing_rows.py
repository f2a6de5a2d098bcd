"""A row of staff and a row of duties: one model for a file's row, an API's body and a form alike."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from geo.sentences import say
from importers.cells import (
    Code,
    FirstMoment,
    LastMoment,
    Name,
    OptionalCode,
    OptionalDay,
    OptionalText,
    day_of,
    one_of,
)
from importers.values import BadValue
from staffing.words import DutyRole, UnitKind

UNIT_KINDS = {
    UnitKind.COUNTY_CENTRE: ("县区中心", "县区", "区县中心", "县中心", "区中心", "县级中心", "指挥中心", "county"),
    UnitKind.TOWNSHIP: ("镇街", "乡镇", "街道", "镇", "乡", "乡镇街道", "镇街道"),
    UnitKind.VILLAGE: ("村社区", "村", "社区", "村居"),
    UnitKind.DEPARTMENT: ("部门", "县区部门", "职能部门"),
    UnitKind.BRIGADE: ("专业队伍", "执法队伍", "大队", "中队", "执法大队", "执法中队"),
}

DUTY_ROLES = {
    DutyRole.WORKER: ("网格员", "专职网格员", "专属网格负责人", "专属网格员", "A岗", "网格长", "grid worker"),
    DutyRole.DEPUTY: ("B岗", "代岗", "副岗", "B角"),
    DutyRole.LIAISON: ("网格联络员", "联络员"),
    DutyRole.POLICE: ("社区民警", "民警", "警务"),
    DutyRole.SUPPORT: ("支援力量", "N支力量", "兼职网格员", "协助力量"),
}

UNIT_WORDS = {
    UnitKind.COUNTY_CENTRE: say("county-centre"),
    UnitKind.TOWNSHIP: say("township"),
    UnitKind.VILLAGE: say("village"),
    UnitKind.DEPARTMENT: say("department"),
    UnitKind.BRIGADE: say("brigade"),
}
ROLE_WORDS = {
    DutyRole.WORKER: say("worker"),
    DutyRole.DEPUTY: say("deputy"),
    DutyRole.LIAISON: say("liaison"),
    DutyRole.POLICE: say("police"),
    DutyRole.SUPPORT: say("support"),
}
"""The kinds of unit and the roles as they are called within a sentence."""


class StaffRow(BaseModel):
    """One person, the unit they belong to, their certificate and their absence, if any.

    A field that was not given at all (`model_fields_set`) says nothing; one given empty says there is nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    staff_no: Code
    name: Name
    unit_code: Code = Field(description="the unit whose establishment holds the post")
    unit_name: OptionalText = Field(None, description="needed for a unit that is not known yet")
    unit_kind: Annotated[UnitKind | None, BeforeValidator(one_of(UnitKind, UNIT_KINDS))] = Field(
        None, description="needed for a unit that is not known yet"
    )
    unit_area: OptionalCode = Field(None, description="code of the area that the unit is the unit of")
    works_at: OptionalCode = Field(None, description="code of the unit where the person works; empty: their own")
    post: OptionalText = None
    phone: OptionalText = None
    certificate_no: OptionalCode = None
    certificate_kind: OptionalText = None
    certificate_expires: OptionalDay = Field(None, description="the last day on which it holds")
    away_from: FirstMoment = Field(None, description="a day counts from its beginning")
    away_until: LastMoment = Field(None, description="a day counts to its end; empty: nobody knows yet")
    away_reason: OptionalText = None
    deputy_no: OptionalCode = Field(None, description="staff number of whoever covers meanwhile")
    left_on: OptionalDay = Field(None, description="first day out of service; empty: in service")

    @field_validator("away_until")
    @classmethod
    def _absence_in_order(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        if until is None or "away_from" not in info.data:
            return until
        begins = info.data["away_from"]
        if begins is None:
            raise BadValue("absence-without-beginning", say("the absence has an end and no beginning"))
        if until <= begins:
            raise BadValue("absence-ends-first", say("the absence ends before it begins ({day})", day=day_of(begins)))
        return until

    @field_validator("deputy_no")
    @classmethod
    def _deputy_is_another(cls, deputy_no: str | None, info: ValidationInfo) -> str | None:
        if deputy_no is not None and deputy_no == info.data.get("staff_no"):
            raise BadValue("deputy-is-self", say("{number} is named as their own deputy", number=deputy_no))
        return deputy_no


class DutyRow(BaseModel):
    """That one person answers for one area, in a role, for a period."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    staff_no: Code
    area_code: Code = Field(description="code of a grid, a specialised grid, a village or a township")
    role: Annotated[DutyRole, BeforeValidator(one_of(DutyRole, DUTY_ROLES, required=True))]
    begins: FirstMoment = Field(None, alias="from", description="a day counts from its beginning; empty: not known")
    until: LastMoment = Field(None, description="a day counts to its end; empty: not ended")

    @field_validator("until")
    @classmethod
    def _in_order(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        begins = info.data.get("begins")
        if begins is not None and until is not None and until <= begins:
            raise BadValue("duty-ends-first", say("the duty ends before it begins ({day})", day=day_of(begins)))
        return until
