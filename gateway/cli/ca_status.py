"""`sisc ca suspend`, `revoke` and the like: the life of certificates, and telling the world about it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from gateway.actions import Action
from gateway.bootstrap import Gateway
from gateway.cli.context import open_configured, operator
from gateway.cli.output import JsonFlag, local, print_rows, tell
from gateway.clock import now
from gateway.errors import GatewayError
from gateway.observe import Observer, configure_logging
from gateway.pki.authority import init_responder, open_authority
from gateway.pki.publishing import Publisher
from gateway.supervisor import on_stop_signal
from registry.helpdesk import HelpDeskRecords
from signing.errors import PublicationError, SigningError, UnknownCertificateError
from signing.lifecycle import RevocationReason
from signing.publication import PublishedCrl
from signing.records import CertificateRecord
from signing.register import SqlCertificateRegister

__all__ = [
    "RequestOption",
    "certificate_columns",
    "certificate_row",
    "expiring",
    "history",
    "publish",
    "responder",
    "revoke",
    "suspend",
    "unsuspend",
]

_Serial = Annotated[str, typer.Argument(help="Serial number, hexadecimal; colons and case do not matter.")]
_Why = Annotated[str, typer.Option("--reason", help="Why, in your own words; kept in the history.")]
#: Of every act of the help desk.
RequestOption = Annotated[
    int | None, typer.Option("--request", help="Number of the request it is about; the act is noted there.")
]

certificate_columns = (
    "serial",
    "person",
    "subject",
    "not before",
    "not after",
    "status",
    "since",
    "reason",
    "decided",
)


def suspend(serial: _Serial, reason: _Why, request: RequestOption = None, as_json: JsonFlag = False) -> None:
    """Suspend a certificate (certificateHold) and publish the CRL."""
    _change(
        lambda register: register.hold(_plain(serial), at=now(), operator=operator(), note=reason),
        f"suspended: {reason}",
        request,
        as_json=as_json,
    )


def unsuspend(
    serial: _Serial, reason: _Why, request: RequestOption = None, as_json: JsonFlag = False
) -> None:
    """Lift a suspension and publish the CRL."""
    _change(
        lambda register: register.release(_plain(serial), at=now(), operator=operator(), note=reason),
        f"unsuspended: {reason}",
        request,
        as_json=as_json,
    )


def revoke(
    serial: _Serial,
    reason: Annotated[RevocationReason, typer.Option(help="CRLReason of RFC 5280.")],
    note: Annotated[str | None, typer.Option(help="In your own words; kept in the history.")] = None,
    request: RequestOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke a certificate for good and publish the CRL.

    A suspended certificate is revoked from the day of its suspension on.
    """
    _change(
        lambda register: register.revoke(_plain(serial), reason, at=now(), operator=operator(), note=note),
        f"revoked: {', '.join(filter(None, (reason.value, note)))}",
        request,
        as_json=as_json,
    )


def history(serial: _Serial, as_json: JsonFlag = False) -> None:
    """Tell what happened to a certificate, when and by whose hand."""
    with open_configured() as gateway, gateway.store.read() as work:
        register = SqlCertificateRegister(work.connection)
        if register.find(_plain(serial)) is None:
            raise UnknownCertificateError(serial=_plain(serial))
        entries = register.history(_plain(serial))
    rows = [(entry.at, entry.act.value, entry.operator, entry.reason, entry.note) for entry in entries]
    print_rows("History", ("at", "act", "operator", "reason", "note"), rows, as_json=as_json)


def expiring(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Ending within so many days.")] = 30,
    as_json: JsonFlag = False,
) -> None:
    """List certificates that end soon, soonest first; revoked ones are left out."""
    at = now()
    with open_configured() as gateway, gateway.store.read() as work:
        found = SqlCertificateRegister(work.connection).expiring(after=at, until=at + timedelta(days=days))
    print_rows("Expiring", certificate_columns, map(certificate_row, found), as_json=as_json)


def publish(
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Go on: publish whenever a CRL is due, until Ctrl-C or SIGTERM."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Publish a CRL now. With --watch also renews the key of the OCSP responder before it ends."""
    with open_configured() as gateway:
        if not watch:
            _tell(_publisher(gateway, gateway.observe).publish(), as_json=as_json)
            return
        configure_logging(gateway.settings.log_level)  # from here on its log is what it has to say
        stop = threading.Event()
        on_stop_signal(stop)
        _publisher(gateway, Observer("publisher")).run(stop)


def responder(as_json: JsonFlag = False) -> None:
    """Give the OCSP responder a new key and a short-lived certificate.

    The password of its key file comes from SISC_KEYS__RESPONDER_PASSWORD.
    """
    with open_configured() as gateway:
        settings = gateway.settings
        key = init_responder(settings, open_authority(settings), at=now())
        until = key.certificate.not_valid_after_utc
        gateway.observe(Action.RESPONDER_RENEWED, not_after=until.isoformat())
    path = str(settings.path(settings.keys.responder))
    tell(
        {"written": path, "not_after": until}, f"written: {path}, good until {local(until)}", as_json=as_json
    )


def certificate_row(record: CertificateRecord) -> tuple[object, ...]:
    """What lists tell of a certificate, in the order of `certificate_columns`."""
    return (
        record.serial,
        record.person_id,
        record.subject,
        record.not_before,
        record.not_after,
        record.status.value,
        record.status_at,
        record.reason,
        record.decided_at,
    )


def _change(
    act: Callable[[SqlCertificateRegister], CertificateRecord],
    done: str,
    request: int | None,
    *,
    as_json: bool,
) -> None:
    """Change the register, then publish: a key out of reach must not keep a certificate in force."""
    with open_configured() as gateway:
        with gateway.store.begin() as work:
            record = act(SqlCertificateRegister(work.connection))
            if request is not None:
                note = f"certificate {record.serial} {done}"
                HelpDeskRecords(work.connection).note_action(request, note, operator=operator(), at=now())
            work.commit()
        gateway.observe(Action.CERTIFICATE_STATUS_CHANGED, detail=record.status.value, serial=record.serial)
        print_rows("Certificate", certificate_columns, [certificate_row(record)], as_json=as_json)
        try:
            crl = _publisher(gateway, gateway.observe).publish()
        except (GatewayError, SigningError) as error:
            reason = f"the register is changed, but its publication failed: {error}; then: sisc ca publish"
            raise PublicationError(reason=reason) from error
    if not as_json:
        _tell(crl, as_json=False)


def _publisher(gateway: Gateway, observe: Observer) -> Publisher:
    return Publisher.open(gateway.settings, gateway.store, clock=now, observe=observe)


def _tell(crl: PublishedCrl, *, as_json: bool) -> None:
    record = {"number": crl.number, "this_update": crl.this_update, "next_update": crl.next_update}
    tell(record, f"CRL {crl.number} published, good until {local(crl.next_update)}", as_json=as_json)


def _plain(serial: str) -> str:
    """A serial number as the register has it, from whatever tool shows it."""
    return serial.replace(":", "").replace(" ", "").lower().removeprefix("0x").lstrip("0") or "0"
