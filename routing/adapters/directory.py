"""Batch back ends that share a folder with us: documents are dropped, answers are picked up.

A file counts when its sidecar (NAME.json) is there: whoever writes puts the sidecar last, each file under a
temporary name that begins with a dot, synced, then renamed.
"""

import hashlib
import json
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from routing.adapters.answers import Sidecar, read_sidecar
from routing.adapters.documents import members_of
from routing.adapters.settings import DirectorySettings
from routing.errors import AnswersUnavailableError, EnvelopeError
from routing.model import Accepted, Answer, Delivery, Health, Outcome, Unavailable

__all__ = ["REFUSED", "DirectoryBackEnd", "drop", "sync"]

_LOGGER: Final = logging.getLogger(__name__)
#: Sub-folder of the inbox for what cannot be taken for an answer.
REFUSED: Final = "refused"
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SIDECAR_BYTES: Final = 64 * 1024


class DirectoryBackEnd:
    """Implements `routing.model.BackEnd` and `routing.model.AnswerSource` by two folders.

    Args:
        system: target-system code it serves.
        settings: the folders.
        now: seconds since the epoch, to be compared with the times of files.
    """

    def __init__(
        self, system: str, settings: DirectorySettings, *, now: Callable[[], float] = time.time
    ) -> None:
        self._system = system
        self._settings = settings
        self._now = now
        self._collected: dict[str, tuple[str, str]] = {}  # number of the answer → sidecar, file

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return self._system

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `BackEnd.deliver`. Accepted means: the files are there for good, with their sidecars."""
        outbox = self._settings.outbox
        try:
            new = [each for each in batch if not (outbox / _sidecar_name(each)).exists()]
            for delivery in new:
                for name, content in _files(delivery).items():
                    drop(outbox, name, content)
            sync(outbox)
            for delivery in new:
                drop(outbox, _sidecar_name(delivery), _sidecar(delivery))
            sync(outbox)
        except OSError as error:  # what is there already is found there at the next attempt
            return [Unavailable(reason=_failure(error))] * len(batch)
        return [Accepted()] * len(batch)

    def health(self) -> Health:
        """See `BackEnd.health`: well when both folders are there and may be used."""
        for folder in (self._settings.outbox, self._settings.inbox):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                return Health(well=False, detail=f"{folder} cannot be read and written")
        return Health(well=True, detail="both folders can be read and written")

    def collect(self, limit: int) -> Sequence[Answer]:
        """See `AnswerSource.collect`. What cannot be taken for an answer is moved to the folder `refused`."""
        answers: list[Answer] = []
        try:
            for name in self._sidecars():
                answer = self._pick_up(name)
                if answer is not None:
                    answers.append(answer)
                if len(answers) == limit:
                    break
        except OSError as error:
            raise AnswersUnavailableError(system=self._system, reason=_failure(error)) from error
        return answers

    def settle(self, answers: Sequence[Answer]) -> None:
        """See `AnswerSource.settle`: their files are removed, sidecars first."""
        try:
            for answer in answers:
                for name in self._collected.pop(answer.back_end_id, ()):
                    (self._settings.inbox / name).unlink(missing_ok=True)
        except OSError as error:
            raise AnswersUnavailableError(system=self._system, reason=_failure(error)) from error

    def _sidecars(self) -> list[str]:
        """Names of sidecars, oldest first."""
        with os.scandir(self._settings.inbox) as entries:
            found = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
                for entry in entries
                if entry.name.endswith(".json") and not entry.name.startswith(".")
            ]
        return [name for _, name in sorted(found)]

    def _pick_up(self, name: str) -> Answer | None:
        """The answer of a sidecar; None where it is not whole yet, or never will be."""
        if not _SAFE.fullmatch(name):
            self._refuse([name], "the name has other characters than letters, digits, '.', '_', '-'")
            return None
        names = [name]
        try:
            sidecar = read_sidecar(self._read(name, _SIDECAR_BYTES))
            names.append(sidecar.file)
            content = self._whole(sidecar)
        except FileNotFoundError:
            self._not_whole(names, "its file is not there")
            return None
        except EnvelopeError as error:
            self._not_whole(names, error.reason)
            return None
        self._collected[sidecar.id] = (name, sidecar.file)
        return sidecar.answer(content)

    def _whole(self, sidecar: Sidecar) -> bytes:
        content = self._read(sidecar.file, self._settings.answer_bytes)
        if hashlib.sha256(content).hexdigest() != sidecar.sha256:
            raise EnvelopeError(reason="the file has not the SHA-256 of its sidecar")
        return content

    def _not_whole(self, names: Sequence[str], reason: str) -> None:
        """Somebody may still be writing: only what has rested for a while is refused."""
        try:
            written = os.lstat(self._settings.inbox / names[0]).st_mtime
        except FileNotFoundError:  # another process has picked it up meanwhile
            return
        if self._now() - written >= self._settings.settle_seconds:
            self._refuse(names, reason)

    def _refuse(self, names: Sequence[str], reason: str) -> None:
        _LOGGER.warning("%s: answer file %r refused: %s", self._system, names[0], reason)
        refused = self._settings.inbox / REFUSED
        refused.mkdir(exist_ok=True)
        for name in names:
            try:
                (self._settings.inbox / name).rename(refused / name)
            except FileNotFoundError:
                continue

    def _read(self, name: str, limit: int) -> bytes:
        """A plain file of the inbox, not too long: no link, no pipe, nothing from elsewhere."""
        path = self._settings.inbox / name
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise EnvelopeError(reason=f"{name} is no plain file")
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise EnvelopeError(reason=f"{name} is longer than {limit} bytes")
        return content


def drop(folder: Path, name: str, content: bytes) -> None:
    """Put a file where others read: whoever sees the name sees the whole file. `sync` makes the name last.

    Args:
        folder: where to.
        name: of the file; one of this name is replaced.
        content: of the file.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing is there under the name.
    """
    draft = folder / f".{name}.{os.getpid()}.part"
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / name)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(delivery: Delivery) -> dict[str, bytes]:
    """Names of the files of a document, its own first. Only our own words are in them."""
    attached = {
        f"{delivery.sys_ref}.{number}.attachment": each.content
        for number, each in enumerate(delivery.attachments, start=1)
    }
    return {f"{delivery.sys_ref}.xml": delivery.content, **attached}


def _sidecar_name(delivery: Delivery) -> str:
    return f"{delivery.sys_ref}.json"


def _sidecar(delivery: Delivery) -> bytes:
    document, *attached = _files(delivery)
    attachments = [
        {"file": name, "fileName": each.filename, "mime": each.mime}
        for name, each in zip(attached, delivery.attachments, strict=True)
    ]
    facts = {**members_of(delivery), "file": document, "attachments": attachments}
    return json.dumps(facts, ensure_ascii=False, indent=1).encode()


def _failure(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
