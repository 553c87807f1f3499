"""Examples made ready to send: own LRN, signed."""

import uuid
from pathlib import Path

from lxml import etree

from gateway import clock
from signing.keys import KeyPair
from signing.parsing import ParseLimits, parse
from signing.sign import SignatureProfile, sign_enveloped

__all__ = ["EXAMPLES", "FIRST_ANSWERS", "fresh_lrn", "signed_example"]

EXAMPLES = Path(__file__).parents[2] / "examples"
#: What comes back for a good example: receipt, confirmation, business answers.
FIRST_ANSWERS = {
    "CC015C": ("NCTS2", ["UPP", "UPO", "CC928C", "CC028C", "CC029C"]),
    "CC515C": ("AES", ["UPP", "UPO", "CC528C", "CC529C"]),
    "ZC415": ("AIS", ["UPP", "UPO", "ZC428", "ZC429"]),
    "IE815": ("EMCSPL2", ["UPP", "UPO", "IE801"]),
}


def fresh_lrn(prefix: str = "T") -> str:
    """An LRN nobody has used."""
    return f"{prefix}{uuid.uuid4().hex[: 20 - len(prefix)].upper()}"


def signed_example(
    code: str,
    key: KeyPair,
    *,
    lrn: str | None = None,
    declarant: str | None = None,
    profile: SignatureProfile = SignatureProfile.XADES,
) -> bytes:
    """An example with its own LRN, of another declarant (EORI) if one is named, signed."""
    root = parse((EXAMPLES / f"{code}.xml").read_bytes(), ParseLimits())
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in {"LRN", "lrn", "LocalReferenceNumber"}:
            element.text = lrn or fresh_lrn()
    for element in root.findall(".//Declarant/identificationNumber"):
        element.text = declarant or element.text
    return sign_enveloped(root, key, at=clock.now(), ids=clock.signature_id, profile=profile)
