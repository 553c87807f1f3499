"""`sisc registry signer`: whose foreign certificates are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.cli.context import ReasonOption, open_registry
from gateway.cli.files import read_input
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_rows
from gateway.errors import ConfigurationError
from registry.model import SignerBinding, SignerKind
from signing.certificates import read_certificate

__all__ = ["app"]

app = group("Foreign certificates without PESEL, and whose they are.")

_Person = Annotated[str, typer.Argument(help="ID SISC of the registered person.")]
_Certificate = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="The signer's certificate, PEM or DER.")
]
_Identifier = Annotated[
    str | None, typer.Option(help="Number in the certificate's subject, with its country, e.g. PNODE-….")
]


@app.command("add")
def add(
    person: _Person,
    certificate: _Certificate = None,
    identifier: _Identifier = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register that qualified signatures with a certificate, or with an identifier, are a person's."""
    kind, value = _bound(certificate, identifier)
    with open_registry(reason) as session:
        binding = session.repository.add_signer(
            person, kind, value, operator=session.operator, at=session.now
        )
    _print([binding], as_json=as_json)


@app.command("remove")
def remove(
    person: _Person,
    certificate: _Certificate = None,
    identifier: _Identifier = None,
    fingerprint: Annotated[str | None, typer.Option(help="Of the certificate, as listed.")] = None,
    reason: ReasonOption = None,
    as_json: JsonFlag = False,
) -> None:
    """End that at once; documents received before are not touched."""
    kind, value = _bound(certificate, identifier, fingerprint)
    with open_registry(reason) as session:
        binding = session.repository.remove_signer(
            person, kind, value, operator=session.operator, at=session.now
        )
    _print([binding], as_json=as_json)


@app.command("list")
def list_signers(person: _Person, as_json: JsonFlag = False) -> None:
    """List what is registered for a person."""
    with open_registry() as session:
        session.repository.get_person(person)
        found = session.repository.signers_of(person)
    _print(found, as_json=as_json)


def _bound(
    certificate: Path | None, identifier: str | None, fingerprint: str | None = None
) -> tuple[SignerKind, str]:
    """The one thing that was named."""
    given = [value for value in (certificate, identifier, fingerprint) if value is not None]
    if len(given) != 1:
        raise typer.BadParameter("name one certificate or one identifier")
    if identifier is not None:
        return SignerKind.IDENTIFIER, identifier.strip()
    if fingerprint is not None:
        return SignerKind.CERTIFICATE, fingerprint.strip().lower()
    assert certificate is not None  # noqa: S101 - one of the three was given
    return SignerKind.CERTIFICATE, _fingerprint(certificate)


def _fingerprint(file: Path) -> str:
    content = read_input(file)
    try:
        pem = b"-----BEGIN" in content
        certificate = (
            x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        )
        return read_certificate(certificate.public_bytes(Encoding.DER)).fingerprint
    except ValueError as error:
        reason = f"{file} holds no certificate in PEM or DER"
        raise ConfigurationError(key="--certificate", reason=reason) from error


def _print(bindings: Iterable[SignerBinding], *, as_json: bool) -> None:
    columns = ("person", "kind", "value", "since")
    rows = [(each.person_id, each.kind.value, each.value, each.added_at) for each in bindings]
    print_rows("Signers", columns, rows, as_json=as_json)
