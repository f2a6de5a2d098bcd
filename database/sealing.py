"""Personal data at rest: sealed with a key derived from the installation's secret, opened only on request."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(Exception):
    """The sealed text was written with another SECRET_KEY: restore the earlier key to read it."""


class Seal:
    """Seals and opens short texts. Build once per process: deriving the key is not free.

    The key is derived (HKDF-SHA256, RFC 5869) so that the same secret never serves two purposes.
    """

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wangge personal data").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str | None) -> bytes | None:
        """The sealed text; None stays None."""
        return None if text is None else self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes | None) -> str | None:
        """The text that was sealed; None stays None. Raises SealBroken when the secret is another one."""
        if sealed is None:
            return None
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as broken:
            raise SealBroken(SealBroken.__doc__) from broken
