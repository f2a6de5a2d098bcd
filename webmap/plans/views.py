"""The planner's pages: every module of views is named here, so that its routes are there."""

from webmap.plans import checks, listing  # noqa: F401  their routes
from webmap.plans.blueprint import bp

__all__ = ["bp"]
