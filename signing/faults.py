"""Every rule that a signature can break, with its ETSI indication and what to tell the sender."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lxml import etree

from signing.errors import RefusedError
from signing.nodes import line_of, xpath_of
from signing.verdict import Fault, Indication, SubIndication

__all__ = ["RULES", "Rule", "RuleText", "fault", "refuse"]


class Rule(StrEnum):
    """Stable names of the rules; they reach the sender as the code of a finding."""

    NO_SIGNATURE = "NO_SIGNATURE"  # the document is not signed
    ENVELOPING = "ENVELOPING"  # the signature is the document element
    SIGNATURE_COUNT = "SIGNATURE_COUNT"  # more than one ds:Signature anywhere
    SIGNATURE_POSITION = "SIGNATURE_POSITION"  # not a child of the document element
    SIGNATURE_STRUCTURE = "SIGNATURE_STRUCTURE"  # wrong, missing or extra child elements
    EXTRA_OBJECT = "EXTRA_OBJECT"  # a ds:Object that is not the one with the XAdES properties
    XADES_STRUCTURE = "XADES_STRUCTURE"  # QualifyingProperties are not as EN 319 132-1 has them
    XADES_TARGET = "XADES_TARGET"  # @Target does not name this signature
    XADES_REQUIRED = "XADES_REQUIRED"  # plain XML Signature where the policy wants XAdES
    DUPLICATE_ID = "DUPLICATE_ID"  # one identifier on two elements
    C14N_ALG = "C14N_ALG"  # canonicalisation outside the policy
    SIGNATURE_ALG = "SIGNATURE_ALG"  # signature method outside the policy
    DIGEST_ALG = "DIGEST_ALG"  # digest method outside the policy
    CERT_DIGEST_ALG = "CERT_DIGEST_ALG"  # digest method of the signing-certificate property
    REFERENCE_COUNT = "REFERENCE_COUNT"  # too many references
    REFERENCE_URI = "REFERENCE_URI"  # a reference to anything else than the three allowed things
    DOC_REFERENCE_COUNT = "DOC_REFERENCE_COUNT"  # not exactly one reference to the document
    PROPERTIES_REFERENCE = "PROPERTIES_REFERENCE"  # not exactly one reference to the signed properties
    TRANSFORM_ALG = "TRANSFORM_ALG"  # a transform outside the policy
    TRANSFORM_ORDER = "TRANSFORM_ORDER"  # enveloped-signature missing, repeated or not first
    TRANSFORM_PARAM = "TRANSFORM_PARAM"  # a transform with parameters (XPath, XSLT, filter)
    BASE64 = "BASE64"  # not strict base64
    COMMENT = "COMMENT"  # a comment in the document
    INSTRUCTION = "INSTRUCTION"  # a processing instruction in the document
    C14N_FAILED = "C14N_FAILED"  # the document has no canonical form
    NO_CERTIFICATE = "NO_CERTIFICATE"  # KeyInfo carries no X.509 certificate
    CERTIFICATE_COUNT = "CERTIFICATE_COUNT"  # too many certificates
    CERTIFICATE_SIZE = "CERTIFICATE_SIZE"  # longer than any real one
    CERTIFICATE_FORMAT = "CERTIFICATE_FORMAT"  # not readable as X.509
    SIGNING_CERTIFICATE = "SIGNING_CERTIFICATE"  # not clear which certificate signed
    CERT_DIGEST = "CERT_DIGEST"  # no certificate has the digest of the signing-certificate property
    ISSUER_SERIAL = "ISSUER_SERIAL"  # issuer or serial number differ from the certificate
    KEY_TYPE = "KEY_TYPE"  # the key does not fit the signature method
    KEY_SIZE = "KEY_SIZE"  # RSA key below the floor
    KEY_CURVE = "KEY_CURVE"  # elliptic curve outside the policy
    KEY_VALUE = "KEY_VALUE"  # a bare key beside the certificate is another key
    SIGNATURE_LENGTH = "SIGNATURE_LENGTH"  # ECDSA value is not r and s of the curve's size
    SIGNATURE_VALUE = "SIGNATURE_VALUE"  # the signature does not verify
    DIGEST_DOCUMENT = "DIGEST_DOCUMENT"  # the document was changed after signing
    DIGEST_PROPERTIES = "DIGEST_PROPERTIES"  # the signed properties were changed after signing
    DIGEST_KEY_INFO = "DIGEST_KEY_INFO"  # the key information was changed after signing
    SIGNING_TIME = "SIGNING_TIME"  # missing or not a time with a zone
    SIGNING_TIME_FUTURE = "SIGNING_TIME_FUTURE"  # claimed later than the receipt
    SIGNING_TIME_EARLY = "SIGNING_TIME_EARLY"  # claimed before the certificate existed
    CERT_NOT_YET_VALID = "CERT_NOT_YET_VALID"  # before notBefore
    CERT_EXPIRED = "CERT_EXPIRED"  # after notAfter
    CERT_UNTRUSTED = "CERT_UNTRUSTED"  # no trust source knows the issuer
    CERT_KEY_USAGE = "CERT_KEY_USAGE"  # not a certificate for signing documents
    CERT_POLICY = "CERT_POLICY"  # not issued under the certificate policy
    CERT_UNKNOWN = "CERT_UNKNOWN"  # our authority's name on it, but not in its register
    CERT_HELD = "CERT_HELD"  # suspended
    CERT_REVOKED = "CERT_REVOKED"  # revoked
    CERT_WEAK_SIGNATURE = "CERT_WEAK_SIGNATURE"  # a certificate of the chain is signed with a weak algorithm
    CERT_CHAIN = "CERT_CHAIN"  # the issuer is known, but the chain to an anchor does not validate
    CERT_CHAIN_CONSTRAINTS = "CERT_CHAIN_CONSTRAINTS"  # an issuer was not allowed to issue this
    CERT_ISSUER_DATES = "CERT_ISSUER_DATES"  # an issuer's certificate is outside its validity
    CERT_ISSUER_REVOKED = "CERT_ISSUER_REVOKED"  # an issuer's certificate is revoked
    CERT_STATUS_UNKNOWN = "CERT_STATUS_UNKNOWN"  # no usable revocation data
    TL_SIGNER = "TL_SIGNER"  # a trusted list signed by somebody whom its pointer does not name
    TL_UNAVAILABLE = "TL_UNAVAILABLE"  # the trusted list that would say is not held
    TL_STALE = "TL_STALE"  # past its next update and the grace after it
    SERVICE_STATUS = "SERVICE_STATUS"  # the issuing trust service was not granted
    SERVICE_TYPE = "SERVICE_TYPE"  # the issuing trust service is not for signatures, or not for seals
    SERVICE_UNUSABLE = "SERVICE_UNUSABLE"  # its entry has a critical extension or a criterion not understood
    SERVICE_CONFLICT = "SERVICE_CONFLICT"  # entries or qualifiers contradict one another
    CERT_NOT_QUALIFIED = "CERT_NOT_QUALIFIED"  # issued by a qualified service, but no qualified certificate
    CERT_QC_TYPE = "CERT_QC_TYPE"  # a qualified certificate, but not for signatures or seals
    CERT_NO_QSCD = "CERT_NO_QSCD"  # the key is not in a qualified signature creation device
    CERT_RENEWED = "CERT_RENEWED"  # another certificate of somebody on the frozen CBTD register
    SIGNER_ROLE_COUNT = "SIGNER_ROLE_COUNT"  # trusted profile: not exactly one claimed role
    SIGNER_ROLE = "SIGNER_ROLE"  # trusted profile: the claimed role does not tell one person


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleText:
    """What breaking a rule means and what is said about it; {names} are filled with facts."""

    indication: Indication
    sub_indication: SubIndication
    pl: str
    en: str
    remedy_pl: str
    remedy_en: str


_FAILED, _OPEN = Indication.TOTAL_FAILED, Indication.INDETERMINATE
_SUB = SubIndication
_FORM = (
    "Podpisz dokument ponownie jednym podpisem XAdES (enveloped), jako ostatni element dokumentu.",
    "Sign again with one enveloped XAdES signature as the last child of the document element.",
)
_CHANGED = (
    "Podpisz ostateczną postać dokumentu i wyślij go bez żadnych zmian (także formatowania).",
    "Sign the final document and send it without any change, formatting included.",
)
_TOOL = (
    "Zmień ustawienia programu podpisującego i podpisz dokument ponownie.",
    "Change the settings of the signing software and sign the document again.",
)
_CERTIFICATE = (
    "Podpisz dokument ważnym certyfikatem przyjmowanym w tym kanale.",
    "Sign with a valid certificate that this channel accepts.",
)
_QUALIFIED = (
    "Podpisz dokument innym certyfikatem kwalifikowanym albo zapytaj jego wystawcę.",
    "Sign with another qualified certificate, or ask its issuer.",
)
_TRUSTED_PROFILE = (
    "Podpisz dokument ponownie profilem zaufanym i wyślij go bez zmian albo użyj certyfikatu.",
    "Sign again with the trusted profile and send the document unchanged, or use a certificate.",
)
_LATER = ("Wyślij dokument ponownie później.", "Send the document again later.")
_CLOCK = ("Sprawdź zegar komputera i podpisz ponownie.", "Check the clock of the computer and sign again.")
_CLEAN = ("Usuń go z dokumentu i podpisz ponownie.", "Remove it from the document and sign again.")


def _text(outcome: tuple[Indication, SubIndication], pl: str, en: str, remedy: tuple[str, str]) -> RuleText:
    return RuleText(
        indication=outcome[0],
        sub_indication=outcome[1],
        pl=pl,
        en=en,
        remedy_pl=remedy[0],
        remedy_en=remedy[1],
    )


_FORMAT = (_FAILED, _SUB.FORMAT_FAILURE)
_WEAK = (_OPEN, _SUB.CRYPTO_CONSTRAINTS_FAILURE)
_MISSING = (_OPEN, _SUB.SIGNED_DATA_NOT_FOUND)
_NO_SIGNER = (_OPEN, _SUB.NO_SIGNING_CERTIFICATE_FOUND)
_ATTRIBUTE = (_OPEN, _SUB.SIG_CONSTRAINTS_FAILURE)
_HASH = (_FAILED, _SUB.HASH_FAILURE)
_CRYPTO = (_FAILED, _SUB.SIG_CRYPTO_FAILURE)
_CHAIN = (_OPEN, _SUB.CHAIN_CONSTRAINTS_FAILURE)

#: The whole table; nothing else words a refusal.
RULES: Final[Mapping[Rule, RuleText]] = MappingProxyType(
    {
        Rule.NO_SIGNATURE: _text(
            _FORMAT, "Dokument nie jest podpisany.", "The document is not signed.", _FORM
        ),
        Rule.ENVELOPING: _text(
            _FORMAT,
            "Podpis jest elementem głównym dokumentu (postać enveloping lub detached).",
            "The signature is the document element (enveloping or detached form).",
            _FORM,
        ),
        Rule.SIGNATURE_COUNT: _text(
            _FORMAT,
            "Dokument zawiera {count} podpisów; dozwolony jest dokładnie jeden.",
            "The document contains {count} signatures; exactly one is allowed.",
            _FORM,
        ),
        Rule.SIGNATURE_POSITION: _text(
            _FORMAT,
            "Podpis nie jest bezpośrednio w elemencie głównym dokumentu.",
            "The signature is not a child of the document element.",
            _FORM,
        ),
        Rule.SIGNATURE_STRUCTURE: _text(
            _FORMAT,
            "Niewłaściwa budowa podpisu: {what}.",
            "The signature is built wrongly: {what}.",
            _FORM,
        ),
        Rule.EXTRA_OBJECT: _text(
            _FORMAT,
            "Podpis zawiera ds:Object inny niż jeden z właściwościami XAdES.",
            "The signature contains a ds:Object other than the one with the XAdES properties.",
            _FORM,
        ),
        Rule.XADES_STRUCTURE: _text(
            _FORMAT,
            "Niewłaściwa budowa właściwości XAdES: {what}.",
            "The XAdES properties are built wrongly: {what}.",
            _FORM,
        ),
        Rule.XADES_TARGET: _text(
            _FORMAT,
            "Atrybut Target nie wskazuje tego podpisu.",
            "The Target attribute does not name this signature.",
            _FORM,
        ),
        Rule.XADES_REQUIRED: _text(
            _FORMAT,
            "Podpis XMLDSig bez właściwości XAdES nie jest przyjmowany.",
            "A plain XML signature without XAdES properties is not accepted.",
            _FORM,
        ),
        Rule.DUPLICATE_ID: _text(
            _FORMAT,
            "Identyfikator {value!r} ma więcej niż jeden element.",
            "More than one element has the identifier {value!r}.",
            (
                "Nadaj elementom różne identyfikatory i podpisz ponownie.",
                "Make identifiers unique, sign again.",
            ),
        ),
        Rule.C14N_ALG: _text(
            _FORMAT,
            "Niedozwolona kanonikalizacja {algorithm!r}.",
            "The canonicalisation {algorithm!r} is not allowed.",
            _TOOL,
        ),
        Rule.SIGNATURE_ALG: _text(
            _WEAK,
            "Niedozwolony algorytm podpisu {algorithm!r}.",
            "The signature algorithm {algorithm!r} is not allowed.",
            (
                "Użyj RSA lub ECDSA z SHA-256, SHA-384 albo SHA-512.",
                "Use RSA or ECDSA with SHA-256, SHA-384 or SHA-512.",
            ),
        ),
        Rule.DIGEST_ALG: _text(
            _WEAK,
            "Niedozwolony algorytm skrótu {algorithm!r}.",
            "The digest algorithm {algorithm!r} is not allowed.",
            ("Użyj SHA-256, SHA-384 albo SHA-512.", "Use SHA-256, SHA-384 or SHA-512."),
        ),
        Rule.CERT_DIGEST_ALG: _text(
            _WEAK,
            "Niedozwolony algorytm skrótu certyfikatu {algorithm!r}.",
            "The digest algorithm {algorithm!r} of the signing certificate is not allowed.",
            ("Użyj SHA-256, SHA-384 albo SHA-512.", "Use SHA-256, SHA-384 or SHA-512."),
        ),
        Rule.REFERENCE_COUNT: _text(
            _FORMAT,
            "Podpis ma {count} odwołań; dozwolone są najwyżej {limit}.",
            "The signature has {count} references; at most {limit} are allowed.",
            _FORM,
        ),
        Rule.REFERENCE_URI: _text(
            _MISSING,
            "Niedozwolone odwołanie {uri!r}: podpis może obejmować tylko cały dokument, własne właściwości "
            "i własne KeyInfo.",
            "The reference {uri!r} is not allowed: a signature covers the whole document, its own properties "
            "and its own KeyInfo only.",
            _FORM,
        ),
        Rule.DOC_REFERENCE_COUNT: _text(
            _MISSING,
            "Podpis odwołuje się do dokumentu {count} razy zamiast raz.",
            "The signature refers to the document {count} times instead of once.",
            _FORM,
        ),
        Rule.PROPERTIES_REFERENCE: _text(
            _MISSING,
            "Podpis nie obejmuje dokładnie raz swoich właściwości XAdES.",
            "The signature does not cover its XAdES properties exactly once.",
            _FORM,
        ),
        Rule.TRANSFORM_ALG: _text(
            _FORMAT,
            "Niedozwolone przekształcenie {algorithm!r}.",
            "The transform {algorithm!r} is not allowed.",
            _TOOL,
        ),
        Rule.TRANSFORM_ORDER: _text(
            _FORMAT,
            "Przekształcenie enveloped-signature musi wystąpić raz, jako pierwsze, a po nim najwyżej jedna "
            "kanonikalizacja.",
            "The enveloped-signature transform must stand once and first, with at most one canonicalisation "
            "after it.",
            _TOOL,
        ),
        Rule.TRANSFORM_PARAM: _text(
            _FORMAT,
            "Przekształcenie {algorithm!r} ma niedozwolone parametry.",
            "The transform {algorithm!r} has parameters that are not allowed.",
            _TOOL,
        ),
        Rule.BASE64: _text(_FORMAT, "Niewłaściwy zapis base64.", "The value is not strict base64.", _TOOL),
        Rule.COMMENT: _text(
            _FORMAT,
            "Dokument zawiera komentarz XML.",
            "The document contains an XML comment.",
            _CLEAN,
        ),
        Rule.INSTRUCTION: _text(
            _FORMAT,
            "Dokument zawiera instrukcję przetwarzania.",
            "The document contains a processing instruction.",
            _CLEAN,
        ),
        Rule.C14N_FAILED: _text(
            _FORMAT,
            "Dokument nie ma postaci kanonicznej: {reason}.",
            "The document has no canonical form: {reason}.",
            _TOOL,
        ),
        Rule.NO_CERTIFICATE: _text(
            _NO_SIGNER,
            "Podpis nie zawiera certyfikatu X.509.",
            "The signature carries no X.509 certificate.",
            _TOOL,
        ),
        Rule.CERTIFICATE_COUNT: _text(
            _FORMAT,
            "Podpis zawiera {count} certyfikatów; dozwolone jest najwyżej {limit}.",
            "The signature carries {count} certificates; at most {limit} are allowed.",
            _TOOL,
        ),
        Rule.CERTIFICATE_SIZE: _text(
            _FORMAT,
            "Certyfikat w podpisie ma {size} znaków; dozwolone jest najwyżej {limit}.",
            "A certificate in the signature has {size} characters; at most {limit} are allowed.",
            _TOOL,
        ),
        Rule.CERTIFICATE_FORMAT: _text(
            _NO_SIGNER,
            "Nie można odczytać certyfikatu: {reason}.",
            "A certificate cannot be read: {reason}.",
            _CERTIFICATE,
        ),
        Rule.SIGNING_CERTIFICATE: _text(
            _NO_SIGNER,
            "Nie można ustalić, którym certyfikatem złożono podpis.",
            "It is not clear which certificate signed.",
            _TOOL,
        ),
        Rule.CERT_DIGEST: _text(
            _NO_SIGNER,
            "Skrót certyfikatu w podpisie nie pasuje do żadnego dołączonego certyfikatu.",
            "The signing-certificate digest matches none of the certificates.",
            _TOOL,
        ),
        Rule.ISSUER_SERIAL: _text(
            _ATTRIBUTE,
            "Wystawca lub numer seryjny w podpisie nie pasuje do certyfikatu.",
            "Issuer or serial number in the signature differ from the certificate.",
            _TOOL,
        ),
        Rule.KEY_TYPE: _text(
            _WEAK,
            "Rodzaj klucza nie pasuje do algorytmu podpisu.",
            "The kind of key does not fit the signature algorithm.",
            _CERTIFICATE,
        ),
        Rule.KEY_SIZE: _text(
            _WEAK,
            "Klucz RSA ({bits} bitów) jest za słaby; wymaga się {floor} bitów i wykładnika od 65537.",
            "The RSA key ({bits} bits) is too weak; at least {floor} bits and exponent 65537 are required.",
            _CERTIFICATE,
        ),
        Rule.KEY_CURVE: _text(
            _WEAK,
            "Niedozwolona krzywa eliptyczna {curve!r}.",
            "The elliptic curve {curve!r} is not allowed.",
            _CERTIFICATE,
        ),
        Rule.KEY_VALUE: _text(
            _FORMAT,
            "Klucz podany w KeyInfo jest inny niż klucz certyfikatu.",
            "The key given in KeyInfo is not the key of the certificate.",
            _TOOL,
        ),
        Rule.SIGNATURE_LENGTH: _text(
            _CRYPTO,
            "Wartość podpisu ECDSA nie jest parą liczb o długości krzywej.",
            "The ECDSA value is not a pair of numbers of the curve's size.",
            _TOOL,
        ),
        Rule.SIGNATURE_VALUE: _text(
            _CRYPTO,
            "Podpis nie zgadza się z kluczem certyfikatu lub został zmieniony.",
            "The signature does not verify with the key of the certificate.",
            _CHANGED,
        ),
        Rule.DIGEST_DOCUMENT: _text(
            _HASH,
            "Dokument zmieniono po podpisaniu.",
            "The document was changed after signing.",
            _CHANGED,
        ),
        Rule.DIGEST_PROPERTIES: _text(
            _HASH,
            "Właściwości podpisu zmieniono po podpisaniu.",
            "The signed properties were changed after signing.",
            _CHANGED,
        ),
        Rule.DIGEST_KEY_INFO: _text(
            _HASH,
            "Dane klucza zmieniono po podpisaniu.",
            "The key information was changed after signing.",
            _CHANGED,
        ),
        Rule.SIGNING_TIME: _text(
            _ATTRIBUTE,
            "Brak czasu podpisania ze strefą czasową.",
            "There is no signing time with a time zone.",
            _TOOL,
        ),
        Rule.SIGNING_TIME_FUTURE: _text(
            _ATTRIBUTE,
            "Czas podpisania {claimed} jest późniejszy niż czas otrzymania {at}.",
            "The signing time {claimed} is later than the time of receipt {at}.",
            _CLOCK,
        ),
        Rule.SIGNING_TIME_EARLY: _text(
            _ATTRIBUTE,
            "Czas podpisania {claimed} jest wcześniejszy niż początek ważności certyfikatu {not_before}.",
            "The signing time {claimed} is before the certificate became valid at {not_before}.",
            _CLOCK,
        ),
        Rule.CERT_NOT_YET_VALID: _text(
            (_FAILED, _SUB.NOT_YET_VALID),
            "Certyfikat jest ważny dopiero od {not_before}.",
            "The certificate is not valid before {not_before}.",
            _CERTIFICATE,
        ),
        Rule.CERT_EXPIRED: _text(
            (_OPEN, _SUB.OUT_OF_BOUNDS_NO_POE),
            "Certyfikat wygasł {not_after}.",
            "The certificate expired at {not_after}.",
            _CERTIFICATE,
        ),
        Rule.CERT_UNTRUSTED: _text(
            (_OPEN, _SUB.NO_CERTIFICATE_CHAIN_FOUND),
            "Wystawca certyfikatu ({issuer}) nie jest zaufany w tym kanale.",
            "The issuer of the certificate ({issuer}) is not trusted here.",
            _CERTIFICATE,
        ),
        Rule.CERT_KEY_USAGE: _text(
            _CHAIN,
            "Certyfikat nie służy do podpisywania dokumentów.",
            "The certificate is not for signing documents.",
            _CERTIFICATE,
        ),
        Rule.CERT_POLICY: _text(
            _CHAIN,
            "Certyfikatu nie wydano według wymaganej polityki {policy}.",
            "The certificate was not issued under the required policy {policy}.",
            _CERTIFICATE,
        ),
        Rule.CERT_UNKNOWN: _text(
            (_OPEN, _SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE),
            "Rejestr wystawcy nie zna certyfikatu {serial}.",
            "The issuer's register does not know the certificate {serial}.",
            _CERTIFICATE,
        ),
        Rule.CERT_HELD: _text(
            (_OPEN, _SUB.TRY_LATER),
            "Certyfikat jest zawieszony od {since}.",
            "The certificate is suspended since {since}.",
            (
                "Wyślij dokument ponownie po odwieszeniu certyfikatu lub użyj innego.",
                "Send again once the certificate is released, or use another one.",
            ),
        ),
        Rule.CERT_REVOKED: _text(
            (_OPEN, _SUB.REVOKED_NO_POE),
            "Certyfikat unieważniono {since}.",
            "The certificate was revoked at {since}.",
            _CERTIFICATE,
        ),
        Rule.CERT_WEAK_SIGNATURE: _text(
            _WEAK,
            "Certyfikat {subject} jest podpisany zbyt słabym algorytmem ({algorithm}).",
            "The certificate of {subject} is signed with too weak an algorithm ({algorithm}).",
            _CERTIFICATE,
        ),
        Rule.CERT_CHAIN: _text(
            (_OPEN, _SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE),
            "Ścieżka certyfikacji wystawcy {issuer} jest niepoprawna.",
            "The certification path of the issuer {issuer} does not validate.",
            _CERTIFICATE,
        ),
        Rule.CERT_CHAIN_CONSTRAINTS: _text(
            _CHAIN,
            "Wystawca {issuer} nie ma prawa wystawić tego certyfikatu.",
            "The issuer {issuer} may not issue this certificate.",
            _CERTIFICATE,
        ),
        Rule.CERT_ISSUER_DATES: _text(
            (_OPEN, _SUB.OUT_OF_BOUNDS_NO_POE),
            "Certyfikat wystawcy {issuer} jest ważny tylko od {not_before} do {not_after}.",
            "The certificate of the issuer {issuer} is valid from {not_before} to {not_after} only.",
            _CERTIFICATE,
        ),
        Rule.CERT_ISSUER_REVOKED: _text(
            (_OPEN, _SUB.REVOKED_CA_NO_POE),
            "Certyfikat wystawcy {issuer} unieważniono {since}.",
            "The certificate of the issuer {issuer} was revoked at {since}.",
            _CERTIFICATE,
        ),
        Rule.CERT_STATUS_UNKNOWN: _text(
            (_OPEN, _SUB.TRY_LATER),
            "Nie można teraz ustalić, czy certyfikat {subject} jest unieważniony: {reason_pl}.",
            "Whether the certificate of {subject} is revoked cannot be told now: {reason_en}.",
            _LATER,
        ),
        Rule.TL_SIGNER: _text(
            (_OPEN, _SUB.NO_CERTIFICATE_CHAIN_FOUND),
            "Listę podpisał {subject}, którego wskaźnik listy nie wymienia.",
            "The list is signed by {subject}, whom its pointer does not name.",
            ("Sprawdź źródło listy.", "Check where the list comes from."),
        ),
        Rule.TL_UNAVAILABLE: _text(
            (_OPEN, _SUB.TRY_LATER),
            "Zaufana lista {territory} jest teraz niedostępna.",
            "The trusted list of {territory} is not available now.",
            _LATER,
        ),
        Rule.TL_STALE: _text(
            (_OPEN, _SUB.TRY_LATER),
            "Zaufana lista {territory} straciła aktualność {next_update}.",
            "The trusted list of {territory} was to be replaced by {next_update}.",
            _LATER,
        ),
        Rule.SERVICE_STATUS: _text(
            _CHAIN,
            "Usługa zaufania {service} miała w dniu {at} status {status!r}.",
            "The trust service {service} had the status {status!r} at {at}.",
            _QUALIFIED,
        ),
        Rule.SERVICE_TYPE: _text(
            _CHAIN,
            "Usługa zaufania {service} nie obejmowała w dniu {at} certyfikatów tego rodzaju ({kind}).",
            "The trust service {service} was not for certificates of this kind ({kind}) at {at}.",
            _QUALIFIED,
        ),
        Rule.SERVICE_UNUSABLE: _text(
            (_OPEN, _SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE),
            "Wpisu usługi zaufania {service} nie można ocenić: {what}.",
            "The entry of the trust service {service} cannot be judged: {what}.",
            _QUALIFIED,
        ),
        Rule.SERVICE_CONFLICT: _text(
            (_OPEN, _SUB.CERTIFICATE_CHAIN_GENERAL_FAILURE),
            "Wpisy usługi zaufania {service} są sprzeczne ({at}).",
            "Entries of the trust service {service} contradict one another ({at}).",
            _QUALIFIED,
        ),
        Rule.CERT_NOT_QUALIFIED: _text(
            _CHAIN,
            "Certyfikat nie jest kwalifikowany ({at}).",
            "The certificate is not qualified ({at}).",
            _QUALIFIED,
        ),
        Rule.CERT_QC_TYPE: _text(
            _CHAIN,
            "Certyfikat kwalifikowany nie służy do podpisu ani pieczęci ({kind}).",
            "The qualified certificate is for neither signatures nor seals ({kind}).",
            _QUALIFIED,
        ),
        Rule.CERT_NO_QSCD: _text(
            _CHAIN,
            "Klucz nie jest w kwalifikowanym urządzeniu do składania podpisu ({at}).",
            "The key is not in a qualified signature creation device ({at}).",
            _QUALIFIED,
        ),
        Rule.CERT_RENEWED: _text(
            _CHAIN,
            "Kluczy CBTD się nie odnawia: certyfikatu {serial} dla {subject} nie ma w zamkniętym rejestrze.",
            "CBTD keys are not renewed: the certificate {serial} of {subject} is not on the frozen register.",
            _CERTIFICATE,
        ),
        Rule.SIGNER_ROLE_COUNT: _text(
            _ATTRIBUTE,
            "Podpis zaufany musi zawierać dokładnie jedną rolę podpisującego (ClaimedRole), zawiera {count}.",
            "A trusted signature must carry exactly one claimed role; this one carries {count}.",
            _TRUSTED_PROFILE,
        ),
        Rule.SIGNER_ROLE: _text(
            _ATTRIBUTE,
            "Nie można odczytać osoby z podpisu zaufanego: oczekiwano {what}.",
            "The trusted signature does not tell the person: {what} expected.",
            _TRUSTED_PROFILE,
        ),
    }
)


def fault(rule: Rule, element: etree._Element | None = None, **facts: object) -> Fault:
    """The fault of a broken rule.

    Args:
        rule: which.
        element: where, if a place is to blame.
        facts: values for the {names} of the rule's texts.
    """
    text = RULES[rule]
    told = {name: _moment(value) if isinstance(value, datetime) else value for name, value in facts.items()}
    return Fault(
        rule=rule.value,
        indication=text.indication,
        sub_indication=text.sub_indication,
        message_pl=text.pl.format(**told),
        message_en=text.en.format(**told),
        remedy_pl=text.remedy_pl,
        remedy_en=text.remedy_en,
        line=line_of(element) if element is not None else None,
        xpath=xpath_of(element) if element is not None else None,
    )


def _moment(at: datetime) -> str:
    """A time for people: no digits beyond seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def refuse(rule: Rule, element: etree._Element | None = None, **facts: object) -> RefusedError:
    """The fault as an exception, for the inside of verification."""
    return RefusedError(fault=fault(rule, element, **facts))
