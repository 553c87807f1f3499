"""The seals of the trusted profile, as the settings name them."""

from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.errors import ConfigurationError
from gateway.keys import read_secret_file
from gateway.settings import Settings
from signing.errors import SigningError
from signing.trusted_profile import TrustedProfileSeals

__all__ = ["read_seals"]

_SEALS: Final = "trust.trusted_profile_seals"
_AUTHORITIES: Final = "trust.trusted_profile_authorities"


def read_seals(settings: Settings) -> TrustedProfileSeals | None:
    """The seals that make trusted signatures; None: the settings name none.

    Raises:
        ConfigurationError: only one of the two files is named, or one cannot be read or holds no certificate.
    """
    seals, authorities = settings.trust.trusted_profile_seals, settings.trust.trusted_profile_authorities
    if seals is None and authorities is None:
        return None
    if seals is None or authorities is None:
        missing = _SEALS if seals is None else _AUTHORITIES
        raise ConfigurationError(key=missing, reason="seals and authorities are named together or not at all")
    known, issuers = _read(settings, seals, key=_SEALS), _read(settings, authorities, key=_AUTHORITIES)
    try:
        return TrustedProfileSeals(known, issuers)
    except SigningError as error:  # a certificate that cannot be read whole
        raise ConfigurationError(key=_AUTHORITIES, reason=str(error)) from error


def _read(settings: Settings, file: Path, *, key: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read_secret_file(settings.path(file), key=key))
    except ValueError as error:
        raise ConfigurationError(key=key, reason=f"{file}: {error}") from error
