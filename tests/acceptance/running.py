"""A sandbox in a process of its own, and raw access to it, for acceptance tests."""

import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx

from gateway.client.channel_client import ChannelClient, FetchedDocument
from gateway.soap.names import CHANNEL, PATH, PULL, SOAP_ENVELOPE, WSA_2005, WSSE, WSU

_Answer = TypeVar("_Answer")

__all__ = ["PROJECT", "SHARED", "Account", "RunningSandbox", "envelope", "security_header", "start", "until"]

PROJECT = Path(__file__).parents[2]
SHARED = PROJECT.parent / "shared"
_READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Account:
    """One login with its signing key."""

    login: str
    password: str
    key: Path
    key_password: str


@dataclass(frozen=True, kw_only=True)
class RunningSandbox:
    """What `sisc sandbox --json` told, and its process."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str
    wsdl: str
    account: Account
    entity: str

    @property
    def endpoint(self) -> str:
        """Where the channel answers."""
        return self.url.rstrip("/") + PATH

    @property
    def config(self) -> Path:
        """Its settings file."""
        return self.folder / "sisc.toml"

    def client(self, account: Account | None = None) -> ChannelClient:
        """A client of an account, the sandbox's own by default."""
        chosen = account or self.account
        return ChannelClient(self.url, login=chosen.login, password=chosen.password)

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        """POST raw bytes."""
        merged = {
            "Content-Type": "text/xml; charset=utf-8",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return httpx.post(self.endpoint, content=body, headers=merged, timeout=60)

    def sisc(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on the sandbox's settings."""
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", "--config", str(self.config), *arguments],
            capture_output=True,
            text=True,
            check=check,
            cwd=PROJECT,
        )

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        with self.process:
            return self.process.wait(timeout=60)


def start(folder: Path, *, environment: dict[str, str] | None = None) -> RunningSandbox:
    """Start a sandbox in a folder on a free port and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "sandbox", "--dir", str(folder), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the sandbox ended before it was ready"
    told = json.loads(line)
    account = Account(
        login=told["login"],
        password=told["password"],
        key=Path(told["key"]),
        key_password=told["key_password"],
    )
    return RunningSandbox(
        process=process,
        folder=folder,
        url=told["url"],
        wsdl=told["wsdl"],
        account=account,
        entity=told["entity"],
    )


def until(ask: Callable[[], _Answer | None], *, seconds: float = _READY_SECONDS) -> _Answer:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None:
            return answer
        assert time.monotonic() < deadline, "no answer in time"
        time.sleep(0.05)


def security_header(account: Account, *, nonce: bytes | None = None, created: str | None = None) -> str:
    """A wsse:Security element with the channel's digest."""
    nonce = nonce or secrets.token_bytes(16)
    created = created or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    inner = base64.b64encode(hashlib.sha1(account.password.encode(), usedforsecurity=False).digest())
    digest = hashlib.sha1(nonce + created.encode() + inner, usedforsecurity=False).digest()
    kind = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
    return (
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"><wsse:UsernameToken>'
        f"<wsse:Username>{account.login}</wsse:Username>"
        f'<wsse:Password Type="{kind}">{base64.b64encode(digest).decode()}</wsse:Password>'
        f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce>"
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def envelope(body: str, *, security: str, action: str = "AcceptDocument", addressing: bool = True) -> bytes:
    """A SOAP request with the channel's headers; `body` may use the prefixes pull and ch."""
    addressed = (
        f'<wsa:Action xmlns:wsa="{WSA_2005}">{action}</wsa:Action>'
        f'<wsa:MessageID xmlns:wsa="{WSA_2005}">urn:uuid:{uuid.uuid4()}</wsa:MessageID>'
    )
    return (
        f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}" xmlns:pull="{PULL}" xmlns:ch="{CHANNEL}">'
        f"<s:Header>{addressed if addressing else ''}{security}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def replies(client: ChannelClient, sys_ref: str, *, at_least: int) -> tuple[FetchedDocument, ...]:
    """The answers to a document, once there are so many."""

    def ask() -> tuple[FetchedDocument, ...] | None:
        documents = client.replies(sys_ref).documents
        return documents if len(documents) >= at_least else None

    return until(ask)
