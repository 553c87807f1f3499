"""Verdicts, findings and what validation leaves behind."""

import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.catalogue import Catalogue, load, load_builtin
from schemas.errors import CatalogueError
from schemas.findings import MAX_FINDINGS, Finding
from schemas.model import MessageType
from schemas.paths import line_of
from schemas.validation import Validator

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SAMPLE = (EXAMPLES / "CC015C.xml").read_bytes()
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
Damage = Callable[[etree._Element], None]  # noqa: SLF001 - lxml's element class has no other name


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_builtin()


@pytest.fixture(scope="module")
def validator(catalogue: Catalogue) -> Validator:
    return Validator(catalogue)


@pytest.fixture(scope="module")
def transit(catalogue: Catalogue) -> MessageType:
    return catalogue.get("CC015C")


def sample() -> etree._Element:
    return etree.fromstring(SAMPLE)


def one(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    assert found is not None
    return found


def put(path: str, value: str) -> Damage:
    def damage(root: etree._Element) -> None:
        one(root, path).text = value

    return damage


def drop(path: str) -> Damage:
    def damage(root: etree._Element) -> None:
        found = one(root, path)
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    return damage


def rename(path: str, tag: str) -> Damage:
    def damage(root: etree._Element) -> None:
        one(root, path).tag = tag

    return damage


def repeat(path: str) -> Damage:
    def damage(root: etree._Element) -> None:
        one(root, path).addnext(deepcopy(one(root, path)))

    return damage


def move_last(path: str) -> Damage:
    def damage(root: etree._Element) -> None:
        root.append(one(root, path))

    return damage


def attribute(name: str, value: str) -> Damage:
    def damage(root: etree._Element) -> None:
        root.set(name, value)

    return damage


def findings(validator: Validator, transit: MessageType, damage: Damage) -> list[Finding]:
    root = sample()
    damage(root)
    return list(validator.validate(root, transit).findings)


MASS = "/CC015C/Consignment[1]/HouseConsignment[1]/grossMass"
SECOND_ITEM = "/CC015C/Consignment[1]/HouseConsignment[1]/ConsignmentItem[2]"


@pytest.mark.parametrize(
    ("damage", "code", "xpath", "value"),
    [
        (put("Consignment/HouseConsignment/grossMass", "1,5"), "XSD_TYPE", MASS, "1,5"),
        (put("Consignment/HouseConsignment/grossMass", "0"), "XSD_PATTERN", MASS, "0"),
        (put("Consignment/HouseConsignment/grossMass", "1.1234567"), "XSD_DIGITS", MASS, "1.1234567"),
        (
            put("preparationDateAndTime", "2026-03-30 10: 35: 52"),
            "XSD_TYPE",
            "/CC015C/preparationDateAndTime",
            "2026-03-30 10: 35: 52",
        ),
        (
            put("preparationDateAndTime", "2026-03-30T10:35:52Z"),
            "XSD_PATTERN",
            "/CC015C/preparationDateAndTime",
            "2026-03-30T10:35:52Z",
        ),
        (
            put("TransitOperation/LRN", "x" * 23 + " "),
            "XSD_LENGTH",
            "/CC015C/TransitOperation[1]/LRN",
            "x" * 23 + " ",
        ),
        (put("messageType", "CC015B"), "XSD_ENUMERATION", "/CC015C/messageType", "CC015B"),
        (attribute("PhaseID", "NCTS4"), "XSD_ENUMERATION", "/CC015C/@PhaseID", "NCTS4"),
        (attribute("extra", "x"), "XSD_ATTRIBUTE", "/CC015C", None),
        (drop("TransitOperation"), "XSD_MISSING_ELEMENT", "/CC015C/TransitOperation", None),
        (drop("Consignment"), "XSD_MISSING_ELEMENT", "/CC015C/Consignment", None),
        (drop("Consignment/HouseConsignment/grossMass"), "XSD_MISSING_ELEMENT", MASS, None),
        (
            drop("Consignment/HouseConsignment/ConsignmentItem[2]/Packaging"),
            "XSD_MISSING_ELEMENT",
            f"{SECOND_ITEM}/Packaging",
            None,
        ),
        (
            rename("Consignment/HouseConsignment/ConsignmentItem[2]/Commodity", "commodity"),
            "XSD_UNEXPECTED_ELEMENT",
            f"{SECOND_ITEM}/commodity[1]",
            None,
        ),
        (
            rename("TransitOperation", "{http://ncts.dgtaxud.ec}TransitOperation"),
            "XSD_ELEMENT_NAMESPACE",
            "/CC015C/TransitOperation[1]",
            None,
        ),
        (repeat("TransitOperation"), "XSD_TOO_MANY_ELEMENTS", "/CC015C/TransitOperation[2]", None),
        (move_last("TransitOperation"), "XSD_ELEMENT_ORDER", "/CC015C/TransitOperation[1]", None),
        (
            lambda root: one(root, "messageSender").append(etree.Element("b")),
            "XSD_CONTENT",
            "/CC015C/messageSender[1]",
            None,
        ),
        (lambda root: setattr(root, "text", "text"), "XSD_CONTENT", "/CC015C", None),
    ],
)
def test_each_fault_is_one_finding_at_its_place(
    validator: Validator, transit: MessageType, damage: Damage, code: str, xpath: str, value: str | None
) -> None:
    found = findings(validator, transit, damage)
    assert [(code, xpath, value)] == [(f.code, f.xpath, f.value) for f in found]
    assert all(f.message_pl and f.message_en and f.remedy_pl and f.remedy_en for f in found)


def test_a_valid_document_has_no_findings(validator: Validator, transit: MessageType) -> None:
    report = validator.validate(sample(), transit)
    assert (report.valid, report.findings, report.total) == (True, (), 0)


def test_a_finding_names_the_line_of_the_document_as_sent(validator: Validator, transit: MessageType) -> None:
    line = SAMPLE[: SAMPLE.index(b"<grossMass>")].count(b"\n") + 1
    (found,) = findings(validator, transit, put("Consignment/grossMass", "-1"))
    assert found.line == line


def test_the_remedy_says_what_is_expected_in_both_languages(
    validator: Validator, transit: MessageType
) -> None:
    (found,) = findings(validator, transit, put("CustomsOfficeOfDeparture/referenceNumber", "pl441010"))
    assert "dwie wielkie litery kraju" in found.remedy_pl
    assert "two capital letters of the country" in found.remedy_en
    (found,) = findings(validator, transit, drop("Consignment/HouseConsignment/grossMass"))
    assert found.remedy_en == "Add grossMass: before PreviousDocument."


def test_long_values_are_shortened(validator: Validator, transit: MessageType) -> None:
    (found,) = findings(validator, transit, put("TransitOperation/LRN", "x" * 1000))
    assert found.value == "x" * 59 + "…"


@pytest.mark.parametrize("also", ["", "xsi:type"])
def test_guarantee_access_codes_are_never_shown(
    catalogue: Catalogue, transit: MessageType, also: str
) -> None:
    said: list[str] = []
    validator = Validator(catalogue, on_disagreement=lambda _, message: said.append(message))
    root = sample()
    code = one(root, "Guarantee/GuaranteeReference/accessCode")
    code.text = "TOPSECRET"
    if also:
        code.set(f"{{{XSI}}}type", "nothing")
    report = validator.validate(root, transit)
    assert not report.valid
    assert "TOPSECRET" not in repr(report.findings) + repr(said)


def test_at_most_25_findings_are_given_with_their_total(validator: Validator, transit: MessageType) -> None:
    root = sample()
    for leaf in root.iter("sequenceNumber", "referenceNumber", "country", "type", "grossMass"):
        leaf.text = ""
    report = validator.validate(root, transit)
    assert len(report.findings) == MAX_FINDINGS
    assert report.total == sum(
        1 for _ in root.iter("sequenceNumber", "referenceNumber", "country", "type", "grossMass")
    )


def test_where_the_explanation_fails_the_verdict_stands_and_the_hook_is_told(
    catalogue: Catalogue, transit: MessageType
) -> None:
    told: list[tuple[str, str]] = []
    validator = Validator(catalogue, on_disagreement=lambda kind, message: told.append((kind.code, message)))
    root = sample()
    one(root, "TransitOperation/LRN").set(f"{{{XSI}}}type", "nothing")
    report = validator.validate(root, transit)
    assert [f.code for f in report.findings] == ["XSD_OTHER"]
    assert report.findings[0].line == line_of(one(root, "TransitOperation/LRN"))
    assert [code for code, _ in told] == ["CC015C"]


# The signature, and the tree afterwards


def signed(declarations: str, signature: str, *, at: int, tail: str = "\n") -> etree._Element:
    text = SAMPLE.decode().replace("<ncts:CC015C ", f"<ncts:CC015C {declarations} ", 1)
    root = etree.fromstring(text.encode())
    root.insert(at if at >= 0 else len(root), etree.Element("marker"))
    return etree.fromstring(etree.tostring(root, encoding="unicode").replace("<marker/>", signature + tail))


def canonical(root: etree._Element) -> tuple[bytes, bytes, bytes]:
    signature = one(root, f"{{{DSIG}}}Signature")
    return (
        etree.tostring(root, method="c14n", with_comments=True),
        etree.tostring(root, method="c14n", exclusive=True),
        etree.tostring(signature, method="c14n"),
    )


PLAIN = f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo/></ds:Signature>'
XADES_BODY = f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#s"/></ds:Object>'
SIGNATURES = {
    "own prefix": ("", PLAIN),
    "prefix of the root": (f'xmlns:ds="{DSIG}"', "<ds:Signature><ds:SignedInfo/></ds:Signature>"),
    "prefix declared again": (f'xmlns:ds="{DSIG}"', PLAIN),
    "other prefix at the root": (f'xmlns:q="{DSIG}"', PLAIN),
    "two prefixes at the root": (
        f'xmlns:a="{DSIG}" xmlns:b="{DSIG}"',
        "<b:Signature><b:SignedInfo/></b:Signature>",
    ),
    "inner namespace at the root": (
        f'xmlns:x="{XADES}"',
        f'<ds:Signature xmlns:ds="{DSIG}">{XADES_BODY}</ds:Signature>',
    ),
    "default namespace": ("", f'<Signature xmlns="{DSIG}"><SignedInfo xmlns="{DSIG}"/></Signature>'),
    "declared again with another prefix inside": (
        "",
        f'<ds:Signature xmlns:ds="{DSIG}"><q:SignedInfo xmlns:q="{DSIG}"/></ds:Signature>',
    ),
    "message namespace inside": (
        "",
        f'<ds:Signature xmlns:ds="{DSIG}" xmlns:n="http://ncts.dgtaxud.ec"><n:x/></ds:Signature>',
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("at", [0, 3, -1])
@pytest.mark.parametrize("located", [True, False])
def test_a_signature_the_schema_does_not_declare_is_left_out_and_untouched(
    validator: Validator, transit: MessageType, name: str, at: int, *, located: bool
) -> None:
    root = signed(*SIGNATURES[name], at=at, tail="  \n ")
    signature = one(root, f"{{{DSIG}}}Signature")
    before, text = canonical(root), etree.tostring(root)
    report = validator.validate(root, transit, signature=signature if located else None)
    assert report.findings == ()
    assert canonical(root) == before
    assert etree.tostring(root) == text
    assert one(root, f"{{{DSIG}}}Signature") is signature


@settings(deadline=None, max_examples=60)
@given(
    declared=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([DSIG, XADES, "urn:x"])), unique_by=lambda p: p[0]
    ),
    inner=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([DSIG, XADES, "urn:x"])), unique_by=lambda p: p[0]
    ),
    at=st.integers(0, 8),
    tail=st.sampled_from(["", " ", "\n<!-- c -->\n", "<?p i?>"]),
)
def test_whatever_the_namespaces_the_canonical_form_stays_the_same(
    validator: Validator,
    transit: MessageType,
    declared: list[tuple[str, str]],
    inner: list[tuple[str, str]],
    at: int,
    tail: str,
) -> None:
    scope = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in declared)
    repeated = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in inner)
    body = "".join(f"<{prefix}:e {prefix}:a='1'/>" for prefix, _ in inner)
    root = signed(scope, f'<s:Signature xmlns:s="{DSIG}" {repeated}>{body}</s:Signature>', at=at, tail=tail)
    before, text = canonical(root), etree.tostring(root)
    validator.validate(root, transit)
    assert canonical(root) == before
    assert etree.tostring(root) == text


def test_lines_are_kept_when_the_signature_stands_first(validator: Validator, transit: MessageType) -> None:
    for name in ("own prefix", "other prefix at the root"):
        root = signed(*SIGNATURES[name], at=0, tail="\n\n\n")
        mass = one(root, "Consignment/grossMass")
        mass.text = "-1"
        (found,) = validator.validate(root, transit).findings
        assert found.line == line_of(mass)
        assert found.xpath == "/CC015C/Consignment[1]/grossMass"


def test_a_second_signature_is_an_unexpected_element(validator: Validator, transit: MessageType) -> None:
    root = signed("", PLAIN + PLAIN, at=-1)
    (found,) = validator.validate(root, transit).findings
    assert found.code == "XSD_UNEXPECTED_ELEMENT"


def test_a_signature_the_schema_declares_must_stand_in_its_place(
    catalogue: Catalogue, validator: Validator
) -> None:
    root = etree.parse(EXAMPLES / "ZC415.xml").getroot()
    root.append(etree.fromstring(PLAIN))
    assert validator.validate(root, catalogue.get("ZC415")).valid
    root.insert(0, root[-1])
    assert not validator.validate(root, catalogue.get("ZC415")).valid


# Compiling


def test_many_threads_share_a_validator(catalogue: Catalogue, transit: MessageType) -> None:
    validator = Validator(catalogue)
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(30):
            root = sample()
            if number % 2:
                one(root, "TransitOperation/security").text = "x"
            if validator.validate(root, transit).valid is not (number % 2 == 0):
                wrong.append(f"thread {number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_warming_up_prepares_every_type_declarants_send(catalogue: Catalogue, transit: MessageType) -> None:
    validator = Validator(catalogue)
    validator.warm_up()
    assert not validator.validate(etree.Element(f"{{{transit.namespace}}}CC015C"), transit).valid


def pack(folder: Path, schema: str, **others: str) -> tuple[Validator, MessageType]:
    home = folder / "pack" / "T"
    home.mkdir(parents=True)
    (home / "A1.xsd").write_text(schema, encoding="utf-8")
    for name, text in others.items():
        (home / f"{name}.xsd").write_text(text, encoding="utf-8")
    (home / "catalogue.toml").write_text(
        'system = "T"\n[[message]]\ncode = "A1"\nroot = "a"\nnamespace = ""\nversion = "1"\n'
        'direction = "inbound"\ntitle_pl = "A"\ntitle_en = "A"\nschema = "A1.xsd"\n',
        encoding="utf-8",
    )
    catalogue = load((home.parent,))
    return Validator(catalogue), catalogue.get("A1")


XS = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" {}>{}</xs:schema>'


@pytest.mark.parametrize(
    "location", ["../../outside.xsd", "http://127.0.0.1:9/x.xsd", "file:///etc/x.xsd", "//h/x.xsd", "no.xsd"]
)
def test_schemas_are_read_only_from_their_own_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "outside.xsd").write_text(XS.format("", ""), encoding="utf-8")
    validator, kind = pack(tmp_path, XS.format("", f'<xs:include schemaLocation="{location}"/>'))
    with pytest.raises(CatalogueError):
        validator.validate(etree.Element("a"), kind)


@pytest.mark.parametrize(
    "schema",
    [
        "<broken",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + XS.format("", ""),
        XS.format("", '<xs:element name="a" type="nothing"/>'),
    ],
    ids=["not well-formed", "with a DTD", "with an unknown type"],
)
def test_a_schema_that_cannot_be_used_is_the_operators_matter(tmp_path: Path, schema: str) -> None:
    validator, kind = pack(tmp_path, schema)
    with pytest.raises(CatalogueError):
        validator.validate(etree.Element("a"), kind)


def test_schemas_that_ask_for_xsd_1_1_are_explained_too(tmp_path: Path) -> None:
    versioning = 'xmlns:vc="http://www.w3.org/2007/XMLSchema-versioning" vc:minVersion="1.1"'
    validator, kind = pack(
        tmp_path,
        XS.format(versioning, '<xs:include schemaLocation="b.xsd"/><xs:element name="a" type="b"/>'),
        b=XS.format(
            versioning,
            '<xs:simpleType name="b"><xs:restriction base="xs:integer"><xs:maxInclusive value="5"/>'
            "</xs:restriction></xs:simpleType>",
        ),
    )
    root = etree.fromstring("<a>6</a>")
    (found,) = validator.validate(root, kind).findings
    assert (found.code, found.remedy_en) == ("XSD_RANGE", "Needed: at most 5.")


def test_comments_among_the_children_do_not_move_a_finding(
    validator: Validator, transit: MessageType
) -> None:
    root = sample()
    root.insert(0, etree.Comment("one"))
    root.insert(0, etree.Comment("two"))
    root.append(etree.Element("Unknown"))

    (found,) = validator.validate(root, transit).findings

    assert (found.code, found.xpath) == ("XSD_UNEXPECTED_ELEMENT", "/CC015C/Unknown")
