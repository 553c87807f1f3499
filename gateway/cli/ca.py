"""`sisc ca`: the SC certificate authority."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.actions import Action
from gateway.cli import ca_status
from gateway.cli.context import open_configured, operator
from gateway.cli.files import new_file, read_input
from gateway.cli.groups import group
from gateway.cli.keys import told_by_setting
from gateway.cli.output import JsonFlag, print_rows, tell
from gateway.clock import now
from gateway.errors import ConfigurationError
from gateway.pki.authority import (
    certify_person,
    init_authority,
    init_seal,
    open_authority,
    publication_points,
)
from gateway.settings import KeyOptions, Settings, load_settings
from registry.repository import RegistryRepository
from signing.authority import AuthorityKey, KeyType, load_request
from signing.register import CertificateStatus, SqlCertificateRegister

__all__ = ["app"]

app = group("The SC certificate authority.")


@app.command("init")
def init(
    name: Annotated[str, typer.Option(help="Common name of the authority.")] = "SC CA",
    key_type: Annotated[KeyType, typer.Option(help="Key of the authority.")] = KeyType.RSA_3072,
    as_json: JsonFlag = False,
) -> None:
    """Make the authority's key and certificate, and the seal of the receipts. Nothing is ever overwritten.

    The passwords of both key files come from SISC_KEYS__AUTHORITY_PASSWORD and SISC_KEYS__SEAL_PASSWORD.
    """
    settings = load_settings()
    missing = _missing(settings)
    _demand_passwords(settings.keys)
    at = now()
    if settings.keys.authority_certificates in missing:
        authority = init_authority(settings, name=name, key_type=key_type, at=at)
    else:  # an earlier attempt was interrupted
        authority = _authority(settings)
    if settings.keys.seal in missing:
        init_seal(settings, authority, at=at)
    for file in missing:
        path = str(settings.path(file))
        tell({"written": path}, f"written: {path}", as_json=as_json)


@app.command("issue")
def issue(
    request: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="PKCS#10 request, PEM or DER.")
    ],
    person: Annotated[str, typer.Option(help="ID SISC of the registered person.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days of validity.")] = 730,
    out: Annotated[
        Path | None, typer.Option(help="File for the certificate; standard output without it.")
    ] = None,
) -> None:
    """Issue a certificate for a request. Its subject is what the registry knows of the person."""
    asked = load_request(read_input(request))
    with new_file(out) as write, open_configured() as gateway:
        authority = _authority(gateway.settings)
        with gateway.store.begin() as work:
            record = certify_person(
                authority,
                request=asked,
                person_id=person,
                registry=RegistryRepository(work.connection),
                register=SqlCertificateRegister(work.connection),
                at=now(),
                lifetime=timedelta(days=days),
                points=publication_points(gateway.settings),
                operator=operator(),
            )
            work.commit()
        gateway.observe(Action.CERTIFICATE_ISSUED, serial=record.serial, person=person)
        write(record.certificate.public_bytes(Encoding.PEM))


@app.command("list")
def list_certificates(
    person: Annotated[str | None, typer.Option(help="ID SISC of the person.")] = None,
    status: Annotated[CertificateStatus | None, typer.Option(help="Only of this status.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List certificates, newest first: all, or of a person, or of a status."""
    with open_configured() as gateway, gateway.store.read() as work:
        records = SqlCertificateRegister(work.connection).list_all(person_id=person, status=status)
    rows = map(ca_status.certificate_row, records)
    print_rows("Certificates", ca_status.certificate_columns, rows, as_json=as_json)


for _name, _command in (
    ("suspend", ca_status.suspend),
    ("unsuspend", ca_status.unsuspend),
    ("revoke", ca_status.revoke),
    ("history", ca_status.history),
    ("expiring", ca_status.expiring),
    ("publish", ca_status.publish),
    ("responder", ca_status.responder),
):
    app.command(_name)(_command)


def _authority(settings: Settings) -> AuthorityKey:
    with told_by_setting("keys.authority"):
        return open_authority(settings)


def _missing(settings: Settings) -> list[Path]:
    """Which of the files that `init` makes are not there.

    Raises:
        ConfigurationError: all are there, or the authority's certificate is without its key or the other way
            round.
    """
    keys = settings.keys
    wanted = [keys.authority_certificates, keys.seal]
    if not keys.authority_pkcs11:
        wanted.insert(0, keys.authority)
    missing = [file for file in wanted if not settings.path(file).exists()]
    if missing in (wanted, [keys.seal]):
        return missing
    there = ", ".join(str(settings.path(file)) for file in wanted if file not in missing)
    raise ConfigurationError(key="keys", reason=f"{there}: there already, and never overwritten")


def _demand_passwords(keys: KeyOptions) -> None:
    """Before anything is made: a seal's missing password must not leave half an authority behind."""
    needed = {
        "SISC_KEYS__AUTHORITY_PASSWORD": keys.authority_password,
        "SISC_KEYS__SEAL_PASSWORD": keys.seal_password,
    }
    for variable, password in needed.items():
        if not password:
            raise ConfigurationError(key=variable, reason="not set; it protects the key file to be made")
