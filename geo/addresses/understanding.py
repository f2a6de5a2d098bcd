"""Which stretches of a question were understood, and as what."""

from collections.abc import Iterable

from geo.addresses.answers import Piece
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.reading import Mention, Reading


def pieces(used: Iterable[Mention], reading: Reading, gazetteer: Gazetteer) -> tuple[Piece, ...]:
    """Return the stretches of the original text that were understood for a place, in their order."""
    if reading.pieces is None:
        reading.pieces = [*_named((*reading.townships, *reading.villages), reading, gazetteer), *_related(reading)]
    found = [*_named(used, reading, gazetteer), *reading.pieces]
    distinct = {(piece.start, piece.end, piece.kind): piece for piece in reversed(found)}
    return tuple(sorted(distinct.values(), key=lambda piece: (piece.start, piece.end)))


def _named(mentions: Iterable[Mention], reading: Reading, gazetteer: Gazetteer) -> list[Piece]:
    """Return the names, and the numbers that hang on them."""
    written, found = reading.written, []
    for mention in mentions:
        kind = mention.kind.name.lower()
        start, end = written.span(mention.start, mention.end)
        how = mention.how if mention.ordered else "order"
        found.append(Piece(kind, written.original[start:end], start, end, gazetteer.names.name(mention.name), how))
        if mention.door_span:
            start, end = written.span(*mention.door_span)
            kind = "building" if mention.door.building and not mention.door.number else "number"
            found.append(Piece(kind, written.original[start:end], start, end, written.text[slice(*mention.door_span)]))
    return found


def _related(reading: Reading) -> list[Piece]:
    """Return the words that say where a place is from another one."""
    written, found = reading.written, []
    for relation in reading.relations:
        start, end = written.span(relation.start, relation.end)
        found.append(Piece("relation", written.original[start:end], start, end, relation.kind))
    return found
