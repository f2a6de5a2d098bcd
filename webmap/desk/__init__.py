"""The dispatcher's desk: what has come in, where it falls and why, and the next step."""
