"""The JSON API under /api/v1: what it answers, and the document that describes it.

Each module holds the routes of one subject; webmap.api.operations is what every route is declared with.
"""
