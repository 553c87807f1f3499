"""From a record of PDR to a right that counts: an independent SOAP client goes the whole way."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from benchmarks.pdr_records import pesel
from registry.numbers import person_id_sisc
from tests.acceptance.enrolment import enrol_many
from tests.acceptance.running import RunningSandbox

Zeep = Any  # zeep has no types

LOGIN, SECRET = "migrated@example.pl", "Zażółć-1"
PERSON = person_id_sisc(pesel(77))


def zeep(sandbox: RunningSandbox, login: str = LOGIN, password: str = SECRET) -> Zeep:
    inner = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()
    wsdl = f"{sandbox.url.rstrip('/')}/sisc/registry?wsdl"
    return Client(wsdl, wsse=UsernameToken(login, inner, use_digest=True)).service


@pytest.fixture
def one_time_password(sandbox: RunningSandbox, tmp_path: Path) -> str:
    """A record imported, an account opened, a password issued: as the operators do it."""
    file, secret = tmp_path / "pdr.csv", tmp_path / "secret"
    file.write_text(
        "record,id,pesel,given_names,surname,name,eori,representative,represented,systems\n"
        f"person,P77,{pesel(77)},Maria,Dawna,,,,,\n"
        f"entity,E1,,,,Firma,{sandbox.entity},,,\n"
        "authorisation,A77,,,,,,P77,E1,ECS\n",
        "utf-8",
    )
    secret.write_text(f"{SECRET}\n", "utf-8")
    sandbox.sisc("registry", "import-pdr", str(file))
    sandbox.sisc("registry", "account", "add", LOGIN, "--level", "basic", "--password-file", str(secret))
    issue = ("helpdesk", "one-time-password", LOGIN, "--person", PERSON, "--reason", "identity shown")
    password = json.loads(sandbox.sisc(*issue, "--json").stdout)["one_time_password"]
    assert isinstance(password, str)
    return password


def test_a_new_account_finds_its_rights_of_pdr_again(
    sandbox: RunningSandbox, one_time_password: str, tmp_path: Path
) -> None:
    service = zeep(sandbox)
    assert service.GetAccount().level == "basic"
    with pytest.raises(Fault, match="Operacja odrzucona") as refused:
        service.ListLinks()
    assert refused.value.detail.findtext(".//{*}errorCode") == "S001"

    assert service.LinkAccount(one_time_password).idSISC == PERSON

    (link,) = service.ListLinks().link
    assert (link.entity, sorted(link.systems), link.migrated, link.review) == (
        sandbox.entity,
        ["AES", "ECS"],
        True,
        None,
    )
    assert service.ReviewLink(link.id, correct=True) == "confirmed"
    (right,) = service.ListRights().right
    assert (right.entity, right.through, right.validTo) == (sandbox.entity, None, None)
    (entity,) = service.ListEntities().entity
    assert sandbox.entity in [number.value for number in entity.numbers]
    assert service.ListRequests().count == 0

    profile = tmp_path / "client.toml"
    profile.write_text(f'url = "{sandbox.url}"\nlogin = "{LOGIN}"\npassword = "{SECRET}"\n', "utf-8")
    shown = sandbox.sisc("my-account", "links", "--profile", str(profile)).stdout
    assert "confirmed" in shown
    as_json = sandbox.sisc("my-account", "links", "--json", "--profile", str(profile)).stdout
    told = json.loads(as_json)
    assert (told["id"], told["inForce"], told["systems"]) == (link.id, True, ["AES", "ECS"])
    assert sandbox.sisc("my-account", "requests", "--profile", str(profile)).stdout == "Requests: none\n"
    note = ("--note", "wrong firm", "--profile", str(profile))
    assert "disputed" in sandbox.sisc("my-account", "dispute", link.id, *note).stdout
    again = sandbox.sisc("my-account", "link", "--profile", str(profile), check=False)
    assert again.returncode == 2
    assert "must not be empty" in again.stderr


def test_certificates_are_told_with_their_expiry(sandbox: RunningSandbox) -> None:
    service = zeep(sandbox, sandbox.account.login, sandbox.account.password)
    certificates = service.ListCertificates().certificate
    assert {certificate.kind for certificate in certificates} == {"SC"}
    assert all(certificate.notAfter > certificate.notBefore for certificate in certificates)


def test_the_help_desk_suspends_releases_and_revokes_a_certificate(sandbox: RunningSandbox) -> None:
    (enrolled,) = enrol_many(sandbox, 1)
    service = zeep(sandbox, enrolled.account.login, enrolled.account.password)
    (certificate,) = service.ListCertificates().certificate
    sides = (
        "--category",
        "service",
        "--service",
        "Certyfikat",
        "--channel",
        "portal",
        "--text",
        "Zgubiłam klucz",
    )
    added = sandbox.sisc("helpdesk", "request", "add", *sides, "--login", enrolled.account.login, "--json")
    number = str(json.loads(added.stdout)["number"])

    for act, reason, status in (
        ("suspend", "token lost", "held"),
        ("unsuspend", "token found", "active"),
        ("revoke", "keyCompromise", "revoked"),
    ):
        known = ("--reason", reason, "--request", number)
        sandbox.sisc("helpdesk", "certificate", act, certificate.serial, *known)
        (certificate,) = service.ListCertificates().certificate
        assert certificate.status == status

    said = json.loads(sandbox.sisc("helpdesk", "request", "show", number, "--json").stdout)["messages"]
    assert [message["text"] for message in said[1:]] == [
        f"certificate {certificate.serial} {done}"
        for done in ("suspended: token lost", "unsuspended: token found", "revoked: keyCompromise")
    ]
