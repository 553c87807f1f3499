"""Errors of the schema catalogue.

SchemaError
├── CodeListError            a code list cannot be read (the operator gives another file)
├── CatalogueError      the catalogue itself or one of its schemas is unusable (an operator mends it)
├── IdentifierError          an identifier cannot be made of the parts given (the caller mends it)
├── PackError           a schema pack is refused (its maker, or the operator who describes it, mends it)
├── UnknownMessageError      no active type has this root element and namespace (the sender mends it)
└── UnknownTypeError         no type, or more than one, is meant by a code (the caller mends it)
"""

__all__ = [
    "CatalogueError",
    "CodeListError",
    "IdentifierError",
    "PackError",
    "SchemaError",
    "UnknownMessageError",
    "UnknownTypeError",
]


class SchemaError(Exception):
    """Anything the schema catalogue refuses or cannot do."""


class CatalogueError(SchemaError):
    """The catalogue data or a schema file cannot be used."""

    def __init__(self, *, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class CodeListError(SchemaError):
    """A file is no code list, or not the one that was installed."""

    def __init__(self, *, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class IdentifierError(SchemaError):
    """The parts given do not make an identifier of this kind."""

    def __init__(self, *, kind: str, value: str) -> None:
        super().__init__(f"{value!r} is no {kind}")
        self.kind = kind
        self.value = value


class PackError(SchemaError):
    """A schema pack is not installed: nothing has changed."""

    def __init__(self, *, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source  # the pack, or a file in it
        self.reason = reason


class UnknownMessageError(SchemaError):
    """No message type that is active at the given time has this document element."""

    def __init__(self, *, namespace: str, root: str) -> None:
        super().__init__(f"no active schema for {{{namespace}}}{root}")
        self.namespace = namespace
        self.root = root


class UnknownTypeError(SchemaError):
    """A code does not name exactly one message type."""

    def __init__(self, *, code: str, systems: tuple[str, ...]) -> None:
        where = (
            f"is a code of {', '.join(systems)}: name the system" if systems else "is no active message type"
        )
        super().__init__(f"{code} {where}")
        self.code = code
        self.systems = systems
