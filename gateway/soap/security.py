"""Who is calling: checks a UsernameToken against the account."""

import hashlib
import hmac

from gateway.channel import Caller, Clock, Credentials, CredentialStore
from gateway.errors import SecurityError, SecurityReason
from gateway.soap.settings import EdgeSettings
from gateway.soap.token import Token, channel_digest

__all__ = ["Authenticator"]

# Stands in for an unknown account, so that it costs the same work as a known one.
_NOBODY = Credentials(login="", password_hash=b"=" * 28, active=False)


class Authenticator:
    """Turns tokens into callers.

    Replays are not noticed here: the flow uses the nonce up together with the effect of the call.
    """

    def __init__(self, *, credentials: CredentialStore, clock: Clock, settings: EdgeSettings) -> None:
        self._credentials = credentials
        self._clock = clock
        self._skew = settings.clock_skew
        self._nonce_lifetime = settings.nonce_lifetime

    def authenticate(self, token: Token) -> Caller:
        """The account that made this token.

        The time window is checked first: a stale token, whatever its digest, never counts towards the lock.

        Raises:
            SecurityError: outside the window, unknown or inactive account, or wrong digest.
            UnavailableError: accounts cannot be looked up now.
        """
        if abs(self._clock() - token.created) > self._skew:
            raise SecurityError(reason=SecurityReason.OUTSIDE_WINDOW, username=token.username)
        account = self._credentials.find(token.username)
        right = _digest_matches(token, account or _NOBODY)
        if account is None:
            raise SecurityError(reason=SecurityReason.UNKNOWN_ACCOUNT, username=token.username)
        self._judge(account, right=right)
        return self._caller(account, token)

    def _judge(self, account: Credentials, *, right: bool) -> None:
        if not account.active:
            raise SecurityError(reason=SecurityReason.INACTIVE_ACCOUNT, username=account.login)
        if not right:
            self._credentials.wrong_digest(account.login)
            raise SecurityError(reason=SecurityReason.WRONG_DIGEST, username=account.login)
        if account.failed_logins:
            self._credentials.right_digest(account.login)

    def _caller(self, account: Credentials, token: Token) -> Caller:
        key = hashlib.sha256(account.login.encode() + b"\0" + token.nonce).hexdigest()
        return Caller(login=account.login, nonce=key, nonce_expires=token.created + self._nonce_lifetime)


def _digest_matches(token: Token, account: Credentials) -> bool:
    expected = channel_digest(
        nonce=token.nonce, created=token.created_text, password_hash=account.password_hash
    )
    return hmac.compare_digest(expected, token.digest)
