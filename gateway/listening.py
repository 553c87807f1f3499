"""Whether an address can be listened on, told before anything is started on it."""

import contextlib
import errno
import socket
import time
from typing import Final

from gateway.errors import ConfigurationError

__all__ = ["find_port"]

_LOOK_AGAIN_SECONDS: Final = 0.1


def find_port(host: str, port: int, *, option: str, patience_seconds: float = 0.0) -> int:
    """Tell a TCP port that can be listened on right now.

    The server shares its port among its processes (SO_REUSEPORT), so that a second server on the same port
    would not fail but get every other request. That is why it is asked first.

    Args:
        host: name or address to listen on.
        port: the port; 0 takes any free one.
        option: what named the port, for the error.
        patience_seconds: how long to wait for it: a server that was killed may still be ending.

    Raises:
        ConfigurationError: the port is taken, or the host is none of this machine.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return _probe(host, port)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if not taken or time.monotonic() >= deadline:
                reason = f"cannot listen on {host}:{port}: {error.strerror}"
                advice = "; choose another port" if taken else ""
                raise ConfigurationError(key=option, reason=reason + advice) from error
        time.sleep(_LOOK_AGAIN_SECONDS)


def _probe(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # connections still fading away do no harm
        probe.bind(address)
        return int(probe.getsockname()[1])
