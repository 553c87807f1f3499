"""Whether the web server could speak TLS as the settings say."""

import ssl

from gateway.errors import ConfigurationError
from gateway.settings import Settings

__all__ = ["check_tls"]


def check_tls(settings: Settings) -> None:
    """Raise ConfigurationError unless the files of `[web]` can be used, and go together."""
    options = settings.web
    if bool(options.certificate) != bool(options.key):
        raise ConfigurationError(key="web.certificate", reason="goes with web.key")
    if options.demand_client_certificate and not options.client_ca:
        raise ConfigurationError(
            key="web.demand_client_certificate", reason="needs web.client_ca: nobody could be let in"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.certificate and options.key:
        try:
            context.load_cert_chain(settings.path(options.certificate), settings.path(options.key))
        except OSError as error:  # SSLError is one
            reason = f"not usable with web.key: {error.strerror or error}"
            raise ConfigurationError(key="web.certificate", reason=reason) from error
    if options.client_ca:
        try:
            context.load_verify_locations(settings.path(options.client_ca))
        except OSError as error:
            raise ConfigurationError(key="web.client_ca", reason=str(error.strerror or error)) from error
