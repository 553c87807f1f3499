"""Extensions of a service: qualifiers with their criteria, and what a service is for (TS 119 612 §5.5.9)."""

from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from signing.names import xades
from signing.trustlists.elements import (
    child,
    children,
    items,
    local_name,
    local_texts,
    malformed,
    oid_of,
    required,
    text,
    time,
)
from signing.trustlists.model import (
    Assertion,
    CriteriaList,
    Criterion,
    ExtendedKeyUsageCriterion,
    Extensions,
    KeyUsageCriterion,
    PolicySetCriterion,
    Qualification,
    SubjectCriterion,
    TakenOverBy,
    UnknownCriterion,
)
from signing.trustlists.names import sie, tsl, tslx

__all__ = ["critical_unknown", "extensions_of"]

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_IDENTIFIER = xades("Identifier")


@dataclass(slots=True)
class _Gathered:
    """Extensions as they are met."""

    qualifications: list[Qualification] = field(default_factory=list)
    additional: list[str] = field(default_factory=list)
    taken_over_by: list[TakenOverBy] = field(default_factory=list)
    expired_since: datetime | None = None
    unknown: list[str] = field(default_factory=list)
    unknown_critical: list[str] = field(default_factory=list)


def extensions_of(element: etree._Element | None, inherited: tuple[str, ...] = ()) -> Extensions:
    """Read ServiceInformationExtensions.

    Args:
        element: None where a service has none.
        inherited: critical extensions of the provider that nobody understood.

    Raises:
        ListFormatError: an extension that we know is malformed.
    """
    gathered = _Gathered(unknown_critical=list(inherited))
    for extension in items(element, "Extension"):
        for value in _values(extension):
            _gather(gathered, value, critical=_is_critical(extension))
    return Extensions(
        qualifications=tuple(gathered.qualifications),
        additional=tuple(gathered.additional),
        taken_over_by=tuple(gathered.taken_over_by),
        expired_certificates_since=gathered.expired_since,
        unknown=tuple(gathered.unknown),
        unknown_critical=tuple(gathered.unknown_critical),
    )


def critical_unknown(element: etree._Element | None) -> tuple[str, ...]:
    """Names of critical extensions where none is defined: of a scheme or a provider."""
    return tuple(
        local_name(value)
        for extension in items(element, "Extension")
        if _is_critical(extension)
        for value in _values(extension)
    )


def _is_critical(extension: etree._Element) -> bool:
    value = extension.get("Critical", "").strip()
    if value not in _TRUTH:
        raise malformed(extension, "Critical must be true or false")
    return _TRUTH[value]


def _values(extension: etree._Element) -> list[etree._Element]:
    return list(extension.iterchildren("*"))


def _gather(gathered: _Gathered, value: etree._Element, *, critical: bool) -> None:
    if value.tag == sie("Qualifications"):
        elements = children(value, sie("QualificationElement"))
        gathered.qualifications.extend(_qualification(element) for element in elements)
    elif value.tag == tsl("AdditionalServiceInformation"):
        gathered.additional.append(text(required(value, tsl("URI"))))
    elif value.tag == tslx("TakenOverBy"):
        gathered.taken_over_by.append(_taken_over_by(value))
    elif value.tag == tsl("ExpiredCertsRevocationInfo"):
        gathered.expired_since = time(value)
    else:
        (gathered.unknown_critical if critical else gathered.unknown).append(local_name(value))


def _taken_over_by(element: etree._Element) -> TakenOverBy:
    return TakenOverBy(
        location=local_texts([required(element, tslx("URI"))])[0],
        provider_names=local_texts(items(required(element, tslx("TSPName")), "Name")),
        operator_names=local_texts(items(element, "SchemeOperatorName", "Name")),
        territory=text(required(element, tsl("SchemeTerritory"))),
    )


def _qualification(element: etree._Element) -> Qualification:
    qualifiers = children(required(element, sie("Qualifiers")), sie("Qualifier"))
    return Qualification(
        qualifiers=frozenset(qualifier.get("uri", "").strip() for qualifier in qualifiers),
        criteria=_criteria_list(required(element, sie("CriteriaList"))),
    )


def _criteria_list(element: etree._Element) -> CriteriaList:
    try:
        assertion = Assertion(element.get("assert", "all").strip())
    except ValueError as error:
        raise malformed(element, "assert must be all, atLeastOne or none") from error
    description = child(element, sie("Description"))
    return CriteriaList(
        assertion=assertion,
        criteria=tuple(
            criterion
            for value in _values(element)
            if value.tag != sie("Description")
            for criterion in _criteria(value)
        ),
        description=None if description is None else text(description),
    )


def _criteria(element: etree._Element) -> list[Criterion]:
    if element.tag == sie("KeyUsage"):
        return [KeyUsageCriterion(bits=tuple(_bit(b) for b in children(element, sie("KeyUsageBit"))))]
    if element.tag == sie("PolicySet"):
        return [PolicySetCriterion(policies=_oids(element, sie("PolicyIdentifier")))]
    if element.tag == sie("CriteriaList"):
        return [_criteria_list(element)]
    if element.tag == sie("otherCriteriaList"):
        return [_other(value) for value in _values(element)]
    return [UnknownCriterion(name=local_name(element))]


def _other(element: etree._Element) -> Criterion:
    if element.tag == tslx("ExtendedKeyUsage"):
        return ExtendedKeyUsageCriterion(purposes=_oids(element, tslx("KeyPurposeId")))
    if element.tag == tslx("CertSubjectDNAttribute"):
        return SubjectCriterion(attributes=_oids(element, tslx("AttributeOID")))
    return UnknownCriterion(name=local_name(element))


def _bit(element: etree._Element) -> tuple[str, bool]:
    value = text(element)
    if value not in _TRUTH:
        raise malformed(element, "true or false expected")
    return element.get("name", ""), _TRUTH[value]


def _oids(element: etree._Element, name: str) -> frozenset[str]:
    found = frozenset(oid_of(required(value, _IDENTIFIER)) for value in children(element, name))
    if not found:
        raise malformed(element, "an identifier expected")
    return found
