"""Trusted signatures of ePUAP: made seals, made roles in both forms, and everything that must not count."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier
from lxml import etree

from signing.c14n import Canonicalization
from signing.errors import SigningError
from signing.keys import KeyPair
from signing.names import C14N_10, C14N_EXCLUSIVE, ds, xades
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.revocation.model import RevocationState, RevocationStatus
from signing.sign import SignatureProfile, _complete, sign_enveloped
from signing.trust import FirstTrust, PinnedTrust, TrustSource
from signing.trusted_profile import TrustedPerson, TrustedProfileSeals, TrustedProfileTrust, read_person
from signing.verdict import Indication, SignerClass, SubIndication, TrustDecision, Verdict
from signing.verify import verify
from tests.unit.signing.revocation.revocation_samples import DAY, NOW, Pair, issuing, make, root

POLICY, OTHER_POLICY = ObjectIdentifier("1.2.616.1.1"), ObjectIdentifier("1.2.616.1.2")
PESEL, OTHER_PESEL = "44051401359", "02070803628"
JAN = TrustedPerson(given_names="Jan", surname="Żółkiewski", pesel=PESEL)

PODPIS_ZP = """<ppZP:PodpisZP xmlns:ppZP="http://crd.gov.pl/xml/schematy/ppzp/"
 xmlns:os="http://crd.gov.pl/xml/schematy/osoba/2009/03/06/"><ppZP:DaneZP><ppZP:DaneZPOsobyFizycznej>
 <os:Nazwisko rodzajCzlonu="pierwszy">Żółkiewski</os:Nazwisko><os:Imie>Jan</os:Imie><os:PESEL>%s</os:PESEL>
 <ppZP:IdKontaUzytkownikaEpuap>jan_z</ppZP:IdKontaUzytkownikaEpuap>
</ppZP:DaneZPOsobyFizycznej></ppZP:DaneZP></ppZP:PodpisZP>"""
EP_SIGNATURE = """<ns:EPSignature xmlns:ns="http://crd.gov.pl/xml/schematy/podpis_zaufany/"><ns:NaturalPerson>
 <ns:CurrentFamilyName>Żółkiewski</ns:CurrentFamilyName><ns:FirstName>Jan</ns:FirstName>
 <ns:PersonalIdentifier>%s</ns:PersonalIdentifier></ns:NaturalPerson>
 <ns:SignatureData><ns:IdentityIssuer>ePUAP</ns:IdentityIssuer></ns:SignatureData></ns:EPSignature>"""
FORMS = {"PodpisZP": PODPIS_ZP, "EPSignature": EP_SIGNATURE}


def role(content: str, element: str = "SignerRole") -> str:
    return f"<xades:{element}>{claimed(content)}</xades:{element}>"


def claimed(*contents: str) -> str:
    inner = "".join(f"<xades:ClaimedRole>{content}</xades:ClaimedRole>" for content in contents)
    return f"<xades:ClaimedRoles>{inner}</xades:ClaimedRoles>"


def named(form: str = "PodpisZP", pesel: str = PESEL) -> str:
    return FORMS[form] % pesel


def policy_of(*oids: ObjectIdentifier) -> tuple[x509.CertificatePolicies, bool]:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in oids]), False


@cache
def seal() -> Pair:
    return make("Minister", issuing(), extra=[policy_of(POLICY)])


def key_of(pair: Pair) -> KeyPair:
    return KeyPair(private_key=pair.key, certificate=pair.certificate, chain=(issuing().certificate,))


def sealed(
    inserted: str,
    pair: Pair | None = None,
    *,
    body: str = "<m>tekst</m>",
    c14n: str = C14N_EXCLUSIVE,
    at: datetime = NOW,
    place: Callable[[etree._Element], etree._Element] | None = None,
) -> bytes:
    """A document that the seal has signed, with something more in the signed properties."""
    key = key_of(pair or seal())
    tree = etree.fromstring(
        sign_enveloped(parse(body.encode(), ParseLimits()), key, at=at, ids=lambda: "s-1", c14n=c14n)
    )
    signature = tree[-1]
    target = place(signature) if place else signature[3][0][0][0]
    wrapped = f'<w xmlns:xades="http://uri.etsi.org/01903/v1.3.2#">{inserted}</w>'
    target.extend(list(etree.fromstring(wrapped)))
    _complete(signature, key.private_key, Canonicalization(algorithm=c14n))
    return etree.tostring(tree)


class Told:
    """A revocation source that says the same of every certificate."""

    def __init__(self, state: RevocationState = RevocationState.GOOD) -> None:
        self._status = RevocationStatus(state=state, since=NOW - DAY)

    def status(
        self,
        certificate: x509.Certificate,  # noqa: ARG002 - it is the same for all
        issuer: x509.Certificate,  # noqa: ARG002 - as above
        *,
        at: datetime,  # noqa: ARG002 - as above
    ) -> RevocationStatus:
        return self._status


def trust(
    *seals: Pair, anchor: Pair | None = None, state: RevocationState = RevocationState.GOOD
) -> TrustedProfileTrust:
    known = TrustedProfileSeals(
        [one.certificate for one in seals or (seal(),)], [(anchor or root()).certificate]
    )
    return TrustedProfileTrust(known, Told(state))


def judged(document: bytes, source: TrustSource | None = None, at: datetime = NOW) -> Verdict:
    return verify(parse(document, ParseLimits()), policy=MESSAGE_POLICY, trust=source or trust(), at=at)


def rule(verdict: Verdict) -> str | None:
    return verdict.fault.rule if verdict.fault else None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("c14n", [C14N_EXCLUSIVE, C14N_10])
@pytest.mark.parametrize("element", ["SignerRole", "SignerRoleV2"])
def test_the_person_is_told_in_both_forms(form: str, c14n: str, element: str) -> None:
    verdict = judged(sealed(role(named(form), element), c14n=c14n))
    assert verdict.passed, verdict.fault
    assert verdict.signer is not None
    assert verdict.signer.signer_class is SignerClass.TRUSTED_PROFILE
    assert verdict.signer.subject_ids == (f"PNOPL-{PESEL}",)
    assert verdict.signer.person_name == "Jan Żółkiewski"
    assert verdict.signer.person_id is None
    assert verdict.signed_tree is not None


@pytest.mark.parametrize("form", FORMS)
def test_xmlsec_finds_the_made_signatures_good(form: str) -> None:
    root_element = etree.fromstring(sealed(role(named(form))))
    xmlsec.tree.add_ids(root_element, ["Id"])
    context = xmlsec.SignatureContext()
    der = seal().certificate.public_bytes(Encoding.DER)
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)
    context.verify(next(root_element.iter(ds("Signature"))))


@pytest.mark.parametrize("form", FORMS)
def test_the_first_source_that_trusts_may_be_the_trusted_profile(form: str) -> None:
    verdict = judged(sealed(role(named(form))), FirstTrust([PinnedTrust([]), trust()]))
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == (f"PNOPL-{PESEL}",)


def test_another_source_that_trusts_the_seal_reads_no_role() -> None:
    verdict = judged(sealed(role(named())), PinnedTrust([seal().certificate]))
    assert verdict.passed
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == ()
    assert verdict.signer.person_name is None


# --- only the claimed role under the signed properties counts

QUALIFYING: Callable[[etree._Element], etree._Element] = lambda signature: signature[3][0]  # noqa: E731 - a name


def unsigned_role(signature: etree._Element) -> etree._Element:
    unsigned = etree.SubElement(signature[3][0], xades("UnsignedProperties"))
    return etree.SubElement(unsigned, xades("UnsignedSignatureProperties"))


def object_properties(signature: etree._Element) -> etree._Element:
    found: etree._Element = signature[3][0][0][1]
    return found


MISPLACED: dict[str, Callable[[], bytes]] = {
    "no role": lambda: sealed(""),
    "in the document": lambda: sealed("", body=f"<m>{named()}</m>"),
    "role in the document": lambda: sealed(
        "", body=f'<m xmlns:xades="http://uri.etsi.org/01903/v1.3.2#">{role(named())}</m>'
    ),
    "in the unsigned properties": lambda: sealed(role(named()), place=unsigned_role),
    "in the properties of the data object": lambda: sealed(role(named()), place=object_properties),
    "in the signed properties themselves": lambda: sealed(role(named()), place=lambda s: s[3][0][0]),
    "without a role": lambda: sealed(named()),
    "roles without a signer's role": lambda: sealed(claimed(named())),
    "certified role": lambda: sealed(
        f"<xades:SignerRole><xades:CertifiedRoles>{named()}</xades:CertifiedRoles></xades:SignerRole>"
    ),
    "of another namespace": lambda: sealed(
        role(named())
        .replace("<xades:", "<x:")
        .replace("</xades:", "</x:")
        .replace("<x:SignerRole>", '<x:SignerRole xmlns:x="http://uri.etsi.org/01903/v1.1.1#">')
    ),
}


@pytest.mark.parametrize("made", MISPLACED.values(), ids=MISPLACED)
def test_a_person_named_anywhere_else_is_not_read(made: Callable[[], bytes]) -> None:
    verdict = judged(made())
    assert rule(verdict) == "SIGNER_ROLE_COUNT"
    assert (verdict.indication, verdict.sub_indication) == (
        Indication.INDETERMINATE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    )
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == ()


def test_a_pesel_in_the_document_does_not_outweigh_the_role() -> None:
    verdict = judged(sealed(role(named()), body=f"<m>{named(pesel=OTHER_PESEL)}</m>"))
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == (f"PNOPL-{PESEL}",)


def test_a_role_added_outside_after_signing_changes_nothing() -> None:
    tree = etree.fromstring(sealed(role(named())))
    added = unsigned_role(tree[-1])
    wrapped = f'<w xmlns:xades="http://uri.etsi.org/01903/v1.3.2#">{role(named(pesel=OTHER_PESEL))}</w>'
    added.extend(list(etree.fromstring(wrapped)))
    verdict = judged(etree.tostring(tree))
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == (f"PNOPL-{PESEL}",)


def test_a_changed_person_breaks_the_signature() -> None:
    verdict = judged(sealed(role(named())).replace(PESEL.encode(), OTHER_PESEL.encode()))
    assert rule(verdict) == "DIGEST_PROPERTIES"
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == ()


def test_a_plain_signature_of_the_seal_names_nobody() -> None:
    document = sign_enveloped(
        parse(b"<m/>", ParseLimits()),
        key_of(seal()),
        at=NOW,
        ids=lambda: "s",
        profile=SignatureProfile.PLAIN,
    )
    assert rule(judged(document)) == "SIGNER_ROLE_COUNT"


TWO = {
    "two roles": f"<xades:SignerRole>{claimed(named(), named(pesel=OTHER_PESEL))}</xades:SignerRole>",
    "the same role twice": f"<xades:SignerRole>{claimed(named(), named())}</xades:SignerRole>",
    "both forms": f"<xades:SignerRole>{claimed(named(), named('EPSignature'))}</xades:SignerRole>",
    "a role in words beside it": f"<xades:SignerRole>{claimed(named(), 'prezes')}</xades:SignerRole>",
    "two lists of roles": f"<xades:SignerRole>{claimed(named())}{claimed(named())}</xades:SignerRole>",
    "both signer roles": role(named()) + role(named(pesel=OTHER_PESEL), "SignerRoleV2"),
}


@pytest.mark.parametrize("inserted", TWO.values(), ids=TWO)
def test_two_roles_name_nobody(inserted: str) -> None:
    assert rule(judged(sealed(inserted))) == "SIGNER_ROLE_COUNT"


PEOPLE = "<os:PESEL>44051401359</os:PESEL>"
UNREADABLE = {
    "words": "prezes",
    "nothing": "",
    "something else": "<x/>",
    "two persons": named() + named(pesel=OTHER_PESEL),
    "PESEL twice": named().replace(PEOPLE, PEOPLE * 2),
    "two PESELs": named().replace(PEOPLE, PEOPLE + PEOPLE.replace("4", "5")),
    "no PESEL": named().replace(PEOPLE, ""),
    "empty PESEL": named(pesel=" "),
    "short PESEL": named(pesel=PESEL[:-1]),
    "letters": named(pesel="4405140135O"),
    "other digits": named(pesel="４４０５１４０１３５９"),
    "markup in the PESEL": named(pesel="4405<b/>1401359"),
    "no surname": named().replace("Nazwisko", "Nazwa"),
    "blank surname": named().replace("Żółkiewski", " "),
    "no given name": named("EPSignature").replace("FirstName", "Name"),
    "person of the other form": named("EPSignature").replace("NaturalPerson", "LegalPerson"),
    "PESEL outside the person": named()
    .replace(PEOPLE, "")
    .replace("</ppZP:DaneZP>", f"{PEOPLE}</ppZP:DaneZP>"),
    "namespace of the other form": named().replace("schematy/ppzp", "schematy/podpis_zaufany"),
    "no namespace": "<PodpisZP><DaneZP/></PodpisZP>",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_role_that_tells_no_one_person_is_refused(content: str) -> None:
    verdict = judged(sealed(role(content)))
    assert rule(verdict) in {"SIGNER_ROLE", "SIGNATURE_STRUCTURE"}
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == ()


def test_a_double_surname_is_told_whole() -> None:
    first = '<os:Nazwisko rodzajCzlonu="pierwszy">Żółkiewski</os:Nazwisko>'
    twice = first + first.replace("pierwszy", "drugi").replace("Żółkiewski", "Nowak")
    verdict = judged(sealed(role(named().replace(first, twice))))
    assert verdict.signer is not None
    assert verdict.signer.person_name == "Jan Żółkiewski-Nowak"


def test_blanks_around_a_person_do_not_matter() -> None:
    content = named("EPSignature").replace(PESEL, f"\n {PESEL}\t").replace("Jan", " Jan  Maria ")
    tree = etree.fromstring(sealed(role(content)))
    person = read_person(tree[-1][3][0][0])
    assert person == replace(JAN, given_names="Jan Maria")


# --- whose seal it is


def seal_named(name: str, **more: object) -> Pair:
    return make(name, issuing(), **more)  # type: ignore[arg-type]  # by name


IMPOSTORS: dict[str, tuple[Callable[[], Pair], str]] = {
    "another of the same authority": (partial(seal_named, "Somebody"), "CERT_UNTRUSTED"),
    "the seal's name from another authority": (
        lambda: make("Minister", make("Issuing", make("Root", ca=True), ca=True), extra=[policy_of(POLICY)]),
        "CERT_CHAIN",
    ),
    "the seal's name, signed by itself": (
        partial(make, "Minister", extra=[policy_of(POLICY)]),
        "CERT_UNTRUSTED",
    ),
    "under another policy": (partial(seal_named, "Minister", extra=[policy_of(OTHER_POLICY)]), "CERT_POLICY"),
    "under no policy": (partial(seal_named, "Minister"), "CERT_POLICY"),
    "expired": (partial(seal_named, "Minister", extra=[policy_of(POLICY)], days=(-30, -1)), "CERT_EXPIRED"),
    "an authority": (partial(seal_named, "Minister", extra=[policy_of(POLICY)], ca=True), "CERT_KEY_USAGE"),
}


@pytest.mark.parametrize("case", IMPOSTORS)
def test_only_the_known_seal_speaks_for_persons(case: str) -> None:
    pair, expected = IMPOSTORS[case]
    verdict = judged(sealed(role(named()), pair(), at=NOW - 2 * DAY))
    assert rule(verdict) == expected
    assert verdict.signer is not None
    assert verdict.signer.subject_ids == ()


def test_a_renewed_seal_is_known_by_its_name_and_policy() -> None:
    renewed = make("Minister", issuing(), extra=[policy_of(OTHER_POLICY, POLICY)])
    assert renewed.certificate != seal().certificate
    assert judged(sealed(role(named()), renewed)).passed


def test_seals_of_two_names_overlap() -> None:
    successor = make("Successor", issuing())
    both = trust(seal(), successor)
    assert judged(sealed(role(named()), seal()), both).passed
    assert judged(sealed(role(named()), successor), both).passed


def test_policies_of_a_seal_that_was_renewed_add_up() -> None:
    renewed = make("Minister", issuing(), extra=[policy_of(OTHER_POLICY)])
    both = trust(seal(), renewed)
    assert judged(sealed(role(named()), seal()), both).passed
    assert judged(sealed(role(named()), renewed), both).passed


def test_a_seal_without_policies_asks_for_none() -> None:
    bare = make("Minister", issuing())
    assert judged(sealed(role(named()), seal()), trust(bare)).passed


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RevocationState.REVOKED, "CERT_REVOKED"),
        (RevocationState.ON_HOLD, "CERT_HELD"),
    ],
)
def test_the_status_of_the_seal_is_asked_for(state: RevocationState, expected: str) -> None:
    assert rule(judged(sealed(role(named())), trust(state=state))) == expected


def test_a_decision_names_nobody_before_the_role_is_read() -> None:
    decision: TrustDecision = trust().judge(seal().certificate, candidates=[issuing().certificate], at=NOW)
    assert decision.subject_ids == ()
    assert decision.person_name is None


def test_without_a_seal_there_is_no_trusted_profile() -> None:
    with pytest.raises(SigningError, match="at least one seal"):
        TrustedProfileSeals([], [root().certificate])
