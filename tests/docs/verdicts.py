"""The table of verdicts on published vectors, for the reference; made where the vectors are at hand."""

from typing import Final

from tests.docs.generate import Part
from tests.docs.tables import table
from tests.unit.signing.second_opinions import Opinion, Opinions, opinions
from tests.unit.signing.signing_samples import VECTORS, vector_rows

__all__ = ["VERDICTS", "difference"]

_SHA1: Final = "signed with SHA-1, which no profile of today takes"
_ELSEWHERE: Final = "what is signed is good, but it is not the document that a reader would act on"
#: Why the others accept what we refuse, by the rule that we refuse it by.
_ACCEPTED_ELSEWHERE: Final = {
    "SIGNATURE_ALG": _SHA1,
    "SIGNATURE_COUNT": f"several signatures: {_ELSEWHERE}",
    "SIGNATURE_POSITION": f"the signature stands inside a part: {_ELSEWHERE}",
    "ENVELOPING": "the signature is the document and holds the content; the channel takes enveloped ones",
    "EXTRA_OBJECT": "a second ds:Object beside the properties; nothing says what it is for",
    "KEY_SIZE": "an RSA key below the floor of its day",
    "CERT_DIGEST_ALG": "the certificate is named by a SHA-1 digest",
}
#: What signxml does not do, by the file that shows it.
_UNABLE: Final = {
    "enveloped-sha256-rsa-sha256-test-1.xml": "inclusive",
    "enveloped-sha256-rsa-sha256-test-2.xml": "inclusive",
    "enveloped-sha256-rsa-sha256-test-3.xml": "inclusive",
    "valid_saml_sha256_rsa_mgf1.xml": "pss",
    "data2sign-signed-xades-enveloped-baseline-cts-lta.xml": "xpath",
}
_UNABLE_WORDS: Final = {
    "inclusive": "signxml canonicalises an element inside a tree, where lxml gets the inclusive form wrong",
    "pss": "signxml does not compare a KeyValue with the certificate where the method is RSA-PSS",
    "xpath": "“enveloped” spelled as the one XPath that means the same; signxml does not know it",
}


def verdicts() -> str:
    """Every document with the three verdicts, and why they differ where they do."""
    rows = []
    for folder, file in vector_rows():
        said = opinions((VECTORS / folder / file).read_bytes())
        ours = f"refused, `{said.rule}`" if said.rule else said.ours
        rows.append((f"{folder}/{file}", ours, said.xmlsec, said.signxml, difference(file, said)))
    return table(("document", "ours", "xmlsec", "signxml", "why they differ"), rows)


def difference(file: str, said: Opinions) -> str:
    """Why they differ in a word; empty where they agree.

    Raises:
        KeyError: nobody has explained it yet.
    """
    if {said.xmlsec, said.signxml} <= {said.ours, Opinion.NOT_ASKED}:
        return ""
    return _ACCEPTED_ELSEWHERE[said.rule] if said.rule else _UNABLE_WORDS[_UNABLE[file]]


VERDICTS: Final = Part("reference/signature-verdicts.md", "verdicts", verdicts)

if __name__ == "__main__":
    VERDICTS.renew()
