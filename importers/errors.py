"""Why a file could not be read: one class per reason, its docstring the sentence that the clerk reads.

The facts in braces are attributes of the error, so that a page can translate the sentence and a test can
ask for the fact. What is wrong with single rows is no error but a `report.Problem`.
"""

import re
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar

from geo.sentences import Sentence, listed, say
from importers.report import Problem


class ReadError(Exception):
    """{file} could not be read."""

    code: ClassVar[str] = "unreadable"

    def __init__(self, file: str | Path, **facts: Any) -> None:
        """Keep the facts; `file` is shown by its name alone, never with the server's path.

        `found` is what else was found amiss until then, to be told with it rather than at the next try.
        Raises TypeError when a fact that the sentence speaks of is not given.
        """
        self.file = Path(file).name
        self.found: tuple[Problem, ...] = ()
        self.facts = {"file": self.file, **facts}
        if untold := self.spoken_facts() - self.facts.keys():
            raise TypeError(f"{type(self).__name__} needs {', '.join(sorted(untold))}")
        for name, fact in facts.items():
            setattr(self, name, fact)
        super().__init__(self.file)

    @classmethod
    def sentence(cls) -> str:
        """Return the sentence with its facts still in braces: the message id for a translation."""
        return re.sub(r"\s+", " ", cls.__doc__ or "").strip()

    @classmethod
    def spoken_facts(cls) -> set[str]:
        """Return the names of the facts in the sentence."""
        return {name for _, name, _, _ in Formatter().parse(cls.sentence()) if name}

    def __str__(self) -> str:
        return self.said()

    def said(self) -> Sentence:
        """Return the sentence with its facts."""
        return say(self.sentence(), **{name: _spoken(self.facts[name]) for name in self.spoken_facts()})

    def problem(self) -> Problem:
        """Return the error as the one blocking problem of its file."""
        return Problem(
            row=getattr(self, "row", None), field=getattr(self, "field", None), code=self.code, message=self.said()
        )


def _spoken(fact: Any) -> str:
    if isinstance(fact, (list, tuple)):
        return listed(fact)
    return fact if isinstance(fact, str) else str(fact)


# The file itself


class FileMissing(ReadError):
    """There is no file {file}."""

    code = "file-missing"


class FileEmpty(ReadError):
    """{file} is empty."""

    code = "file-empty"


class FileDamaged(ReadError):
    """{file} cannot be read as {format}: {reason}."""

    code = "file-damaged"
    format: Sentence
    reason: Sentence


class UnknownFormat(ReadError):
    """{file} is of no kind that can be read here. Send one of: {known}."""

    code = "unknown-format"
    known: tuple[str, ...]


class UnsupportedFormat(ReadError):
    """{file} is {format}, which is not read here. {advice}."""

    code = "unsupported-format"
    format: Sentence
    advice: Sentence


class PartMissing(ReadError):
    """{file} lacks its {part} part, without which {consequence}. Send all files of the shapefile together, in one
    zip.
    """

    code = "part-missing"
    part: str
    consequence: Sentence


# Archives


class ArchiveDamaged(ReadError):
    """{file} cannot be unpacked: {reason}. Pack it again as an ordinary zip and send that."""

    code = "archive-damaged"
    reason: Sentence


class ArchiveEncrypted(ReadError):
    """{file} is protected by a password. Pack it again without one."""

    code = "archive-encrypted"


class ArchiveTooLarge(ReadError):
    """{file} would unpack to {size}, more than the {limit} allowed."""

    code = "archive-too-large"
    size: str | Sentence
    limit: str | Sentence


class ArchiveUnsafe(ReadError):
    """{file} holds “{member}”, a name that points outside the archive. Nothing was unpacked."""

    code = "archive-unsafe"
    member: str


class ArchiveWithout(ReadError):
    """{file} holds no {wanted}. It holds: {members}."""

    code = "archive-without"
    wanted: Sentence
    members: tuple[str, ...]


class ArchiveHoldsSeveral(ReadError):
    """{file} holds {count} files to choose from ({members}). Pack the one that is meant alone."""

    code = "archive-several"
    count: int
    members: tuple[str, ...]


# Layers


class NoLayer(ReadError):
    """{file} holds no layer: {reason}."""

    code = "no-layer"
    reason: Sentence


class SeveralLayers(ReadError):
    """{file} holds several layers ({layers}). Say which one with --layer."""

    code = "several-layers"
    layers: tuple[str, ...]


class LayerMissing(ReadError):
    """{file} holds no layer called “{layer}”. It holds: {layers}."""

    code = "layer-missing"
    layer: str
    layers: tuple[str, ...]


class NotAreas(ReadError):
    """{file} holds {kinds}. Areas must be drawn as polygons."""

    code = "not-polygons"
    kinds: Sentence


class NoOutlines(ReadError):
    """{file} has {rows} rows and not one outline."""

    code = "no-outlines"
    rows: int


# Coordinates


class CrsUnknown(ReadError):
    """{file} does not say in which coordinate system it is, and the numbers are no degrees. {candidates_said} Say
    which it is, as in --crs {example}.
    """

    code = "crs-unknown"
    candidates: tuple[str, ...]
    candidates_said: Sentence
    example: str


class CrsUnusable(ReadError):
    """“{crs}” is no coordinate system that can be used for {file}: {reason}."""

    code = "crs-unusable"
    crs: str
    reason: Sentence


class CrsImplausible(ReadError):
    """{file}: read as {crs}, only {share} of the corners lie {where}. {advice}"""

    code = "crs-implausible"
    crs: Sentence
    share: str
    where: Sentence
    candidates: tuple[str, ...]
    advice: Sentence


class DatumConflict(ReadError):
    """{file} is in {crs}; the datum {datum} can only be declared for longitudes and latitudes."""

    code = "datum-conflict"
    crs: str
    datum: str


# Text and columns


class UnknownEncoding(ReadError):
    """“{encoding}” is no text encoding known here. Usual ones: UTF-8, GB18030, Big5."""

    code = "unknown-encoding"
    encoding: str


class TextUndecodable(ReadError):
    """{file}: the text fits no encoding that was tried ({tried}). The first that fails is {place}: {sample}. Say
    the encoding with --encoding.
    """

    code = "text-undecodable"
    row: int | None
    field: str | None
    place: Sentence
    sample: str
    tried: tuple[str, ...]


class TextImplausible(ReadError):
    """{file}: the text decodes as GB18030, but into nonsense: {place} would read “{nonsense}”. Other readings:
    {readings}. Say the encoding, as in --encoding {example}.
    """

    code = "text-implausible"
    row: int | None
    field: str | None
    place: Sentence
    nonsense: str
    readings: tuple[Sentence, ...]
    example: str


class MissingColumn(ReadError):
    """{file} has no column for {missing}. Its columns are: {headings}. Say which is which with --columns, as in
    --columns {example}=HEADING.
    """

    code = "missing-column"
    missing: tuple[str, ...]
    headings: tuple[str, ...]


class AmbiguousColumn(ReadError):
    """{file}: the columns {headings} could each be {wanted}. Say which with --columns {wanted}=HEADING."""

    code = "ambiguous-column"
    wanted: str
    headings: tuple[str, ...]


# Tables


class NoTable(ReadError):
    """{file} holds no table: {reason}."""

    code = "no-table"
    reason: Sentence


class SeveralSheets(ReadError):
    """{file} has several sheets with rows in them ({sheets}). Say which with --sheet, or send the one that is
    meant alone.
    """

    code = "several-sheets"
    sheets: tuple[str, ...]


class SheetMissing(ReadError):
    """{file} has no sheet called “{sheet}”. It has: {sheets}."""

    code = "sheet-missing"
    sheet: str
    sheets: tuple[str, ...]
