"""Errors only the store raises; the rest of the tree stands in gateway.errors.

GatewayError
└── ReadOnlyError      a reading transaction was asked to commit (a defect of the caller)
"""

from gateway.errors import GatewayError

__all__ = ["ReadOnlyError"]


class ReadOnlyError(GatewayError):
    """A unit opened with `read()` cannot commit."""

    def __init__(self) -> None:
        super().__init__("a reading transaction cannot commit")
