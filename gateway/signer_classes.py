"""Which classes of signers count where: the same rule for the flow and for `sisc check`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from schemas.findings import Finding
from schemas.model import MessageType
from signing.verdict import SignerClass, Verdict

__all__ = ["SignerClasses"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SignerClasses:
    """Does the system take signatures of this class, and the type of message one that is not qualified?"""

    accepted: Mapping[str, Collection[str]] = field(
        default_factory=dict
    )  # by system; one not named takes all
    qualified_types: Collection[str] = ()

    def refusal(self, verdict: Verdict | None, message_type: MessageType) -> Finding | None:
        """Why a signer does not do, if he does not.

        Args:
            verdict: on the signature; one that did not pass is refused elsewhere.
            message_type: of the document.
        """
        signer = verdict.signer if verdict and verdict.passed else None
        if signer is None or signer.signer_class is None:
            return None
        kind = signer.signer_class
        if message_type.code in self.qualified_types and kind is not SignerClass.QUALIFIED:
            return _unacceptable(kind, message_type.code, [SignerClass.QUALIFIED])
        accepted = self.accepted.get(message_type.system)
        if accepted is not None and kind not in accepted:
            return _unacceptable(kind, message_type.system, accepted)
        return None


def _unacceptable(kind: SignerClass, where: str, accepted: Collection[str]) -> Finding:
    allowed = ", ".join(accepted)
    return Finding(
        code="SIGNER_CLASS_NOT_ACCEPTED",
        message_pl=f"{where} nie przyjmuje podpisów klasy {kind}.",
        message_en=f"{where} takes no signatures of class {kind}.",
        remedy_pl=f"Podpisz certyfikatem klasy: {allowed}.",
        remedy_en=f"Sign with a certificate of class: {allowed}.",
        value=kind.value,
    )
