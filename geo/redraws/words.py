"""The words of redraws: how far one has come, what its history tells, what was decided about a finding."""

from enum import StrEnum


class RedrawState(StrEnum):
    """How far a redraw has come. Published says that a moment is fixed; the areas change at that moment."""

    DRAFT = "draft"
    CHECKED = "checked"
    PUBLISHED = "published"
    REVERTED = "reverted"
    DISCARDED = "discarded"


class RedrawStep(StrEnum):
    """What a line of a redraw's history tells."""

    BEGUN = "begun"
    READ = "read"
    CHECKED = "checked"
    MENDED = "mended"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    HANDED_OVER = "handed-over"
    REVERTED = "reverted"
    DISCARDED = "discarded"
    FAILED = "failed"


class Decision(StrEnum):
    """What a person decided about a finding."""

    ACCEPTED = "accepted"
    MENDED = "mended"
