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

from gateway.store.model import Document, NewReply, Reply, Withheld
from gateway.store.ports import UnitOfWork
from gateway.store.quarantine import Quarantined
from gateway.trust.evidence import evidence_files
from routing.model import Answer

__all__ = ["Archive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A folder of exported documents: `2026/03/30/<sysRef>.zip` by day of receipt (UTC).

    Each holds `document.json` (what is known of it, its numbers, its events, and which file is what), the
    `payload` byte for byte as sent, its attachments, and the answers to it. What the verdict on the signer
    rested on is beside them in `evidence`, once for all documents: by SHA-256, as the events name it.

    Answers of the quarantine and mailbox documents that answer none are beside them in `quarantine` and
    `unsolicited`, by day of arrival: `about.json` and the `content`.
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
        path = self._path("", document.received_at, sys_ref)
        self._write_evidence(work, sys_ref)
        _write_zip(path, _files(work, document))
        return path

    def write_quarantined(self, kept: Quarantined) -> Path:
        """Export an answer of the quarantine with its content, as `write` does documents."""
        path = self._path("quarantine", kept.arrived_at, str(kept.id))
        _write_zip(
            path, _about(asdict(kept) | {"answer": _without_content(kept.answer)}, kept.answer.content)
        )
        return path

    def write_reply(self, reply: Reply) -> Path:
        """Export a mailbox document that answers none, as `write` does documents."""
        path = self._path("unsolicited", reply.created_at, reply.sys_ref)
        _write_zip(path, _about(_without_content(reply), reply.content))
        return path

    def _path(self, part: str, day: datetime, name: str) -> Path:
        return self.folder / part / f"{day:%Y/%m/%d}" / f"{name}.zip"

    def _write_evidence(self, work: UnitOfWork, sys_ref: str) -> None:
        folder = self.folder / "evidence"
        for name, content in evidence_files(work, work.events.of(sys_ref)):
            path = folder / name
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                with _durable(path) as file:
                    file.write(content)


def _about(told: Mapping[str, object], content: bytes) -> Mapping[str, bytes]:
    return {"about.json": _json(told), "content": content}


def _json(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain).encode()


def _without_content(value: Reply | NewReply | Answer) -> Mapping[str, object]:
    return {name: each for name, each in asdict(value).items() if name != "content"}


def _files(work: UnitOfWork, document: Document) -> dict[str, bytes]:
    sys_ref = document.sys_ref
    attached = work.documents.attachments([sys_ref]).get(sys_ref, ())
    replies = work.mailbox.about(sys_ref)
    withheld = work.withheld.about(sys_ref)
    told = {
        "document": asdict(document),
        "identifiers": [asdict(each) for each in work.identifiers.of(sys_ref)],
        "events": [{**asdict(each), "facts": dict(each.facts)} for each in work.events.of(sys_ref)],
        "attachments": [
            {"file": _attachment(number), "filename": each.filename, "mime": each.mime}
            for number, each in enumerate(attached, start=1)
        ],
        "replies": [
            {"file": _reply(number), **_without_content(each)} for number, each in enumerate(replies, start=1)
        ],
        "withheld": [_proof(number, each) for number, each in enumerate(withheld, start=1)],
    }
    return {
        "document.json": _json(told),
        "payload": work.documents.contents([sys_ref])[sys_ref],
        **{_attachment(number): each.content for number, each in enumerate(attached, start=1)},
        **{_reply(number): each.content for number, each in enumerate(replies, start=1)},
        **{_withheld(number): each.reply.content for number, each in enumerate(withheld, start=1)},
        **{_withheld(number) + "-proof": each.proof for number, each in enumerate(withheld, start=1)},
    }


def _proof(number: int, each: Withheld) -> Mapping[str, object]:
    """What waited for a proof of delivery; its content is among the replies once it was handed out."""
    return {
        "file": _withheld(number),
        "proof_id": each.proof_id,
        "due_at": each.due_at,
        "outcome": each.outcome,
        **_without_content(each.reply),
    }


def _attachment(number: int) -> str:
    return f"attachments/{number}"  # senders choose names; paths are ours


def _reply(number: int) -> str:
    return f"replies/{number:04}"


def _withheld(number: int) -> str:
    return f"withheld/{number:04}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _durable(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


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
