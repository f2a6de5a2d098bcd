"""Which report says again what an earlier one said."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session


def link_repeats(db: Session, incident_ids: Sequence[int]) -> None:
    """Point each of these incidents at the earliest report of the same thing, where there is one.

    The same thing: in the same grid within three days, in the same words, or the same matter within
    30 m, of places and not of middles of areas. Repeats are linked and stay open: suppressing one can
    hide that a problem grows.
    """
    if incident_ids:
        db.execute(_LINK_REPEATS, {"ids": list(incident_ids)})


_LINK_REPEATS = text("""
    WITH fresh AS (SELECT * FROM incident WHERE id = ANY(:ids) AND grid_id IS NOT NULL),
    alike AS (
        SELECT id, grid_id, text, reported_at, min(id) OVER (PARTITION BY grid_id, text, reported_at) AS twin
        FROM incident
        WHERE grid_id IN (SELECT grid_id FROM fresh) AND text IN (SELECT text FROM fresh)
          AND reported_at >= (SELECT min(reported_at) - interval '3 days' FROM fresh)
          AND reported_at <= (SELECT max(reported_at) FROM fresh)),
    in_the_same_words AS (
        SELECT id, first_value(twin) OVER lately AS earlier_id, first_value(reported_at) OVER lately AS earlier_at
        FROM alike WINDOW lately AS (PARTITION BY grid_id, text ORDER BY reported_at
                                     RANGE BETWEEN interval '3 days' PRECEDING AND CURRENT ROW)),
    of_the_same_matter AS (
        SELECT later.id, same.id AS earlier_id, same.reported_at AS earlier_at
        FROM fresh AS later JOIN incident AS same
          ON same.grid_id = later.grid_id AND same.matter_id = later.matter_id
         AND same.point && ST_Expand(later.point, 0.0003 / cos(radians(ST_Y(later.point))), 0.0003)
         AND same.reported_at BETWEEN later.reported_at - interval '3 days' AND later.reported_at
         AND (same.reported_at, same.id) < (later.reported_at, later.id)
         AND ST_DistanceSphere(same.point, later.point) <= 30
         AND coalesce(same.address_accuracy, '') NOT IN ('road', 'village', 'township')
         AND coalesce(later.address_accuracy, '') NOT IN ('road', 'village', 'township')),
    earliest AS (
        SELECT DISTINCT ON (id) id, earlier_id
        FROM (TABLE in_the_same_words UNION ALL TABLE of_the_same_matter) AS found
        WHERE id = ANY(:ids) AND earlier_id <> id
        ORDER BY id, earlier_at, earlier_id)
    UPDATE incident SET repeats_id = earliest.earlier_id FROM earliest WHERE incident.id = earliest.id
""")
"""Twins, reported at the same moment, are told apart by their ids, which a window over time alone cannot do.

Windows keep ten thousand reports in the same words (a file whose text is a category) from being compared
each with each.
"""
