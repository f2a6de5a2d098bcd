"""People and HTTP: sign in, see a map, press a button; the JSON API; the command line.

May import everything else; nothing imports it.
"""
