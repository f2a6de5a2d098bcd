"""The hotspots page: where incidents pile up, as heat and against households, and what is a default and no place."""
