"""Published vectors: every file gets the verdict of its class, and by the rule that its README names."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from signing.errors import ForbiddenConstructError, NotWellFormedError
from signing.faults import Rule
from signing.names import DS, ds
from signing.parsing import parse
from signing.policy import MESSAGE_POLICY, KeyKind, SignatureMethod
from tests.unit.signing.second_opinions import judged
from tests.unit.signing.signing_samples import LIMITS, VECTORS, rule_of, vector_rows

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not VECTORS.is_dir(), reason="the published vectors are not beside the project"),
    # One published certificate has serial number 0; reading it warns, the profile refuses it.
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),
]

#: Sorted as refused by a profile without the literal XPath spelling of "enveloped".
LITERAL_XPATH = "data2sign-signed-xades-enveloped-baseline-cts-lta.xml"
ATTACKERS_WORDS = {
    "signed-xsw-assertion-wrapper.xml": "attack-name-id",
    "signed-xsw-response-in-response-first-sig.xml": "attack-response-id",
    "valid_saml_signature_wrapping.xml": "test@example.com",
}
SHA1_POLICY = replace(
    MESSAGE_POLICY,
    name="test only",
    digests={**MESSAGE_POLICY.digests, f"{DS}sha1": "sha1"},
    methods={
        **MESSAGE_POLICY.methods,
        f"{DS}rsa-sha1": SignatureMethod(key=KeyKind.RSA, digest="sha1"),
    },
    rsa_floors=(),
    comments=True,
)


def read(folder: str, file: str) -> bytes:
    return Path(VECTORS / folder / file).read_bytes()


@pytest.mark.parametrize(
    ("folder", "file", "verdict", "profile"), [(*where, *stated) for where, stated in vector_rows().items()]
)
def test_every_vector_gets_the_verdict_of_its_class(
    folder: str, file: str, verdict: str, profile: str
) -> None:
    data = read(folder, file)
    if verdict == "MUST-REJECT-PARSER":
        with pytest.raises(ForbiddenConstructError):
            parse(data, LIMITS)
    elif profile == "NOT_WELL_FORMED":
        with pytest.raises(NotWellFormedError):
            parse(data, LIMITS)
    elif verdict == "VALID":
        assert judged(parse(data, LIMITS), MESSAGE_POLICY).passed
    else:
        policy = replace(MESSAGE_POLICY, literal_xpath=False)
        refused = judged(parse(data, LIMITS), policy)
        assert not refused.passed
        assert refused.signed_tree is None
        assert rule_of(refused) == profile


def test_the_literal_xpath_spelling_of_enveloped_is_taken_where_the_policy_says_so() -> None:
    data = read("dss", LITERAL_XPATH)
    assert judged(parse(data, LIMITS), MESSAGE_POLICY).passed
    narrowed = data.replace(b"not(ancestor-or-self::ds:Signature)", b"not(ancestor-or-self::ds:Signatur)")
    assert rule_of(judged(parse(narrowed, LIMITS), MESSAGE_POLICY)) == Rule.TRANSFORM_PARAM


@pytest.mark.parametrize(
    ("folder", "file"), [where for where, (verdict, _) in vector_rows().items() if "ATTACK" in verdict]
)
def test_even_a_lax_policy_hands_on_no_attackers_content(folder: str, file: str) -> None:
    """Every signature is tried as if its parent were the whole message, with SHA-1 and any key allowed."""
    root = parse(read(folder, file), LIMITS)
    assert not judged(deepcopy(root), SHA1_POLICY).passed
    for signature in list(root.iter(ds("Signature"))):
        parent = signature.getparent()
        assert parent is not None
        verdict = judged(parse(etree.tostring(parent, with_tail=False), LIMITS), SHA1_POLICY)
        if verdict.passed:
            assert verdict.signed_tree is not None
            words = etree.tostring(verdict.signed_tree, encoding="unicode")
            assert ATTACKERS_WORDS[file] not in words
