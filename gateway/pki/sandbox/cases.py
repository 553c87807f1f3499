"""The table of the sandbox: every signer, how it signs, and the verdict that this must get."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signing.faults import RULES, Rule
from signing.verdict import Indication, SignerClass, SubIndication

__all__ = ["CASES", "Case"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A line of the table."""

    signer: str  # name of its files in the folder signers
    kind: SignerClass
    what: str
    profile: str = "bes"  # --profile of `sisc sign`
    role: str = ""  # trusted profile: how the person is named in the claimed role
    pinned: bool = False  # whether `sisc check` is given --trust with its certificate
    rule: Rule | None = None  # broken one; None: good
    final: SubIndication | None = None  # where the signature's own time makes the verdict TOTAL-FAILED

    @property
    def document(self) -> str:
        """Name of the signed document in the folder signed."""
        parts = (self.signer, self.role, "" if self.profile == "bes" else self.profile)
        return "-".join(filter(None, parts)) + ".xml"

    @property
    def indication(self) -> Indication:
        """Main outcome (EN 319 102-1)."""
        if self.rule is None:
            return Indication.TOTAL_PASSED
        return Indication.TOTAL_FAILED if self.final else RULES[self.rule].indication

    @property
    def sub_indication(self) -> SubIndication | None:
        """Why, where it did not pass."""
        return None if self.rule is None else self.final or RULES[self.rule].sub_indication


_SC, _QUALIFIED = SignerClass.SC, SignerClass.QUALIFIED
_CBTD, _PROFILE, _PINNED = SignerClass.CBTD, SignerClass.TRUSTED_PROFILE, SignerClass.PINNED

#: What is in the folder, in the order of its README.
CASES: Final[Sequence[Case]] = (
    Case(signer="sc-p256", kind=_SC, what="EC P-256"),
    Case(signer="sc-p384", kind=_SC, what="EC P-384"),
    Case(signer="sc-rsa2048", kind=_SC, what="RSA 2048, which is accepted until the end of 2028"),
    Case(signer="sc-rsa3072", kind=_SC, what="RSA 3072"),
    Case(signer="sc-p256", kind=_SC, what="a plain XML Signature", profile="plain"),
    Case(signer="released", kind=_SC, what="suspended and released again"),
    Case(signer="expired", kind=_SC, what="expired", rule=Rule.CERT_EXPIRED),
    Case(
        signer="not-yet-valid",
        kind=_SC,
        what="of next year; the signature claims a time before it",
        rule=Rule.SIGNING_TIME_EARLY,
    ),
    Case(
        signer="not-yet-valid",
        kind=_SC,
        what="of next year, in a signature that claims no time",
        profile="plain",
        rule=Rule.CERT_NOT_YET_VALID,
    ),
    Case(signer="held", kind=_SC, what="suspended", rule=Rule.CERT_HELD),
    Case(
        signer="revoked",
        kind=_SC,
        what="revoked before the time that the signature claims",
        rule=Rule.CERT_REVOKED,
        final=SubIndication.REVOKED,
    ),
    Case(
        signer="revoked",
        kind=_SC,
        what="revoked, in a signature that claims no time",
        profile="plain",
        rule=Rule.CERT_REVOKED,
    ),
    Case(signer="wrong-key-usage", kind=_SC, what="for key encipherment", rule=Rule.CERT_KEY_USAGE),
    Case(signer="wrong-policy", kind=_SC, what="without the policy for persons", rule=Rule.CERT_POLICY),
    Case(signer="seal", kind=_SC, what="for a seal of receipts, not a person", rule=Rule.CERT_POLICY),
    Case(
        signer="unregistered",
        kind=_SC,
        what="signed by the authority, not registered",
        rule=Rule.CERT_UNKNOWN,
    ),
    Case(signer="unknown-issuer", kind=_SC, what="of an authority nobody knows", rule=Rule.CERT_UNTRUSTED),
    Case(signer="weak-rsa1024", kind=_SC, what="RSA 1024", rule=Rule.KEY_SIZE),
    Case(signer="qualified-qscd", kind=_QUALIFIED, what="key in a qualified device: QESig"),
    Case(signer="qualified-no-qscd", kind=_QUALIFIED, what="key in no such device: AdESig-QC"),
    Case(signer="qualified-seal", kind=_QUALIFIED, what="of a legal person: QESeal"),
    Case(
        signer="qualified-qscd",
        kind=_QUALIFIED,
        what="a plain XML Signature",
        profile="plain",
        rule=Rule.XADES_REQUIRED,
    ),
    Case(signer="qualified-expired", kind=_QUALIFIED, what="expired", rule=Rule.CERT_EXPIRED),
    Case(signer="qualified-held", kind=_QUALIFIED, what="suspended, by CRL", rule=Rule.CERT_HELD),
    Case(
        signer="qualified-revoked",
        kind=_QUALIFIED,
        what="revoked, by CRL and OCSP",
        rule=Rule.CERT_REVOKED,
        final=SubIndication.REVOKED,
    ),
    Case(
        signer="qualified-silent",
        kind=_QUALIFIED,
        what="of an authority that publishes no status",
        rule=Rule.CERT_STATUS_UNKNOWN,
    ),
    Case(
        signer="qualified-wrong-key-usage",
        kind=_QUALIFIED,
        what="for key encipherment",
        rule=Rule.CERT_KEY_USAGE,
    ),
    Case(
        signer="qualified-website",
        kind=_QUALIFIED,
        what="for the authentication of websites",
        rule=Rule.CERT_QC_TYPE,
    ),
    Case(
        signer="not-qualified",
        kind=_QUALIFIED,
        what="of a qualified authority, but without QCStatements",
        rule=Rule.CERT_NOT_QUALIFIED,
    ),
    Case(
        signer="qualified-withdrawn",
        kind=_QUALIFIED,
        what="of a service withdrawn since the issue",
        rule=Rule.SERVICE_STATUS,
    ),
    Case(
        signer="qualified-unlisted",
        kind=_QUALIFIED,
        what="of an authority on no trusted list",
        rule=Rule.CERT_UNTRUSTED,
    ),
    Case(signer="qualified-weak-rsa1024", kind=_QUALIFIED, what="RSA 1024", rule=Rule.KEY_SIZE),
    Case(signer="cbtd", kind=_CBTD, what="on the register"),
    Case(signer="cbtd", kind=_CBTD, what="a plain XML Signature", profile="plain"),
    Case(signer="cbtd-expired", kind=_CBTD, what="on the register, expired", rule=Rule.CERT_EXPIRED),
    Case(
        signer="cbtd-renewed", kind=_CBTD, what="a newer one of somebody registered", rule=Rule.CERT_RENEWED
    ),
    Case(signer="cbtd-unregistered", kind=_CBTD, what="of somebody not registered", rule=Rule.CERT_UNTRUSTED),
    Case(signer="cbtd-weak-rsa1024", kind=_CBTD, what="on the register, RSA 1024", rule=Rule.KEY_SIZE),
    Case(signer="profile-seal", kind=_PROFILE, what="the person in a PodpisZP", role="PodpisZP"),
    Case(signer="profile-seal", kind=_PROFILE, what="the person in an EPSignature", role="EPSignature"),
    Case(signer="profile-seal", kind=_PROFILE, what="no person", rule=Rule.SIGNER_ROLE_COUNT),
    Case(
        signer="profile-seal",
        kind=_PROFILE,
        what="a person without PESEL",
        role="nobody",
        rule=Rule.SIGNER_ROLE,
    ),
    Case(
        signer="profile-seal-expired",
        kind=_PROFILE,
        what="an expired seal",
        role="PodpisZP",
        rule=Rule.CERT_EXPIRED,
    ),
    Case(
        signer="profile-seal-revoked",
        kind=_PROFILE,
        what="a revoked seal",
        role="PodpisZP",
        rule=Rule.CERT_REVOKED,
        final=SubIndication.REVOKED,
    ),
    Case(
        signer="profile-seal-unknown",
        kind=_PROFILE,
        what="a seal of the right name, of an authority nobody knows",
        role="PodpisZP",
        rule=Rule.CERT_UNTRUSTED,
    ),
    Case(signer="pinned", kind=_PINNED, what="self-signed, named by the check", pinned=True),
    Case(signer="other", kind=_PINNED, what="self-signed, named by nobody", rule=Rule.CERT_UNTRUSTED),
)
