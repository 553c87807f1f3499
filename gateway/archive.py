"""Documents as files: everything known of one document in one ZIP."""

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gateway.store.model import Document, Reply
from gateway.store.ports import UnitOfWork
from gateway.trust.evidence import evidence_files

__all__ = ["Archive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A folder of exported documents: `2026/03/30/<sysRef>.zip` by day of receipt (UTC).

    Each holds `document.json` (what is known of it, its numbers, its events, and which file is what), the
    `payload` byte for byte as sent, its attachments, and the answers to it. What the verdict on the signer
    rested on is beside them in `evidence`, once for all documents: by SHA-256, as the events name it.
    """

    folder: Path

    def write(self, work: UnitOfWork, sys_ref: str) -> Path:
        """Export one document; durable when this returns. An earlier export of it is replaced.

        Args:
            work: a reading transaction.
            sys_ref: of the document.

        Raises:
            NotFoundError: there is no such document.
            OSError: the folder cannot be written to; no half file is left under the final name.
        """
        document = work.documents.get(sys_ref)
        path = self.folder / f"{document.received_at:%Y/%m/%d}" / f"{sys_ref}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write_evidence(work, sys_ref)
        with _durable(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _files(work, document).items():
                archive.writestr(name, content)
        return path

    def _write_evidence(self, work: UnitOfWork, sys_ref: str) -> None:
        folder = self.folder / "evidence"
        for name, content in evidence_files(work, work.events.of(sys_ref)):
            path = folder / name
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                with _durable(path) as file:
                    file.write(content)


def _files(work: UnitOfWork, document: Document) -> dict[str, bytes]:
    sys_ref = document.sys_ref
    attached = work.documents.attachments([sys_ref]).get(sys_ref, ())
    replies = work.mailbox.about(sys_ref)
    told = {
        "document": asdict(document),
        "identifiers": [asdict(each) for each in work.identifiers.of(sys_ref)],
        "events": [{**asdict(each), "facts": dict(each.facts)} for each in work.events.of(sys_ref)],
        "attachments": [
            {"file": _attachment(number), "filename": each.filename, "mime": each.mime}
            for number, each in enumerate(attached, start=1)
        ],
        "replies": [_told(number, each) for number, each in enumerate(replies, start=1)],
    }
    return {
        "document.json": json.dumps(told, ensure_ascii=False, indent=1, default=_plain).encode(),
        "payload": work.documents.contents([sys_ref])[sys_ref],
        **{_attachment(number): each.content for number, each in enumerate(attached, start=1)},
        **{_reply(number): each.content for number, each in enumerate(replies, start=1)},
    }


def _told(number: int, reply: Reply) -> Mapping[str, object]:
    return {"file": _reply(number)} | {k: v for k, v in asdict(reply).items() if k != "content"}


def _attachment(number: int) -> str:
    return f"attachments/{number}"  # senders choose names; paths are ours


def _reply(number: int) -> str:
    return f"replies/{number:04}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, and stays there after a power cut."""
    draft = path.with_suffix(f".{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
