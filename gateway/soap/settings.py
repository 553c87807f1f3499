"""Limits and switches of the SOAP edge."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.errors import ConfigurationError

__all__ = ["EdgeSettings"]

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class EdgeSettings:
    """What the edge lets through.

    Raises:
        ConfigurationError: a value contradicts another one.
    """

    # Bytes of document plus attachments after base64 decoding.
    max_content_bytes: int = 15 * _MIB
    # Bytes of one HTTP body; None leaves room for the content in base64, broken into lines, and its envelope.
    max_envelope_bytes: int | None = None
    # Nested elements; the channel itself needs six.
    max_depth: int = 32
    # Elements, attributes, comments and so on in one envelope; the channel itself needs some forty.
    max_nodes: int = 5_000
    # Documents attached to one submission.
    max_attachments: int = 1
    # How far the token's Created may be from our clock, either way.
    clock_skew: timedelta = timedelta(seconds=300)
    # How long after Created a nonce is remembered; must outlast the token's validity on every host.
    nonce_lifetime: timedelta = timedelta(seconds=600)
    # Simultaneous requests of one account in one process.
    max_concurrent_requests: int = 10
    # Address written into the WSDL; None derives it from the request.
    public_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse values that contradict each other."""
        if self.nonce_lifetime < self.clock_skew:
            raise ConfigurationError(
                key="nonce_lifetime", reason="shorter than clock_skew: replayed tokens would pass unnoticed"
            )
        if self.max_concurrent_requests < 1:
            raise ConfigurationError(key="max_concurrent_requests", reason="less than 1 locks everybody out")
        if self.envelope_bytes < self.max_content_bytes * 4 // 3:
            raise ConfigurationError(
                key="max_envelope_bytes", reason="too small for max_content_bytes in base64"
            )

    @property
    def envelope_bytes(self) -> int:
        """The limit of one HTTP body in force, bytes."""
        if self.max_envelope_bytes is not None:
            return self.max_envelope_bytes
        return self.max_content_bytes * 7 // 5 + _MIB
