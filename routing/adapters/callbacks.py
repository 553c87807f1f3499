"""Who calls back: a shared token, or an HMAC over the time and the body (RFC 2104, SHA-256).

`Authorization: Bearer TOKEN`, or `Sisc-Signature: t=SECONDS,v1=HEX` where HEX is the HMAC of `SECONDS.BODY`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["SIGNATURE", "CallbackKeys"]

SIGNATURE: Final = "Sisc-Signature"
_FORM: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_WINDOW_SECONDS: Final = 300  # between signing and looking at it, both ways


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackKeys:
    """What a back end proves itself with; each kind that is given suffices. Without any nobody is let in."""

    token: bytes | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)

    def headers(self, body: bytes, now: float) -> dict[str, str]:
        """Proof for a body.

        Args:
            body: as it will be sent.
            now: seconds since the epoch.
        """
        if self.secret is not None:
            seconds = str(int(now))
            return {SIGNATURE: f"t={seconds},v1={_mac(self.secret, seconds, body)}"}
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token.decode('ascii')}"}
        return {}

    def may_send(self, headers: Mapping[str, str]) -> bool:
        """Whether it is worth reading the body: a signature is there, or the right token.

        Args:
            headers: by names in small letters.
        """
        signed = self.secret is not None and SIGNATURE.lower() in headers
        return signed or self._has_token(headers)

    def are_proven(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Whether headers and body come from somebody who has the keys; in the same time for any wrong key.

        Args:
            headers: by names in small letters.
            body: as received.
            now: seconds since the epoch.
        """
        return self._has_token(headers) or self._is_signed(headers, body, now)

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        if self.token is None:
            return False
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token)

    def _is_signed(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        found = _FORM.fullmatch(headers.get(SIGNATURE.lower(), ""))
        if self.secret is None or found is None:
            return False
        fresh = abs(now - int(found[1])) <= _WINDOW_SECONDS
        return hmac.compare_digest(_mac(self.secret, found[1], body), found[2]) and fresh


def _mac(secret: bytes, seconds: str, body: bytes) -> str:
    return hmac.new(secret, seconds.encode("ascii") + b"." + body, hashlib.sha256).hexdigest()
