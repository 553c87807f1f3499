"""Records of PDR as they stand in a file, and what can be wrong with them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from registry.errors import RegistryError

__all__ = [
    "FIELDS",
    "LARGEST_RECORD",
    "SEVERAL",
    "PdrFileError",
    "PdrKind",
    "PdrRecord",
    "Problem",
    "ProblemCode",
]

#: Bytes of one record; more is no record, but a file that is broken or hostile.
LARGEST_RECORD = 1024 * 1024


class PdrKind(StrEnum):
    """What a record is about."""

    PERSON = "person"
    ENTITY = "entity"
    AUTHORISATION = "authorisation"  # who may act for whom
    KEY = "key"  # certificate of a CBTD key


#: Fields by kind of record; True: must be given.
FIELDS: Mapping[PdrKind, Mapping[str, bool]] = MappingProxyType(
    {
        PdrKind.PERSON: {
            "id": True,
            "given_names": False,
            "surname": True,
            "pesel": False,
            "document": False,
            "id_sisc": False,
        },
        PdrKind.ENTITY: {
            "id": True,
            "name": True,
            "eori": False,
            "nip": False,
            "regon": False,
            "excise": False,
            "owner": False,
            "id_sisc": False,
        },
        PdrKind.AUTHORISATION: {
            "id": True,
            "representative": True,
            "represented": True,
            "systems": True,
            "level": False,
            "valid_from": False,
            "valid_to": False,
        },
        PdrKind.KEY: {"id": True, "holder": True, "certificate": True},
    }
)

#: Fields with several values, separated by blanks.
SEVERAL = frozenset({"excise", "systems"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PdrRecord:
    """One record: its kind as written, its fields that are not empty."""

    line: int  # where it begins, 1-based
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its number in PDR; empty where the file gives none."""
        return self.fields.get("id", "")

    @property
    def digest(self) -> str:
        """Tells whether two records say the same: hexadecimal SHA-256."""
        said = json.dumps([self.kind, sorted(self.fields.items())], ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


class ProblemCode(StrEnum):
    """Why a record was not entered."""

    BAD_RECORD = "BAD_RECORD"  # unknown kind or field, a field is missing
    BAD_NUMBER = "BAD_NUMBER"  # an identification number breaks its own rules
    BAD_VALUE = "BAD_VALUE"  # another value cannot be used
    BAD_CERTIFICATE = "BAD_CERTIFICATE"  # a key's certificate cannot be used
    DUPLICATE = "DUPLICATE"  # the number belongs to another record or party
    UNKNOWN_PARTY = "UNKNOWN_PARTY"  # it names a record that is not entered (yet)
    KEYS_FROZEN = "KEYS_FROZEN"  # the register of CBTD keys takes nothing more


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with one record: everything needed to mend the line."""

    line: int
    record: str  # kind as written
    id: str  # number in PDR
    code: ProblemCode
    field: str
    message_pl: str
    message_en: str


class PdrFileError(RegistryError):
    """The file cannot be read on from here; what was read before is entered."""

    def __init__(self, *, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason
