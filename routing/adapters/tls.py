"""TLS towards back ends."""

import ssl

from routing.adapters.settings import Tls
from routing.errors import RouteConfigurationError

__all__ = ["tls_context"]


def tls_context(tls: Tls, *, system: str) -> ssl.SSLContext:
    """A context that checks the other side's certificate and name, and shows ours if there is one.

    Args:
        tls: whom to trust and who we are.
        system: whose route it is, for the error.

    Raises:
        RouteConfigurationError: a file cannot be read or does not fit.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        reason = f"TLS files cannot be used: {getattr(error, 'strerror', None) or error}"
        raise RouteConfigurationError(system=system, reason=reason) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_password() -> bytes:
    """Instead of asking on the terminal, which a service has not."""
    raise ValueError("the key is encrypted")
