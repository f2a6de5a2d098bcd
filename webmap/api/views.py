"""Every route of the API, gathered under one blueprint."""

from webmap.api import addresses, documents, figures, incidents, maps, places, reports, tiles, units
from webmap.api.operations import bp

__all__ = ["addresses", "bp", "documents", "figures", "incidents", "maps", "places", "reports", "tiles", "units"]
