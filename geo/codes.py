"""The codes that areas bear, and what a code says about the area above.

Two profiles. `gb`: 6, 9, 12 and 15 digits for county, township, village and comprehensive grid, each beginning
with the code of the area above (6+3+3+3). `free`: whatever an office uses.

Codes are ordered as Python orders strings, by code point, which for UTF-8 is byte by byte: `COLLATE "C"` in SQL.
The order matters, because on a shared edge the smallest code wins; any other collation breaks the tie elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from geo.sentences import Sentence, say


class AreaKind(StrEnum):
    """What an area is: a rung of the administrative ladder, one of its tiles, or an overlay upon them."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    COMPREHENSIVE = "comprehensive"
    SPECIALISED = "specialised"


SPOKEN = {
    AreaKind.COUNTY: say("county"),
    AreaKind.TOWNSHIP: say("township"),
    AreaKind.VILLAGE: say("village"),
    AreaKind.COMPREHENSIVE: say("comprehensive grid"),
    AreaKind.SPECIALISED: say("specialised grid"),
}
"""The kinds as they are called within a sentence."""

LADDER = (AreaKind.COMPREHENSIVE, AreaKind.VILLAGE, AreaKind.TOWNSHIP, AreaKind.COUNTY)
"""From the tile upwards. A specialised grid stands beside the lowest rung: its parent is a village or above."""


def levels_above(kind: AreaKind) -> tuple[AreaKind, ...]:
    """Return the kinds that may be the parent of a kind, nearest first; levels in between may be missing."""
    return LADDER[1:] if kind is AreaKind.SPECIALISED else LADDER[LADDER.index(kind) + 1 :]


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """What is wrong with a code: a stable name of the trouble, and a sentence that a clerk can act on."""

    code: str
    message: Sentence

    def __str__(self) -> str:
        return self.message


class Profile(Protocol):
    """The rules of one family of codes."""

    name: str

    def check(self, code: str, kind: AreaKind) -> CodeProblem | None:
        """Say what is wrong with a code for an area of this kind, or None."""

    def parent_codes(self, code: str, kind: AreaKind) -> tuple[tuple[AreaKind, str], ...]:
        """Return the (kind, code) of each level above that the code itself names, nearest first."""

    def parent_code(self, code: str, kind: AreaKind) -> str | None:
        """Return the code of the nearest level above, or None when the code does not tell."""

    def check_parent(self, code: str, kind: AreaKind, parent: str) -> CodeProblem | None:
        """Say why an area with this code cannot lie under a parent with that code, or None."""


class ProfileError(ValueError):
    """There is no code profile of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is not a code profile: use {' or '.join(sorted(PROFILES))}.")
        self.name = name


def profile(name: str) -> Profile:
    """Return the profile of a name as given to `--codes`, or raise ProfileError."""
    try:
        return PROFILES[name.strip().casefold()]
    except KeyError:
        raise ProfileError(name) from None


# --- what no code may contain -----------------------------------------------------------------------------------

LONGEST = 64


def _check_text(code: str) -> CodeProblem | None:
    """Find what would make a code ambiguous to read, to compare or to write in a list."""
    if not code.strip():
        return CodeProblem("code-missing", say("The code is missing."))
    if any(character.isspace() for character in code):
        return CodeProblem("code-space", say("The code “{code}” contains white space.", code=code))
    if not code.isprintable():
        return CodeProblem("code-invisible", say("The code {code} contains invisible characters.", code=ascii(code)))
    if ";" in code:
        said = say("The code “{code}” contains a semicolon, which separates codes in lists.", code=code)
        return CodeProblem("code-semicolon", said)
    if len(code) > LONGEST:
        said = say("The code “{code}” is longer than {longest} characters.", code=f"{code[:20]}…", longest=LONGEST)
        return CodeProblem("code-long", said)
    return None


# --- gb: 6 + 3 + 3 + 3 digits -----------------------------------------------------------------------------------

DIGITS = {AreaKind.COUNTY: 6, AreaKind.TOWNSHIP: 9, AreaKind.VILLAGE: 12, AreaKind.COMPREHENSIVE: 15}

_SPREADSHEET = re.compile(r"\d+\.0+|\d\.\d+[eE]\+?\d+|\d[eE]\+\d+")
_FORMS = {
    **{kind: re.compile(f"[0-9]{{{digits}}}") for kind, digits in DIGITS.items()},
    AreaKind.SPECIALISED: re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{8,23}"),
}


class GbProfile:
    """The national codes: digits, three more per level, each beginning with its parent's.

    Specialised grids have no national code. Offices number them from the village or township with a suffix of
    letters or digits, or quite freely: 9 to 24 letters, digits and hyphens are accepted, and their parent is not
    judged.
    """

    name = "gb"

    def check(self, code: str, kind: AreaKind) -> CodeProblem | None:
        """Say what is wrong with a code for an area of this kind, or None."""
        return None if _FORMS[kind].fullmatch(code) else _malformed(code, kind)

    def parent_codes(self, code: str, kind: AreaKind) -> tuple[tuple[AreaKind, str], ...]:
        """Return the (kind, code) of each level above that the code itself names, nearest first.

        A specialised grid's code names the levels that its leading digits reach.
        """
        digits = len(code) - len(code.lstrip("0123456789"))
        return tuple((above, code[: DIGITS[above]]) for above in levels_above(kind) if DIGITS[above] <= digits)

    def parent_code(self, code: str, kind: AreaKind) -> str | None:
        """Return the code of the nearest level above, or None when the code does not tell."""
        above = self.parent_codes(code, kind)
        return above[0][1] if above else None

    def check_parent(self, code: str, kind: AreaKind, parent: str) -> CodeProblem | None:
        """Say why an area with this code cannot lie under a parent with that code, or None."""
        if kind is AreaKind.SPECIALISED or code.startswith(parent):
            return None
        said = say("The code “{code}” does not begin with its parent's, “{parent}”.", code=code, parent=parent)
        return CodeProblem("code-not-under-parent", said)


def _malformed(code: str, kind: AreaKind) -> CodeProblem:
    """Say why a code is not of the form that its kind has: the most telling reason first."""
    if problem := _check_text(code):
        return problem
    if _SPREADSHEET.fullmatch(code):
        said = say("The code “{code}” is a number that a spreadsheet has spoiled.", code=code)
        return CodeProblem("code-spreadsheet", said)
    if kind is AreaKind.SPECIALISED:
        said = say("The code “{code}” of a specialised grid must be 9 to 24 letters, digits or hyphens.", code=code)
        return CodeProblem("code-specialised", said)
    if not (code.isascii() and code.isdigit()):
        said = say("The code “{code}” of a {kind} must be digits only.", code=code, kind=SPOKEN[kind])
        return CodeProblem("code-not-digits", said)
    return _wrong_length(code, kind)


def _wrong_length(code: str, kind: AreaKind) -> CodeProblem:
    wanted = DIGITS[kind]
    said = say(
        "The code “{code}” of a {kind} must have {digits} digits, not {found}",
        code=code, kind=SPOKEN[kind], digits=wanted, found=len(code),
    )  # fmt: skip
    if len(code) > wanted and not code[wanted:].strip("0"):
        padded = say("{said}: it is padded with zeros, write {better}.", said=said, better=code[:wanted])
        return CodeProblem("code-padded", padded)
    return CodeProblem("code-length", say("{said}.", said=said))


# --- free -------------------------------------------------------------------------------------------------------


class FreeProfile:
    """Any text without white space, up to 64 characters. It tells nothing about parents."""

    name = "free"

    def check(self, code: str, kind: AreaKind) -> CodeProblem | None:  # noqa: ARG002 - the profile's signature
        """Say what is wrong with a code, or None."""
        return _check_text(code)

    def parent_codes(self, code: str, kind: AreaKind) -> tuple[tuple[AreaKind, str], ...]:  # noqa: ARG002
        """Return nothing: a free code names no level above."""
        return ()

    def parent_code(self, code: str, kind: AreaKind) -> str | None:  # noqa: ARG002
        """Return None: a free code does not tell."""
        return None

    def check_parent(self, code: str, kind: AreaKind, parent: str) -> CodeProblem | None:  # noqa: ARG002
        """Return None: any parent will do."""
        return None


GB: Profile = GbProfile()
FREE: Profile = FreeProfile()
PROFILES: dict[str, Profile] = {"gb": GB, "free": FREE}
