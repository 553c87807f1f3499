"""`sisc check`: for those who write and test messages."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509

from gateway.cli.files import read_input
from gateway.cli.output import JsonFlag, print_json, say
from gateway.clock import now
from gateway.codelists import read_folder
from gateway.errors import ConfigurationError
from gateway.flow.dates import parse_moment
from gateway.inspection import Inspection, Inspector
from gateway.plausibility import GatewayPlausibility
from schemas.catalogue import Catalogue, load_builtin
from schemas.codelists import CodeList
from schemas.findings import Finding, Severity
from schemas.validation import Validator
from signing.errors import RefusedError
from signing.faults import Rule
from signing.policy import MESSAGE_POLICY, SignaturePolicy
from signing.trust import FirstTrust, PinnedTrust, TrustSource
from signing.verdict import Verdict

__all__ = ["check"]

#: Variables for clients of any gateway; they say nothing of an installation here.
_CLIENT_VARIABLES: Final = frozenset({"SISC_CLIENT", "SISC_PASSWORD", "SISC_KEY_PASSWORD"})


def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="XML documents; -: standard input."),
    ],
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Only against the schema.")] = False,
    signature_only: Annotated[bool, typer.Option("--signature-only", help="Only the signature.")] = False,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="PEM or DER certificates of signers trusted as they are; may be repeated."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="Moment to check for, e.g. 2026-03-01T12:00:00Z.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check documents as the gateway would: schema and signature.

    Exits 1 if any document is not fully good.
    """
    if schema_only and signature_only:
        raise ConfigurationError(key="--schema-only", reason="excludes --signature-only")
    catalogue = _catalogue()
    good = True
    with _ground(trust or [], ask_installation=not schema_only) as ground:
        inspector = Inspector(
            catalogue=catalogue,
            validator=Validator(catalogue),
            trust=ground.trust,
            policy=ground.policy,
            plausibility=_plausibility(),
            at=_moment(at),
        )
        for file in files:
            found = inspector.inspect(read_input(file), schema=not signature_only, signature=not schema_only)
            good = good and found.good
            if as_json:
                print_json(_record(file, found))
            else:
                _print(file, found)
    if not good:
        raise typer.Exit(1)


def _catalogue() -> Catalogue:
    """The message types of this installation, where there is one: its packs count as at the gateway."""
    if not _may_be_installed():
        return load_builtin()
    from gateway.bootstrap import open_catalogue  # noqa: PLC0415 - as above
    from gateway.cli.schema_packs import unreadable  # noqa: PLC0415 - imports settings, see _installed
    from gateway.settings import load_settings  # noqa: PLC0415 - as above

    return open_catalogue(load_settings(), unreadable)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ground:
    """What signatures are judged by."""

    trust: TrustSource
    policy: SignaturePolicy = MESSAGE_POLICY


@contextmanager
def _ground(files: Sequence[Path], *, ask_installation: bool) -> Iterator[_Ground]:
    """The certificates named, then what this installation accepts, where there is one."""
    pinned = [certificate for file in files for certificate in _certificates(file)]
    named = [_pinned(pinned)] if pinned else []
    if not (ask_installation and _may_be_installed()):
        yield _Ground(trust=FirstTrust(named))
        return
    with _installed() as installed:
        if installed is None:
            yield _Ground(trust=FirstTrust(named))
        else:
            yield replace(installed, trust=FirstTrust([*named, installed.trust]))


def _may_be_installed() -> bool:
    """Whether there may be settings; only then is it worth while to read them."""
    return Path("sisc.toml").is_file() or any(
        name.startswith("SISC_") and name not in _CLIENT_VARIABLES for name in os.environ
    )


@contextmanager
def _installed() -> Iterator[_Ground | None]:
    """What the settings in force accept; None: no authority was ever made there.

    Settings and database take a second to import, and a check elsewhere does without.
    """
    from gateway.settings import load_settings  # noqa: PLC0415 - see above

    settings = load_settings()
    if not settings.path(settings.keys.authority_certificates).is_file():
        yield None
        return
    from gateway.cli.context import open_configured  # noqa: PLC0415 - see above
    from gateway.trust.sources import message_policy  # noqa: PLC0415 - see above

    with open_configured() as gateway, gateway.store.read() as work:
        yield _Ground(trust=gateway.trust.source(work), policy=message_policy(settings))


def _plausibility() -> GatewayPlausibility:
    """With the settings and code lists of this installation, where there is one."""
    if not _may_be_installed():
        nothing: Mapping[str, CodeList] = {}
        return GatewayPlausibility(lambda: nothing)
    from gateway.settings import load_settings  # noqa: PLC0415 - see _installed

    settings = load_settings()
    options = settings.plausibility
    lists = read_folder(settings.path(options.code_lists))
    return GatewayPlausibility(lambda: lists, level=options.level, rules=options.rules)


def _pinned(certificates: Sequence[x509.Certificate]) -> TrustSource:
    try:
        return PinnedTrust(certificates)
    except (RefusedError, ValueError) as error:
        raise ConfigurationError(key="--trust", reason=f"a certificate cannot be used: {error}") from error


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(key="--trust", reason=f"cannot read {file}: {error.strerror}") from error
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        reason = f"{file} holds no certificate in PEM or DER"
        raise ConfigurationError(key="--trust", reason=reason) from error


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    moment = parse_moment(text)
    if moment is None:
        raise ConfigurationError(key="--at", reason=f"{text!r} is neither a date nor a time")
    return moment.moment


def _record(file: Path, found: Inspection) -> dict[str, object]:
    findings = found.schema.findings if found.schema else ()
    listed = [found.unreadable] if found.unreadable else list(findings)
    valid = (
        None if found.schema is None and not found.unreadable else bool(found.schema and found.schema.valid)
    )
    return {
        "file": str(file),
        "type": found.type_code,
        "schema": {"valid": valid, "findings": [_finding(finding) for finding in listed]},
        "signature": _signature(found),
    }


def _signature(found: Inspection) -> dict[str, object]:
    """The three members asked of every line, and the broken rule behind them."""
    if found.unreadable:
        return {
            "indication": "TOTAL-FAILED",
            "sub_indication": "FORMAT_FAILURE",
            "signer": None,
            "fault": _finding(found.unreadable),
        }
    verdict = found.verdict
    if verdict is None:
        return {"indication": None, "sub_indication": None, "signer": None}
    fault = verdict.fault
    return {
        "indication": verdict.indication.value,
        "sub_indication": verdict.sub_indication.value if verdict.sub_indication else None,
        "signer": _signer(verdict),
        "weak_from": verdict.weak_from and verdict.weak_from.isoformat(),
        "fault": fault
        and {
            "code": fault.rule,
            "line": fault.line,
            "xpath": fault.xpath,
            "message_pl": fault.message_pl,
            "message_en": fault.message_en,
            "remedy_pl": fault.remedy_pl,
            "remedy_en": fault.remedy_en,
        },
    }


def _signer(verdict: Verdict) -> dict[str, object] | None:
    signer = verdict.signer
    if signer is None:
        return None
    return {
        "subject": signer.subject,
        "issuer": signer.issuer,
        "serial": signer.serial,
        "fingerprint": signer.fingerprint,
        "class": signer.signer_class.value if signer.signer_class else None,
        "person": signer.person_id,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "line": finding.line,
        "column": finding.column,
        "xpath": finding.xpath,
        "value": finding.value,
        "message_pl": finding.message_pl,
        "message_en": finding.message_en,
        "remedy_pl": finding.remedy_pl,
        "remedy_en": finding.remedy_en,
    }


def _print(file: Path, found: Inspection) -> None:
    if found.good:
        warned = ", with warnings" if found.schema and found.schema.findings else ""
        say(f"{file}  {found.type_code or 'unknown type'}  good{warned}", style="green")
    else:
        say(f"{file}  {found.type_code or 'unknown type'}  not good", style="red")
    if found.unreadable:
        _print_finding(found.unreadable)
    if found.schema is not None:
        say(f"  schema: {'valid' if found.schema.valid else 'not valid'}")
        for finding in found.schema.findings:
            _print_finding(finding)
        left = found.schema.total - len(found.schema.findings)
        if left > 0:
            say(f"    … and {left} more")
    if found.verdict is not None:
        _print_verdict(found.verdict)


def _print_finding(finding: Finding) -> None:
    column = f", column {finding.column}" if finding.column else ""
    place = f"line {finding.line}{column}: " if finding.line else ""
    severity = "" if finding.severity is Severity.ERROR else "warning "
    say(f"    {place}{severity}{finding.code}  {finding.message_en}\n      {finding.remedy_en}")


def _print_verdict(verdict: Verdict) -> None:
    say(f"  signature: {verdict.indication.value}")
    if verdict.signer is not None:
        say(f"    signer {verdict.signer.subject}")
    if verdict.weak_from is not None:
        say(f"    warning: the signer's RSA key is too short from {verdict.weak_from} on; get a longer one")
    if verdict.fault is not None:
        place = f"line {verdict.fault.line}: " if verdict.fault.line else ""
        say(f"    {place}{verdict.fault.rule}  {verdict.fault.message_en}\n      {verdict.fault.remedy_en}")
        if verdict.fault.rule == Rule.CERT_UNTRUSTED:
            say(
                "      Here: trust it as it is with --trust FILE, or name a gateway's settings with --config."
            )
