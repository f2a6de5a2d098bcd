"""The planner's pages: every module of views is named here, so that its routes are there."""

from webmap.plans import (  # noqa: F401  their routes
    balance,
    balance_trying,
    checks,
    listing,
    nets,
    redraw_answers,
    redraw_deciding,
    redraw_diff,
    redraw_ground_shapes,
    redraw_maps,
    redraw_publishing_views,
    redraw_row_editing,
    redraw_rows,
    redraws,
)
from webmap.plans.blueprint import bp

__all__ = ["bp"]
