"""Passwords: how they are kept, compared and judged."""

import hmac
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

SHORTEST = 10
LONGEST = 256
"""argon2 reads as much as it is given; nobody types more than this."""

# 19 MiB, 2 passes: the smallest setting that OWASP's password storage cheat sheet recommends for argon2id.
# More would let a few sign-ins at once push a two-core office server into swap.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_TOO_COMMON = frozenset({"1234567890", "0123456789", "12345678910", "password123", "qwertyuiop", "abcdefghij"})


def hash_password(password: str) -> str:
    """The argon2id hash to keep."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one behind the hash.

    With no hash (nobody has that name) it takes as long as with one, so that time does not tell who exists.
    """
    try:
        _HASHER.verify(password_hash or _nobody(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def password_problems(password: str, *, account_name: str) -> list[str]:
    """Every reason not to accept a new password, as sentences. Length counts, not letters of every sort."""
    problems = []
    if len(password) < SHORTEST:
        problems.append(_("The password needs at least %(count)s characters.", count=SHORTEST))
    if len(password) > LONGEST:
        problems.append(_("The password may have at most %(count)s characters.", count=LONGEST))
    plain = password.lower()
    if plain in _TOO_COMMON or (plain and len(set(plain)) <= 2):
        problems.append(_("This password is among the first that are tried. Choose another."))
    if len(account_name) >= 4 and account_name.lower() in plain:
        problems.append(_("The password must not contain the sign-in name."))
    return problems


def random_password() -> str:
    """A first password that can be read over the telephone: no 0/O, 1/l/I."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


def equal(one: str, other: str) -> bool:
    """Whether two typed words are the same, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
