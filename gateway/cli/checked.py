"""What `sisc check` has found, for programs and in words for people."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.x509.oid import NameOID, ObjectIdentifier

from gateway.cli.output import say
from gateway.inspection import Inspection
from schemas.findings import Finding, Severity
from signing.faults import Rule
from signing.verdict import Fault, Signer, Verdict

__all__ = ["Language", "record", "show"]


class Language(StrEnum):
    """Of messages and remedies; codes are the same in all."""

    ENGLISH = "en"
    POLISH = "pl"


#: Parts of a name that RFC 4514 writes as numbers.
_NAMES: Final[dict[ObjectIdentifier, str]] = {
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.SURNAME: "surname",
    NameOID.GIVEN_NAME: "givenName",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    NameOID.EMAIL_ADDRESS: "emailAddress",
}


def record(file: Path, found: Inspection) -> dict[str, object]:
    """The JSON line of a document.

    Args:
        file: as named by the caller.
        found: from `Inspector.inspect`.
    """
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
    return {
        "indication": verdict.indication.value,
        "sub_indication": verdict.sub_indication.value if verdict.sub_indication else None,
        "signer": _signer(verdict.signer) if verdict.signer else None,
        "weak_from": verdict.weak_from and verdict.weak_from.isoformat(),
        "tolerated": _fault(verdict.tolerated) if verdict.tolerated else None,
        "fault": _fault(verdict.fault) if verdict.fault else None,
        "required": found.signature_required,
        "refused_class": _finding(found.refused_class) if found.refused_class else None,
    }


def _fault(fault: Fault) -> dict[str, object]:
    return {
        "code": fault.rule,
        "line": fault.line,
        "xpath": fault.xpath,
        "message_pl": fault.message_pl,
        "message_en": fault.message_en,
        "remedy_pl": fault.remedy_pl,
        "remedy_en": fault.remedy_en,
    }


def _signer(signer: Signer) -> dict[str, object]:
    return {
        "subject": signer.subject,
        "issuer": signer.issuer,
        "serial": signer.serial,
        "fingerprint": signer.fingerprint,
        "class": signer.signer_class.value if signer.signer_class else None,
        "qualification": signer.qualification,
        "trusted_lists": list(signer.trusted_lists),
        "person": signer.person_id,
        "person_name": signer.person_name,
        "subject_ids": list(signer.subject_ids),
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


def show(file: Path, found: Inspection, language: Language) -> None:
    """Print what was found in a document.

    Args:
        file: as named by the caller.
        found: from `Inspector.inspect`.
        language: of messages and remedies.
    """
    kind = found.type_code or "unknown type"
    if found.good:
        warned = ", with warnings" if found.schema and found.schema.findings else ""
        say(f"{file}  {kind}  good{warned}", style="green")
    else:
        say(f"{file}  {kind}  not good", style="red")
    if found.unreadable:
        _show(found.unreadable, language)
    if found.schema is not None:
        say(f"  schema: {'valid' if found.schema.valid else 'not valid'}")
        for finding in found.schema.findings:
            _show(finding, language)
        left = found.schema.total - len(found.schema.findings)
        if left > 0:
            say(f"    … and {left} more")
    if found.unsigned:
        say("  signature: none, and none is needed")
    elif found.verdict is not None:
        _show_verdict(found.verdict, language)
    if found.refused_class is not None:
        _show(found.refused_class, language)


def _show_verdict(verdict: Verdict, language: Language) -> None:
    why = f" ({verdict.sub_indication.value})" if verdict.sub_indication else ""
    say(f"  signature: {verdict.indication.value}{why}")
    if verdict.signer is not None:
        _show_signer(verdict.signer)
    if verdict.weak_from is not None:
        _show_ending(verdict.weak_from)
    if verdict.tolerated is not None:
        _show(verdict.tolerated, language, warning=True)
    if verdict.fault is not None:
        _show(verdict.fault, language)
        if verdict.fault.rule == Rule.CERT_UNTRUSTED:
            say(
                "      Here: trust it as it is with --trust FILE, or name a gateway's settings with --config."
            )


def _show_signer(signer: Signer) -> None:
    name = signer.certificate.subject.rfc4514_string(_NAMES)
    say(f"    signer {f'{signer.person_name}, by the seal ' if signer.person_name else ''}{name}")
    if signer.signer_class is not None:
        facts = filter(None, (signer.qualification, *signer.trusted_lists))
        say(f"    class {', '.join([signer.signer_class.value, *facts])}")


def _show_ending(day: date) -> None:
    say(f"    warning: the signer's RSA key is too short from {day} on; get a longer one")


def _show(what: Finding | Fault, language: Language, *, warning: bool = False) -> None:
    """The rule with what it says and what to do."""
    column = None
    if isinstance(what, Finding):
        code, warning, column = what.code, what.severity is not Severity.ERROR, what.column
    else:
        code = what.rule
    polish = language is Language.POLISH
    message = what.message_pl if polish else what.message_en
    remedy = what.remedy_pl if polish else what.remedy_en
    place = f"line {what.line}{f', column {column}' if column else ''}: " if what.line else ""
    say(f"    {place}{'warning ' if warning else ''}{code}  {message}\n      {remedy}")
