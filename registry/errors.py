"""Errors of the registry.

RegistryError
├── InvalidNumberError      an identification number breaks its own rules (whoever typed it mends it)
├── InvalidRecordError      a record or request contradicts the rules of the registry
├── NotRegisteredError      nothing is registered under this key
├── AlreadyRegisteredError  the key or number is taken
├── ChangedMeanwhileError   somebody else changed the record since it was read: read again, decide again
└── CredentialError         a stored credential or its key cannot be used (an operator mends it)
"""

__all__ = [
    "AlreadyRegisteredError",
    "ChangedMeanwhileError",
    "CredentialError",
    "InvalidNumberError",
    "InvalidRecordError",
    "NotRegisteredError",
    "RegistryError",
]


class RegistryError(Exception):
    """Anything the registry refuses or cannot do."""


class InvalidNumberError(RegistryError):
    """An identification number is not what it claims to be."""

    def __init__(self, *, kind: str, value: str, reason_pl: str, reason_en: str) -> None:
        super().__init__(f"{kind} {value!r}: {reason_en}")
        self.kind = kind
        self.value = value
        self.reason_pl = reason_pl
        self.reason_en = reason_en


class InvalidRecordError(RegistryError):
    """A record contradicts itself or the rules."""

    def __init__(self, *, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NotRegisteredError(RegistryError):
    """Nothing is registered under this key."""

    def __init__(self, *, what: str, key: str) -> None:
        super().__init__(f"no {what} {key}")
        self.what = what
        self.key = key


class AlreadyRegisteredError(RegistryError):
    """The key or number belongs to another record."""

    def __init__(self, *, what: str, key: str) -> None:
        super().__init__(f"{what} {key} is registered already")
        self.what = what
        self.key = key


class ChangedMeanwhileError(RegistryError):
    """The record is not the version it was when read."""

    def __init__(self, *, what: str, key: str) -> None:
        super().__init__(f"{what} {key} was changed by somebody else")
        self.what = what
        self.key = key


class CredentialError(RegistryError):
    """A credential or its encryption key cannot be used. Never carries the secret."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
