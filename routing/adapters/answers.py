"""How a remote back end answers: envelopes of answers, refusals that carry some, sidecars of answer files.

Answers read here are `UNREAD`: their bytes are taken out of the envelope and nobody has looked inside.
The page for back-end teams is docs/reference/back-end-contract.md; a change here is a change of the contract.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from routing.errors import EnvelopeError
from routing.model import Answer, AnswerKind, Recipient
from schemas.model import IdentifierKind

__all__ = [
    "JSON",
    "PROBLEM",
    "Sidecar",
    "read_envelope",
    "read_problem",
    "read_sidecar",
    "write_envelope",
    "write_problem",
    "write_sidecar",
]

JSON: Final = "application/json"  # of an envelope
PROBLEM: Final = "application/problem+json"  # of a refusal, RFC 9457
_MOST_ANSWERS: Final = 1000  # in one envelope
_MOST_RECIPIENTS: Final = 20  # of one answer
#: Members that are called alike on both sides.
_SAME_NAMES: Final = ("sys_ref", "correlation", "lrn", "mrn", "arc", "confirmed_delivery")

_Number = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
_Line = Annotated[str, StringConstraints(max_length=1000)]
#: No folder, no hidden file, nothing a terminal would act on.
_FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]*$"),
]
_PlainName = Annotated[str, StringConstraints(max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.xml$")]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _decoded(value: object) -> object:
    """Base64 (RFC 4648 section 4); line breaks are allowed, bytes are taken as they are."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_Base64 = Annotated[
    bytes, BeforeValidator(_decoded), PlainSerializer(_encoded, when_used="json"), Field(min_length=1)
]


class _Party(BaseModel):
    """For whom an answer is, where it is not for the sender of the document answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: IdentifierKind
    number: _Number


class _Told(BaseModel):
    """What a back end tells of an answer beside its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    id: _Number
    file_name: _FileName | None = None
    sys_ref: _Number | None = None
    correlation: _Number | None = None
    lrn: _Number | None = None
    mrn: _Number | None = None
    arc: _Number | None = None
    recipients: Annotated[tuple[_Party, ...], Field(max_length=_MOST_RECIPIENTS)] = ()
    confirmed_delivery: bool = False

    def answer(self, content: bytes) -> Answer:
        """The answer, nobody having looked inside."""
        return Answer(
            back_end_id=self.id,
            kind=AnswerKind.UNREAD,
            type_code="",
            filename=self.file_name or "",
            content=content,
            sys_ref=self.sys_ref,
            correlation=self.correlation,
            lrn=self.lrn,
            mrn=self.mrn,
            arc=self.arc,
            recipients=tuple(Recipient(kind=each.kind, number=each.number) for each in self.recipients),
            confirmed_delivery=self.confirmed_delivery,
        )


class Sidecar(_Told):
    """Lies beside an answer in a folder."""

    file: _PlainName
    sha256: _Sha256  # tells when the file is whole


class _Sent(_Told):
    """An answer with its bytes."""

    content: _Base64


_Answers = Annotated[tuple[_Sent, ...], Field(max_length=_MOST_ANSWERS)]


class _Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: _Answers


class _Problem(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # RFC 9457: unknown members are ignored

    title: _Line = ""
    detail: _Line = ""
    answers: _Answers = ()


_Read = TypeVar("_Read", bound=BaseModel)


def read_envelope(content: bytes) -> tuple[Answer, ...]:
    """The answers in `{"answers": […]}`.

    Raises:
        EnvelopeError: it is no such thing.
    """
    return tuple(sent.answer(sent.content) for sent in _read(_Envelope, content).answers)


def read_problem(content: bytes) -> tuple[str, tuple[Answer, ...]]:
    """Why a document is refused, in one line, and the answers that say so to its sender.

    Raises:
        EnvelopeError: it is no problem object.
    """
    problem = _read(_Problem, content)
    reason = " ".join(f"{problem.title} {problem.detail}".split())
    return reason, tuple(sent.answer(sent.content) for sent in problem.answers)


def read_sidecar(content: bytes) -> Sidecar:
    """The sidecar of an answer in a folder.

    Raises:
        EnvelopeError: it is none.
    """
    return _read(Sidecar, content)


def write_envelope(answers: Sequence[Answer]) -> bytes:
    """What `read_envelope` reads, for back ends written in Python."""
    return _written(_Envelope(answers=tuple(map(_sent, answers))))


def write_problem(*, title: str, detail: str, answers: Sequence[Answer]) -> bytes:
    """What `read_problem` reads, for back ends written in Python."""
    return _written(_Problem(title=title[:1000], detail=detail[:1000], answers=tuple(map(_sent, answers))))


def write_sidecar(answer: Answer, file: str) -> bytes:
    """What `read_sidecar` reads, for back ends written in Python."""
    told = _sent(answer).model_dump(exclude={"content"})
    facts = {**told, "file": file, "sha256": hashlib.sha256(answer.content).hexdigest()}
    return _written(Sidecar.model_validate(facts, by_name=True))


def _read(form: type[_Read], content: bytes) -> _Read:
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise EnvelopeError(reason=f"{place}: {first['msg']}") from error


def _written(form: BaseModel) -> bytes:
    return form.model_dump_json(by_alias=True, exclude_none=True, exclude_defaults=True).encode()


def _sent(answer: Answer) -> _Sent:
    return _Sent.model_validate(
        {
            "id": answer.back_end_id,
            "file_name": answer.filename or None,
            "content": answer.content,
            "recipients": [_Party(kind=each.kind, number=each.number) for each in answer.recipients],
            **{name: getattr(answer, name) for name in _SAME_NAMES},
        },
        by_name=True,
    )
