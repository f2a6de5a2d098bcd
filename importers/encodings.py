"""In which encoding a file's text is written, decided by all of its text and said aloud.

A Chinese office's .dbf is GBK without a word about it, and read as anything else it is mojibake that nobody
notices. So nothing is believed: strict UTF-8 is tried first, then strict GB18030, over every text and every
field name; what the file declares (.cpg, the .dbf's language byte) decides only where the bytes allow it.
That GB18030 decodes something proves little (it decodes most of Latin-1), so the characters must be ones
that people use: 99 % of real text is common characters, 66 % at most of text misread from Big5 or to it.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from geo.sentences import Sentence, join, say
from importers.errors import TextImplausible, TextUndecodable, UnknownEncoding
from importers.report import Problem

AUTO = "auto"
UTF8, GB18030 = "UTF-8", "GB18030"
COMMON_SHARE = 0.8
"""At least so much of the Chinese must be common characters for an encoding to be believed."""
WEIGHED_TEXTS = 5_000
"""How many texts are looked at for common characters; every text must decode."""

_LATIN = ("CP1252", "ISO8859-1")
_EAST_ASIAN = ("CP950", "BIG5HKSCS", "BIG5", "CP949", "EUC_KR", "CP932", "SHIFT_JIS", "EUC_JP")


@dataclass(frozen=True, slots=True)
class RawText:
    """A text as bytes, and where it stands. `full` when it fills its field, so that its end may be cut off."""

    raw: bytes
    row: int | None = None
    field: str | None = None
    full: bool = False


@dataclass(frozen=True)
class Declared:
    """What a file says its encoding is: `by` names the part that says it, `encoding` is None when that is nonsense."""

    by: Sentence
    said: str | Sentence
    encoding: str | None


@dataclass(frozen=True)
class DecodedAs:
    """The encoding chosen, why, what else would have decoded, and what the clerk should know."""

    encoding: str
    why: Sentence
    alternatives: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def note(self) -> Sentence:
        """The encoding and why, for the report."""
        return say("encoding {encoding}: {why}", encoding=self.encoding, why=self.why)


@dataclass
class _Trial:
    """How one encoding does on all texts."""

    encoding: str
    fails_at: RawText | None = None
    texts: int = 0
    chinese: int = 0
    common: int = 0
    cut: list[RawText] = field(default_factory=list)
    odd: tuple[RawText, str] | None = None

    @property
    def fits(self) -> bool:
        return self.fails_at is None

    @property
    def plausible(self) -> bool:
        """Whether what comes out looks written: nothing Chinese, or common characters."""
        return self.fits and self.common >= COMMON_SHARE * self.chinese


def choose_encoding(
    texts: Iterable[RawText], *, file: str | Path, wanted: str = AUTO, declared: Declared | None = None
) -> DecodedAs:
    """Decide how `texts` (gone through several times) are encoded.

    `wanted` is a person's --encoding and is obeyed or refused. Raises UnknownEncoding, TextUndecodable (nothing
    fits) or TextImplausible (only GB18030 fits, and makes nonsense).
    """
    if wanted.casefold() != AUTO:
        return _as_told(texts, file, wanted)
    beyond_ascii = _NotAscii(texts)
    if not any(True for _ in beyond_ascii):
        plain = say("plain ASCII, which every encoding reads alike")
        return DecodedAs(UTF8, plain, (), _warn_nonsense(declared))
    utf8, gb = _try(beyond_ascii, UTF8), _try(beyond_ascii, GB18030)
    told = {UTF8: utf8, GB18030: gb}.get(declared.encoding) if declared and declared.encoding else None
    if declared and declared.encoding and told is None:
        told = _try(beyond_ascii, declared.encoding)
    chosen, why = _decide(utf8, gb, told, declared)
    if chosen is None:
        refusal = _refusal(file, beyond_ascii, utf8, gb, told)
        refusal.found = _warn_nonsense(declared)
        raise refusal
    fitting = dict.fromkeys(trial.encoding for trial in (utf8, gb, told) if trial and trial.fits)
    others = tuple(encoding for encoding in fitting if encoding != chosen.encoding)
    warnings = (*_warn_liar(declared, chosen), *_warn_doubt(chosen, gb), *_warn_cut(chosen))
    return DecodedAs(chosen.encoding, why, others, warnings)


def decode(text: RawText, encoding: str) -> tuple[str, bool]:
    """Return the text, and whether half a character at the end of a full field had to be dropped.

    Raises UnicodeDecodeError for any other fault.
    """
    try:
        return text.raw.decode(encoding), False
    except UnicodeDecodeError as fault:
        if not text.full or not _is_cut_off(fault, len(text.raw)):
            raise
        return text.raw[: fault.start].decode(encoding), True


def codec_named(said: str) -> str | None:
    """Return Python's name of an encoding as people, .cpg files and Windows name it, or None for nonsense.

    Everything of the GB family is read as GB18030, which contains them all.
    """
    name = re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", said).casefold())
    name = re.sub(r"^(ansi|oem|windows|win|ibm|cp|codepage|ms|x)(?=\d)", "", name) or name
    name = re.sub(r"^(?:iso)?8859(\d{1,2})$", r"iso8859-\1", _SPELLINGS.get(name, name))
    try:
        found = codecs.lookup(f"cp{name}" if name.isdigit() else name).name
    except (LookupError, ValueError):
        return None
    return {"utf-8": UTF8, "gb18030": GB18030}.get(found, found.upper()) if _is_text_codec(found) else None


_SPELLINGS = {
    **dict.fromkeys(("936", "54936", "20936", "gbk", "gb2312", "gb18030", "euccn", "chinese", "gb"), "gb18030"),
    **dict.fromkeys(("65001", "utf8", "unicode(utf8)", "utf8bom", "utf8sig"), "utf-8"),
    **dict.fromkeys(("950", "big5"), "cp950"),
    **dict.fromkeys(("28591", "latin1", "iso88591"), "iso8859-1"),
}


def _is_text_codec(name: str) -> bool:
    """Leave out rot13, base64, idna and whatever else is no character set of a file."""
    info = codecs.lookup(name)
    return bool(getattr(info, "_is_text_encoding", True)) and name not in {
        "idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem", "utf-7",
    }  # fmt: skip


def declared_by_cpg(content: bytes) -> Declared:
    """Read a .cpg: one word, in theory."""
    said = content[:64].decode("ascii", "replace").strip("\ufeff\x00 \r\n\t")
    return Declared(say(".cpg"), said[:40] or say("nothing"), codec_named(said))


def declared_by_language_byte(ldid: int) -> Declared | None:
    """Say what byte 29 of a .dbf means. 0x57 (“ANSI”) is whatever Windows wrote it: at best Western European."""
    code_page = next((page for page, bytes_of_it in _LANGUAGE_BYTES.items() if ldid in bytes_of_it), None)
    if code_page is None:
        return None
    return Declared(say("the .dbf"), say("language byte {byte}", byte=f"0x{ldid:02X}"), codec_named(code_page))


_LANGUAGE_BYTES = {
    "936": (0x4D, 0x7A), "950": (0x4F, 0x78), "949": (0x4E, 0x79), "932": (0x13, 0x7B), "874": (0x50, 0x7C),
    "1252": (0x03, 0x57, 0x58, 0x59), "1250": (0xC8,), "1251": (0xC9,), "1253": (0xCB,), "1254": (0xCA,),
    "1257": (0xCC,), "852": (0x1F, 0x22, 0x23, 0x40, 0x64, 0x87),
    "437": (0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B), "866": (0x26, 0x65),
    "850": (0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37),
}  # fmt: skip


class _NotAscii:
    """The texts that an encoding can matter for, as often as they are asked for."""

    def __init__(self, texts: Iterable[RawText]) -> None:
        self._texts = texts

    def __iter__(self) -> Iterator[RawText]:
        return (text for text in self._texts if not text.raw.isascii())


def _try(texts: Iterable[RawText], encoding: str) -> _Trial:
    trial, common = _Trial(encoding), common_characters()
    for text in texts:
        try:
            decoded, cut = decode(text, encoding)
        except UnicodeDecodeError:
            trial.fails_at = text
            return trial
        if cut:
            trial.cut.append(text)
        trial.texts += 1
        if trial.texts > WEIGHED_TEXTS:
            continue
        chinese = [at for at, character in enumerate(decoded) if _is_chinese(character)]
        known = sum(decoded[at] in common and not _inside_a_word(decoded, at) for at in chinese)
        trial.chinese += len(chinese)
        trial.common += known
        if known < len(chinese) and trial.odd is None:
            trial.odd = text, decoded
    return trial


def _decide(utf8: _Trial, gb: _Trial, told: _Trial | None, declared: Declared | None) -> tuple[_Trial | None, Sentence]:
    """Return the trial that is believed and why; None when none deserves it."""
    said = say("the file does not name one")
    if declared:
        said = say("{part} says {encoding}", part=declared.by, encoding=declared.said)
    is_gb = told is not None and told.encoding == GB18030
    if utf8.fits and is_gb and not utf8.chinese and gb.chinese and gb.plausible:
        return gb, say(
            "{said}, and {count} Chinese characters come out ({other} would read no Chinese)",
            said=said, count=gb.chinese, other=UTF8,
        )  # fmt: skip
    if utf8.fits:
        return utf8, _all_decode(utf8)
    if told and told.plausible and told.encoding in _EAST_ASIAN:
        return told, say("{said}, and all {texts} texts beyond ASCII decode", said=said, texts=told.texts)
    failed = say("{encoding} fails at {place}", encoding=UTF8, place=place(utf8.fails_at))
    if gb.fits and (is_gb or (gb.plausible and (gb.chinese or told is None))):
        return gb, join("{one}; {other}", (failed, _all_decode(gb)))
    if told and told.fits and told.encoding not in (UTF8, GB18030):
        return told, join("{one}; {other}", (said, failed))
    return None, failed


def _all_decode(trial: _Trial) -> Sentence:
    return say(
        "all {texts} texts beyond ASCII decode, {chinese} Chinese characters", texts=trial.texts, chinese=trial.chinese
    )


def _as_told(texts: Iterable[RawText], file: str | Path, wanted: str) -> DecodedAs:
    encoding = codec_named(wanted)
    if encoding is None:
        raise UnknownEncoding(file, encoding=wanted)
    trial = _try(_NotAscii(texts), encoding)
    if trial.fails_at is not None:
        raise _undecodable(file, trial.fails_at, (encoding,))
    return DecodedAs(encoding, say("as told"), (), tuple(_warn_cut(trial)))


def _refusal(
    file: str | Path, texts: Iterable[RawText], utf8: _Trial, gb: _Trial, told: _Trial | None
) -> TextUndecodable | TextImplausible:
    """Name the first text that fails, or what GB18030 would make of it and what would make sense."""
    tried = tuple(dict.fromkeys(trial.encoding for trial in (utf8, gb, told) if trial))
    if gb.odd is None or gb.fails_at is not None:
        return _undecodable(file, gb.fails_at or utf8.fails_at or RawText(b""), tried)
    where, nonsense = gb.odd
    better = [trial.encoding for trial in (_try(texts, name) for name in ("CP950", *_LATIN)) if trial.plausible]
    readings = tuple(
        say("“{text}” in {encoding}", text=decode(where, name)[0].strip()[:40], encoding=name) for name in better[:2]
    )
    return TextImplausible(
        file,
        row=where.row,
        field=where.field,
        place=place(where),
        nonsense=nonsense.strip()[:40],
        readings=readings,
        example=better[0] if better else "ENCODING",
    )


def _undecodable(file: str | Path, text: RawText, tried: tuple[str, ...]) -> TextUndecodable:
    sample = text.raw[:40].decode("ascii", "backslashreplace").strip()
    return TextUndecodable(file, row=text.row, field=text.field, place=place(text), sample=sample, tried=tried)


def place(text: RawText | None) -> Sentence:
    """Say where a text stands: `row 17, NAME`, or `the heading NAME`."""
    if text is None or (text.row is None and text.field is None):
        return say("the text")
    if text.row is None:
        return say("the heading {heading}", heading=text.field or "")
    if text.field is None:
        return say("line {line}", line=text.row)
    return say("row {row}, {column}", row=text.row, column=text.field)


def _warn_liar(declared: Declared | None, chosen: _Trial) -> tuple[Problem, ...]:
    """Warn when a file is read otherwise than it says; a language byte of “ANSI” says nothing."""
    if declared is None or declared.encoding == chosen.encoding or declared.said.endswith("0x57"):
        return ()
    if declared.encoding is None:
        return _warn_nonsense(declared)
    message = say(
        "{part} says {declared}, but the text is {encoding}; it was read as that",
        part=declared.by, declared=declared.said, encoding=chosen.encoding,
    )  # fmt: skip
    return (Problem(None, None, "encoding-declared-wrongly", message, "warn"),)


def _warn_nonsense(declared: Declared | None) -> tuple[Problem, ...]:
    if declared is None or declared.encoding is not None:
        return ()
    message = say(
        "{part} says “{declared}”, which is no encoding; it was left aside", part=declared.by, declared=declared.said
    )
    return (Problem(None, None, "encoding-declared-wrongly", message, "warn"),)


def _warn_doubt(chosen: _Trial, gb: _Trial) -> tuple[Problem, ...]:
    """Warn where GB18030 was passed over only because nobody writes what it would read."""
    if chosen.encoding in (UTF8, GB18030) or not gb.fits or gb.odd is None:
        return ()
    where, nonsense = gb.odd
    message = say(
        "read as {encoding}; as GB18030, {place} would be “{nonsense}”",
        encoding=chosen.encoding, place=place(where), nonsense=nonsense.strip()[:40],
    )  # fmt: skip
    return (Problem(None, None, "encoding-doubtful", message, "warn"),)


def _warn_cut(chosen: _Trial) -> Iterator[Problem]:
    said = say("the text is cut off in the middle of a character; the field was too short for it")
    for text in chosen.cut:
        yield Problem(text.row, text.field, "text-cut", said, "warn")


def _is_cut_off(fault: UnicodeDecodeError, length: int) -> bool:
    """Whether decoding stopped because the last character lacks its end, and for no other reason."""
    return fault.start >= length - 3 and ("unexpected end" in fault.reason or "incomplete" in fault.reason)


def _is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


def _inside_a_word(text: str, at: int) -> bool:
    """Whether a character stands between Latin letters, as the é of México does when GB18030 reads it as 閤."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return before.isascii() and before.isalpha() and after.isascii() and after.islower()


@lru_cache(maxsize=1)
def common_characters() -> frozenset[str]:
    """The characters in common use: the first level of GB 2312 (simplified) and of Big5 (traditional), about 8,000."""
    pairs = [(lead, trail) for lead in range(0xA1, 0xFF) for trail in range(0x40, 0xFF)]
    simplified = (bytes(pair) for pair in pairs if 0xB0 <= pair[0] <= 0xD7 and pair[1] >= 0xA1)
    traditional = (bytes(pair) for pair in pairs if 0xA4 <= pair[0] <= 0xC6)
    return frozenset(
        "".join(
            [
                *(raw.decode("gb2312", "ignore") for raw in simplified),
                *(raw.decode("big5", "ignore") for raw in traditional),
            ]
        )
    )
