"""`sisc trust`: the EU trusted lists and the register of CBTD keys."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from gateway import clock
from gateway.cli.context import open_configured
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_json, print_rows, say
from gateway.cli.trust_cbtd import app as cbtd_app
from gateway.errors import ConfigurationError
from gateway.flow.dates import parse_moment
from gateway.trust.lists import current_lists, list_updater
from signing.trustlists.keeping import ListCheck
from signing.trustlists.qualification import assess
from signing.trustlists.repository import SqlListRepository
from signing.trustlists.service import ListsInForce
from signing.trustlists.verification import VerifiedList

__all__ = ["app"]

app = group("Whose certificates are accepted: EU trusted lists, CBTD register.")
app.add_typer(cbtd_app, name="cbtd")

_COLUMNS = ("territory", "sequence", "issued", "next update", "state", "services", "checked", "problem")


@app.command("update")
def update(
    due: Annotated[bool, typer.Option("--due", help="Only lists that are due for a look.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fetch the list of lists and all lists it points to; keep those that verify.

    Exits with 1 where a list could not be fetched or was refused; the one held stays in force.
    """
    problems = 0
    with open_configured() as gateway:
        updater = list_updater(
            gateway.settings, store=gateway.store, clock=clock.now, observe=gateway.observe
        )
        for check in updater.update(all_lists=not due):
            problems += check.problem is not None
            _tell(check, as_json=as_json)
    raise typer.Exit(1 if problems else 0)


def _tell(check: ListCheck, *, as_json: bool) -> None:
    """One line as soon as a list is done: fetching all of them takes a while."""
    if as_json:
        print_json(
            {"territory": check.territory, "location": check.location, "problem": check.problem},
        )
    else:
        say(f"{check.territory}  {check.problem or 'good'}", style="red" if check.problem else None)


@app.command("show")
def show(
    certificate: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="PEM or DER: tell whether it is qualified."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="At this time instead of now.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell which lists are held and in force, or what they say of a certificate (revocation left out)."""
    moment = _moment(at)
    with open_configured() as gateway:
        in_force = current_lists(gateway.settings, store=gateway.store, observe=gateway.observe)()
        if certificate is not None:
            _show_certificate(in_force, _read(certificate), moment, as_json=as_json)
            return
        with gateway.store.read() as work:
            checks = {check.territory: check for check in SqlListRepository(work.connection).checks()}
    held = {verified.territory: verified for verified in in_force.all_lists()}
    rows = [
        _row(
            territory,
            held.get(territory),
            checks.get(territory),
            in_force.state_of(held.get(territory), moment),
        )
        for territory in sorted(held.keys() | checks.keys())
    ]
    print_rows("Trusted lists", _COLUMNS, rows, as_json=as_json)


def _row(
    territory: str, verified: VerifiedList | None, check: ListCheck | None, state: str
) -> tuple[object, ...]:
    scheme = verified.list.scheme if verified else None
    return (
        territory,
        scheme.sequence if scheme else None,
        scheme.issued_at if scheme else None,
        scheme.next_update if scheme else None,
        state,
        sum(1 for _ in verified.list.services()) if verified else None,
        check.checked_at if check else None,
        check.problem if check else None,
    )


def _show_certificate(
    in_force: ListsInForce, certificate: x509.Certificate, at: datetime, *, as_json: bool
) -> None:
    issuers = in_force.issuers_of(certificate)
    services = in_force.services_of(issuers[0]) if issuers else ()
    assessment = assess(certificate, services, at=at) if services else None
    fault = (assessment.fault or assessment.device_fault) if assessment else None
    told = {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "services": [f"{s.territory} {s.sequence}: {s.name}" for s in services],
        "result": assessment.result.value if assessment else "issuer on no list held",
        "reason": f"{fault.rule}: {fault.message_en}" if fault else None,
    }
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        say(f"{name:8}  {'; '.join(value) if isinstance(value, list) else value or '-'}")


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    moment = parse_moment(text)
    if moment is None:
        raise ConfigurationError(key="--at", reason=f"{text!r} is neither a date nor a time")
    return moment.moment


def _read(file: Path) -> x509.Certificate:
    try:
        data = file.read_bytes()
        pem = data.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except (OSError, ValueError) as error:
        raise ConfigurationError(key=str(file), reason="not a certificate in PEM or DER") from error
