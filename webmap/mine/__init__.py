"""The map of one's own grids: what lies there today, who else answers for it, and "found and fixed" in two taps."""
