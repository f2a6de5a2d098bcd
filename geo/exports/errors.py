"""Why areas cannot be written to a file. Each error carries a sentence for whoever wants the file."""

from geo.sentences import Sentence


class ExportError(Exception):
    """The areas cannot be written as asked; `sentence` says why, and what to do."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class UnknownEnding(ExportError):
    """The name of the file names no format that is written here."""


class OneKindOnly(ExportError):
    """The format holds one layer, and areas of several kinds are meant."""


class EncodingUnwanted(ExportError):
    """The format has an encoding of its own, and another one is asked for."""


class NothingInForce(ExportError):
    """No area of the kinds wanted was in force at the moment wanted."""


class TextTooLong(ExportError):
    """A text is longer than the format can hold, and would be cut."""
