"""Who does something to an incident, as far as the rules need to know."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.workflow import Right


@dataclass(frozen=True)
class Actor:
    """A signed-in person, or a part of the system acting by itself.

    `area_ids` are the grids the person has a duty on, `unit_id` the unit the person works for.
    """

    name: str
    account_id: int | None = None
    staff_id: int | None = None
    unit_id: int | None = None
    area_ids: tuple[int, ...] = ()
    rights: frozenset[Right] = frozenset()

    def answers_for(self, *, staff_id: int | None, area_ids: Sequence[int], unit_ids: Sequence[int]) -> bool:
        """Whether an incident of these people, grids and units is this person's to handle."""
        return (
            (self.staff_id is not None and self.staff_id == staff_id)
            or bool(set(self.area_ids) & set(area_ids))
            or (self.unit_id is not None and self.unit_id in unit_ids)
        )


SYSTEM = Actor("system")
