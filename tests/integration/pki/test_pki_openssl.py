"""What the authority publishes, as the openssl command line sees it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import httpx
import pytest

from gateway.clock import now
from gateway.pki.publishing import Publisher
from signing.authority import KeyType
from signing.lifecycle import RevocationReason
from signing.records import CertificateRecord
from signing.register import SqlCertificateRegister
from tests.integration.pki.pki_world import World, open_world

pytestmark = pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(params=[KeyType.P256, KeyType.P384, KeyType.RSA_3072])
def any_world(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    with open_world(tmp_path, sqlite_url, request.param) as opened:
        yield opened


def openssl(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def publish(world: World) -> None:
    Publisher(
        settings=world.gateway.settings,
        store=world.gateway.store,
        authority=world.authority,
        clock=now,
        observe=world.gateway.observe,
    ).publish()


def revoke(world: World, record: CertificateRecord) -> None:
    with world.gateway.store.begin() as work:
        register = SqlCertificateRegister(work.connection)
        register.revoke(record.serial, RevocationReason.KEY_COMPROMISE, at=now(), operator="test")
        work.commit()


def hold(world: World, record: CertificateRecord) -> None:
    with world.gateway.store.begin() as work:
        SqlCertificateRegister(work.connection).hold(record.serial, at=now(), operator="test")
        work.commit()


def fetch_crl(world: World) -> Path:
    file = world.folder / "sc.crl"
    file.write_bytes(httpx.get(f"{world.url}/pki/sc.crl").raise_for_status().content)
    return file


def ask(world: World, record: CertificateRecord, *options: str) -> tuple[int, str]:
    """Ask by the URL in the certificate; the responder is trusted through the authority alone."""
    _, url = openssl("x509", "-in", world.file(record), "-noout", "-ocsp_uri")
    files = ("-sha256", "-issuer", world.ca_file, "-CAfile", world.ca_file, "-cert", world.file(record))
    return openssl("ocsp", *files, "-url", url.strip(), *options)


def test_openssl_verifies_crls(any_world: World) -> None:
    revoke(any_world, any_world.issue())
    publish(any_world)
    arguments = ("-inform", "DER", "-in", fetch_crl(any_world), "-CAfile", any_world.ca_file)
    code, said = openssl("crl", *arguments, "-verify", "-noout", "-text")
    assert code == 0
    assert "verify OK" in said
    assert "Key Compromise" in said
    assert "X509v3 CRL Number" in said


def test_openssl_accepts_answers_of_the_responder(any_world: World) -> None:
    good, bad, held = (any_world.issue() for _ in range(3))
    revoke(any_world, bad)
    hold(any_world, held)
    for record, words in (
        (good, [": good"]),
        (bad, [": revoked", "Reason: keyCompromise"]),
        (held, [": revoked", "Reason: certificateHold"]),
    ):
        code, said = ask(any_world, record)
        assert code == 0
        assert "Response verify OK" in said
        assert "WARNING" not in said  # the nonce came back
        assert all(word in said for word in words), said


def test_openssl_finds_the_responders_certificate_in_order(world: World) -> None:
    _, said = ask(world, world.issue(), "-resp_text")
    assert "OCSP Signing" in said
    assert "OCSP No Check" in said
    assert ": good" in said


def test_openssl_checks_chains_against_the_crl(world: World) -> None:
    good, bad = world.issue(), world.issue()
    revoke(world, bad)
    publish(world)
    crl = world.folder / "crl.pem"
    openssl("crl", "-inform", "DER", "-in", fetch_crl(world), "-out", crl)
    check = ("verify", "-crl_check", "-CAfile", world.ca_file, "-CRLfile", crl)
    assert openssl(*check, world.file(good))[0] == 0
    code, said = openssl(*check, world.file(bad))
    assert code != 0
    assert "certificate revoked" in said


def test_openssl_downloads_the_crl_that_a_certificate_names(world: World) -> None:
    good, bad = world.issue(), world.issue()
    revoke(world, bad)
    publish(world)
    check = ("verify", "-crl_check", "-crl_download", "-CAfile", world.ca_file)
    assert openssl(*check, world.file(good))[0] == 0
    assert "certificate revoked" in openssl(*check, world.file(bad))[1]


def test_a_revocation_is_answered_before_any_crl_is_published(world: World) -> None:
    record = world.issue()
    publish(world)
    revoke(world, record)
    assert ": revoked" in ask(world, record)[1]


def test_a_certificate_of_nobody_is_unknown(world: World) -> None:
    record = world.issue()
    with world.gateway.store.begin() as work:
        work.connection.exec_driver_sql("DELETE FROM ca_certificates")
        work.commit()
    assert ": unknown" in ask(world, record)[1]


def test_the_published_certificate_is_the_issuers(world: World) -> None:
    record = world.issue()
    content = httpx.get(f"{world.url}/pki/ca.cer").raise_for_status()
    assert content.headers["Content-Type"] == "application/pkix-cert"
    file = world.folder / "ca.cer"
    file.write_bytes(content.content)
    pem = world.folder / "fetched.pem"
    openssl("x509", "-inform", "DER", "-in", file, "-out", pem)
    assert openssl("verify", "-CAfile", pem, world.file(record))[0] == 0
