"""A folder of documents: each is sent once, however often the sending is broken off and begun anew."""

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from gateway.client.channel_client import ChannelClient, FetchedDocument
from gateway.client.soap_client import FaultError
from gateway.described import Described, describe
from gateway.errors import ConfigurationError, UnreadableFileError

__all__ = ["Batch", "Journal", "Sent"]

_DUPLICATE: Final = "B002"  # the fault names the sysRef that the bytes got when they came first
#: Refusals of the moment or of the caller, not of the document.
_NOT_OF_THE_DOCUMENT: Final = frozenset({None, "B010", "E011"})
_SYS_REF: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What is known of one file."""

    file: str
    digest: str  # SHA-256 of the file: another content is another document
    sys_ref: str | None = None  # None: refused at once
    result: str = "sent"  # type of the last answer, or "fault"
    final: bool = False  # no other answer is waited for
    refusal: bool = False
    facts: Mapping[str, str] | None = None  # LRN, MRN, ARC, as the answers tell
    texts: tuple[str, ...] = ()

    def answered(self, answer: Described) -> "Sent":
        """With one more answer."""
        return replace(
            self,
            result=answer.kind,
            final=self.final or answer.final,
            refusal=self.refusal or answer.refusal,
            facts={**(self.facts or {}), **answer.facts},
            texts=answer.texts,
        )


class Journal:
    """What became of files: one JSON object a line, on disk before anything else happens.

    The last line about a content counts. A line that was broken off tells nothing: what it was about is done
    again, with the same bytes.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._descriptor = descriptor
        content = path.read_bytes()
        self._entries = {(each.file, each.digest): each for each in map(_read, content.splitlines()) if each}
        if content and not content.endswith(b"\n"):
            os.write(descriptor, b"\n")

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """The journal at a path, for this process alone.

        Raises:
            ConfigurationError: it cannot be written, or another process has it.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise ConfigurationError(key=str(path), reason=error.strerror or "cannot be written") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield cls(path, descriptor)
        except BlockingIOError as error:
            raise ConfigurationError(key=str(path), reason="another sisc batch is at work on it") from error
        finally:
            os.close(descriptor)

    def find(self, file: str, digest: str) -> Sent | None:
        """What is known of a content under a name."""
        return self._entries.get((file, digest))

    def add(self, entry: Sent) -> Sent:
        """Write down what became of a file, for good."""
        os.write(self._descriptor, json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
        os.fsync(self._descriptor)
        self._entries[entry.file, entry.digest] = entry
        return entry


def _read(line: bytes) -> Sent | None:
    try:
        told = json.loads(line)
        return Sent(**{**told, "texts": tuple(told["texts"])})
    except (ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Sends files and collects what comes back; safe to be killed at any line."""

    journal: Journal
    channel: ChannelClient
    signed: Callable[[Path, str], bytes]  # by file and digest: the same bytes every time it is asked
    system: str | None

    def send(self, file: Path, content: bytes) -> Sent:
        """Send a file unless it was sent before.

        Raises:
            FaultError: nobody may send now, or not this caller.
            UnavailableError: the gateway is away; what was sent is known.
        """
        digest = sha256(content).hexdigest()
        known = self.journal.find(file.name, digest)
        if known is not None:
            return known
        try:
            sys_ref = self._accept(file, self.signed(file, digest))
        except (FaultError, UnreadableFileError) as error:
            if isinstance(error, FaultError) and error.code in _NOT_OF_THE_DOCUMENT:
                raise
            return self.journal.add(
                Sent(
                    file=file.name,
                    digest=digest,
                    result="fault",
                    final=True,
                    refusal=True,
                    texts=(str(error),),
                )
            )
        return self.journal.add(Sent(file=file.name, digest=digest, sys_ref=sys_ref))

    def _accept(self, file: Path, content: bytes) -> str:
        try:
            return self.channel.send(content, filename=file.name, system=self.system)
        except FaultError as error:
            known = _SYS_REF.search(f"{error.description} {error}")
            if error.code == _DUPLICATE and known:  # it had arrived before the answer was lost
                return known[0]
            raise

    def look(self, entry: Sent) -> Sent:
        """Ask for the answers to a document that has not had its last one."""
        if entry.final or entry.sys_ref is None:
            return entry
        seen = Sent(file=entry.file, digest=entry.digest, sys_ref=entry.sys_ref)
        for document in self.channel.replies(entry.sys_ref).documents:
            seen = seen.answered(_described(document))
        return seen if seen == entry else self.journal.add(seen)


def _described(document: FetchedDocument) -> Described:
    return describe(document.content, filename=document.filename)
