"""How rows are kept: the declarative base, shared column types, sessions, settings and the private PostGIS cluster.

Has no table of its own and may import nothing from the other packages of this project.
"""
