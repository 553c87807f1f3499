"""Whether a certificate meets the criteria of a qualifier (TS 119 612 §5.5.9.2.2)."""

from signing.trustlists.model import (
    Assertion,
    CriteriaList,
    Criterion,
    ExtendedKeyUsageCriterion,
    KeyUsageCriterion,
    PolicySetCriterion,
    SubjectCriterion,
    UnknownCriterion,
)
from signing.trustlists.statements import CertificateFacts

__all__ = ["meets"]


def meets(facts: CertificateFacts, criterion: Criterion) -> bool | None:
    """Whether a certificate meets a criterion; None where that hangs on one that is not understood."""
    match criterion:
        case KeyUsageCriterion(bits=bits):
            return all((name in facts.usage) is wanted for name, wanted in bits)
        case PolicySetCriterion(policies=policies):
            return policies <= facts.policies
        case ExtendedKeyUsageCriterion(purposes=purposes):
            return purposes <= facts.purposes
        case SubjectCriterion(attributes=attributes):
            return attributes <= facts.attributes
        case UnknownCriterion():
            return None
        case CriteriaList():
            return _meets_list(facts, criterion)


def _meets_list(facts: CertificateFacts, criteria: CriteriaList) -> bool | None:
    """Three-valued: what is not understood matters only where the others do not decide."""
    answers = [meets(facts, criterion) for criterion in criteria.criteria]
    if criteria.assertion is Assertion.ALL:
        return False if False in answers else None if None in answers else True
    met = True if True in answers else None if None in answers else False
    if criteria.assertion is Assertion.AT_LEAST_ONE or met is None:
        return met
    return not met
