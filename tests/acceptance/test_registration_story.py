"""From an account to a declaration and to the end of a right: everything over the wire, with zeep alone.

What the channel does not carry is done beside it, as in life: the account is opened on the portal, and the SC
certificate comes from the authority in exchange for a request (CSR).
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from zeep import Client
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken

from gateway import clock
from gateway.bootstrap import open_gateway
from gateway.settings import load_settings
from registry.model import Person
from registry.numbers import person_id_sisc
from signing.authority import KeyType, generate_key
from signing.keys import KeyPair
from signing.revocation.crl import read_crl
from signing.revocation.sql import SqlRevocationCache
from tests.acceptance.messages import signed_example
from tests.acceptance.running import RunningSandbox, start, until
from tests.integration.gateway.szprot import (
    Decided,
    ended,
    entity_data,
    entity_form,
    mandate,
    person_form,
    position,
    representation,
)
from tests.unit.signing.revocation.revocation_samples import HOUR, Pair, make, make_crl
from tests.unit.signing.test_trusted_profile import named, role, sealed

Zeep = Any  # zeep has no types

CRL = "http://seal.invalid/seal.crl"
PASSWORD = "Portal-Password-1"
FIRM = "PL777123455000000"


def person(name: str, surname: str, pesel: str) -> Person:
    return Person(id_sisc=person_id_sisc(pesel), given_names=name, surname=surname, pesel=pesel)


JAN, EWA = person("Jan", "Przykładowy", "44051401458"), person("Ewa", "Pracownica", "70010200008")
BORN = {JAN: "1944-05-14", EWA: "1970-01-02"}


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make("Authority of the seal", ca=True, at=clock.now())


@pytest.fixture(scope="module")
def seal(authority: Pair) -> Pair:
    """The seal of trusted signatures: the way of who has no SC certificate yet."""
    name = x509.UniformResourceIdentifier(CRL)
    points = x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None)])
    return make("Minister", authority, at=clock.now(), extra=[(points, False)])


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, authority: Pair, seal: Pair
) -> Iterator[RunningSandbox]:
    """A sandbox that accepts trusted signatures; the CRL of the seal's authority is in its cache."""
    folder = tmp_path_factory.mktemp("story")
    files = {"SEALS": seal, "AUTHORITIES": authority}
    environment = {}
    for name, pair in files.items():
        file = folder / f"{name}.pem"
        file.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
        environment[f"SISC_TRUST__TRUSTED_PROFILE_{name}"] = str(file)
    running = start(folder / "sandbox", environment=environment)
    gateway = open_gateway(load_settings(running.config), component="test")
    now = clock.now()
    crl = make_crl(authority, at=now - HOUR, until=now + 24 * HOUR)
    with gateway.store.begin() as work:
        SqlRevocationCache(work.connection).put_crl(read_crl(crl, authority.certificate), url=CRL, at=now)
        work.commit()
    gateway.store.close()
    yield running
    assert running.stop() == 0


def client(running: RunningSandbox, login: str, folder: Path) -> Zeep:
    """An account opened on the portal, and a client of it."""
    file = folder / f"{login}.password"
    file.write_text(PASSWORD)
    running.sisc("registry", "account", "add", login, "--level", "basic", "--password-file", str(file))
    inner = base64.b64encode(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest()).decode()
    token = UsernameToken(login, inner, use_digest=True)
    return Client(running.wsdl, plugins=[WsAddressingPlugin()], wsse=token)


def answer(zeep: Zeep, content: bytes, system: str, *names: str) -> etree._Element:
    """Send a document and wait for the answer whose file name begins with one of these."""
    document = zeep.get_type("ns1:documentType")(
        content={"_value_1": content, "filename": "doc.xml", "mime": "application/xml"},
        targetSystems={"system": [system]},
    )
    sys_ref = zeep.service.AcceptDocument(document=document)

    def found() -> etree._Element | None:
        for each in zeep.service.GetDocuments(korelacjaSysref=sys_ref).document:
            if each.content.filename.startswith(names):
                return etree.fromstring(bytes(each.content["_value_1"]))
        return None

    return until(found)


def register(zeep: Zeep, seal: Pair, form: str, who: Person) -> Decided:
    """File a form under a trusted signature; the decision."""
    assert who.pesel is not None
    signed = sealed(role(named(pesel=who.pesel)), seal, body=form, at=clock.now())
    root = answer(zeep, signed, "SZPROT", "Decyzja", "NPP")
    assert etree.QName(root).localname.startswith("Decyzja"), etree.tostring(root).decode()
    return Decided(sys_ref="", root=root)


def certificate(running: RunningSandbox, who: Person, folder: Path) -> KeyPair:
    """An SC certificate in exchange for a CSR."""
    key = generate_key(KeyType.P256)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who.surname)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    (folder / "request.pem").write_bytes(request.public_bytes(Encoding.PEM))
    told = running.sisc("ca", "issue", str(folder / "request.pem"), "--person", who.id_sisc).stdout
    return KeyPair(
        private_key=key,
        certificate=x509.load_pem_x509_certificate(told.encode()),
        chain=tuple(x509.load_pem_x509_certificates((running.folder / "keys" / "ca.pem").read_bytes())),
    )


def declare(zeep: Zeep, key: KeyPair) -> etree._Element:
    """An export declaration for the firm; its UPP or NPP."""
    return answer(zeep, signed_example("CC515C", key, declarant=FIRM), "AES", "UPP", "NPP")


def test_from_an_account_to_a_declaration_and_to_the_end_of_the_right(
    running: RunningSandbox, seal: Pair, tmp_path: Path
) -> None:
    jan, ewa = (client(running, f"{one}@example.com", tmp_path) for one in ("jan", "ewa"))

    for zeep, who, login in ((jan, JAN, "jan@example.com"), (ewa, EWA, "ewa@example.com")):
        decided = register(zeep, seal, person_form(who, login=login, born=BORN[who]), who)
        assert decided.text("Uwzgledniono/IdSisc") == who.id_sisc

    form = entity_form(JAN.surname, entity_data(owner=JAN.id_sisc))
    assert register(jan, seal, form, JAN).text("Uwzgledniono/IdSisc") == FIRM
    given = representation(JAN.surname, FIRM, position(1, EWA, mandate("AES", first="2026-01-01")))
    state = register(jan, seal, given, JAN).text("Uwzgledniono/Reprezentacja/Stan")
    assert state == "ZAREJESTROWANA"

    key = certificate(running, EWA, tmp_path)
    assert declare(ewa, key).find("{*}UPP") is not None

    today = clock.warsaw_day(clock.now()).isoformat()
    end = representation(JAN.surname, FIRM, position(1, EWA, ended(today)))
    state = register(jan, seal, end, JAN).text("Uwzgledniono/Reprezentacja/Stan")
    assert state == "ZAKONCZONA"

    refused = declare(ewa, key)
    assert [code.text for code in refused.iterfind(".//{*}Kod")] == ["RIGHT_EXPIRED"]
    assert EWA.id_sisc in etree.tostring(refused).decode()


def test_a_clerk_decides_at_the_command_line_and_the_applicant_reads_it(
    running: RunningSandbox, seal: Pair, tmp_path: Path
) -> None:
    zeep = client(running, "oksana@example.com", tmp_path)
    passport = (
        "<DokumentTozsamosci><Rodzaj>PASZPORT</Rodzaj><SeriaINumer>AB 1234567</SeriaINumer>"
        "<KrajWydania>UA</KrajWydania></DokumentTozsamosci>"
    )
    who = person("Oksana", "Заявник", "70010200190")
    form = person_form(who, login="oksana@example.com", identity=passport)
    case = register(zeep, seal, form, who).text("NumerSprawy")
    assert case is not None

    (waiting,) = map(
        json.loads, running.sisc("registry", "applications", "list", "--json").stdout.splitlines()
    )
    assert (waiting["case"], waiting["waits for"]) == (case, "POTWIERDZENIE_TOZSAMOSCI")
    shown = running.sisc("registry", "applications", "show", case).stdout
    assert "Заявник" in shown
    assert "Nothing in the register stands against it." in shown
    running.sisc("registry", "applications", "approve", case, "--note", "seen in person")
    again = running.sisc("registry", "applications", "refuse", case, "--reason", "late", check=False)
    assert again.returncode == 1

    def decided() -> list[str] | None:
        documents = zeep.service.GetDocuments(korelacjaSysref=case).document
        found = [one.content.filename for one in documents if one.content.filename.startswith("Decyzja")]
        return found if len(found) == 2 else None

    assert until(decided) == [f"DecyzjaWRR_{case}-1.xml", f"DecyzjaWRR_{case}-2.xml"]
    told = running.sisc("registry", "history", "UA000000AB1234567", "--json").stdout.splitlines()
    first = json.loads(told[0])
    assert (first["action"], first["document"], first["reason"]) == ("added", case, "seen in person")


def test_the_register_tells_who_could_send_for_the_sandboxs_firm(running: RunningSandbox) -> None:
    today = clock.warsaw_day(clock.now()).isoformat()
    asked = ("registry", "who-could", "--entity", running.entity, "--on", today, "--json")

    able = running.sisc(*asked, "--system", "AES").stdout.splitlines()
    unable = running.sisc(*asked, "--system", "ZEFIR2").stdout

    assert [json.loads(line)["account"] for line in able] == [running.account.login]
    assert unable == ""
