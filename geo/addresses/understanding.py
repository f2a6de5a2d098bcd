"""Which stretches of a question were understood, and as what."""

from collections.abc import Iterable
from operator import attrgetter

from geo.addresses.answers import Piece
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.reading import Mention, Reading
from geo.addresses.writing import Written


def pieces(used: Iterable[Mention], reading: Reading, gazetteer: Gazetteer) -> tuple[Piece, ...]:
    """Return the stretches of the original text that were understood for a place, in their order."""
    if reading.pieces is None:
        areas = _named((*reading.townships, *reading.villages), reading, gazetteer)
        reading.pieces = _by_place([*areas, *_related(reading)])
    distinct = {**reading.pieces, **_by_place(_named(used, reading, gazetteer))}
    return tuple(sorted(distinct.values(), key=attrgetter("start", "end")))


def _by_place(pieces: list[Piece]) -> dict[tuple[int, int, str], Piece]:
    """Return the pieces by where they stand and their kind, the first of equals."""
    return {(piece.start, piece.end, piece.kind): piece for piece in reversed(pieces)}


def _named(mentions: Iterable[Mention], reading: Reading, gazetteer: Gazetteer) -> list[Piece]:
    """Return the names, and the numbers that hang on them."""
    found: list[Piece] = []
    for mention in mentions:
        if mention.pieces is None:
            mention.pieces = _of(mention, reading.written, gazetteer)
        found += mention.pieces
    return found


def _of(mention: Mention, written: Written, gazetteer: Gazetteer) -> list[Piece]:
    start, end = written.span(mention.start, mention.end)
    how = mention.how if mention.ordered else "order"
    name = gazetteer.names.name(mention.name)
    found = [Piece(mention.kind.name.lower(), written.original[start:end], start, end, name, how)]
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
