"""The paths under /pki/ over HTTP."""

from base64 import b64encode
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from gateway.clock import now
from gateway.pki.authority import init_responder
from gateway.pki.publishing import Publisher
from tests.integration.pki.pki_world import World

REQUEST = {"Content-Type": "application/ocsp-request"}


def publisher(world: World) -> Publisher:
    return Publisher(
        settings=world.gateway.settings,
        store=world.gateway.store,
        authority=world.authority,
        clock=now,
        observe=world.gateway.observe,
    )


def request_for(world: World) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(world.issue().certificate, world.authority.certificate, hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


def status(response: httpx.Response) -> ocsp.OCSPResponseStatus:
    assert response.headers["Content-Type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(response.content).response_status


def test_requests_may_come_by_post_and_in_the_path(world: World) -> None:
    request = request_for(world)
    posted = httpx.post(f"{world.url}/pki/ocsp", content=request, headers=REQUEST)
    got = httpx.get(f"{world.url}/pki/ocsp/{quote(b64encode(request), safe='')}")
    slashes = httpx.get(f"{world.url}/pki/ocsp/{quote(b64encode(request))}")
    for response in (posted, got, slashes):
        assert status(response) is ocsp.OCSPResponseStatus.SUCCESSFUL
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/pki/ocsp", "/pki/ocsp/", "/pki/ocsp/%%%", "/pki/ocsp/" + "A" * 40_000])
def test_no_request_in_the_path_is_malformed(world: World, path: str) -> None:
    response = httpx.get(f"{world.url}{path}")
    assert status(response) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_what_is_no_ocsp_request_is_refused(world: World) -> None:
    url = f"{world.url}/pki/ocsp"
    assert httpx.post(url, content=b"x", headers={"Content-Type": "text/xml"}).status_code == 415
    assert httpx.post(url, content=b"x" * 20_000, headers=REQUEST).status_code == 413
    assert httpx.put(url, content=b"x", headers=REQUEST).status_code == 405
    assert status(httpx.post(url, content=b"x", headers=REQUEST)) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_other_paths_and_methods_are_refused(world: World) -> None:
    assert httpx.get(f"{world.url}/pki/other").status_code == 404
    refused = httpx.post(f"{world.url}/pki/ca.cer", content=b"x")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")


def test_there_is_no_crl_before_the_first_is_published(world: World) -> None:
    assert httpx.get(f"{world.url}/pki/sc.crl").status_code == 404
    publisher(world).publish()
    found = httpx.get(f"{world.url}/pki/sc.crl")
    assert found.headers["Content-Type"] == "application/pkix-crl"
    assert x509.load_der_x509_crl(found.content).issuer == world.authority.certificate.subject


def test_a_web_server_needs_no_key_but_the_responders(world: World) -> None:
    publisher(world).publish()
    (world.folder / "keys" / "ca.p12").unlink()
    assert httpx.get(f"{world.url}/pki/sc.crl").status_code == 200
    assert httpx.get(f"{world.url}/pki/ca.cer").status_code == 200
    answer = httpx.get(f"{world.url}/pki/ocsp/AAAA")
    assert status(answer) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_without_its_key_the_responder_says_try_later(world: World) -> None:
    (world.folder / "keys" / "ocsp.p12").unlink()
    answer = httpx.post(f"{world.url}/pki/ocsp", content=request_for(world), headers=REQUEST)
    assert status(answer) is ocsp.OCSPResponseStatus.TRY_LATER


def test_without_its_store_the_responder_says_try_later(world: World) -> None:
    request = request_for(world)
    with world.gateway.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ca_certificates RENAME TO elsewhere")
    answer = httpx.post(f"{world.url}/pki/ocsp", content=request, headers=REQUEST)
    assert status(answer) is ocsp.OCSPResponseStatus.TRY_LATER


def test_a_renewed_key_is_used_at_once(world: World) -> None:
    request = request_for(world)
    url = f"{world.url}/pki/ocsp"
    signers = []
    for _ in range(2):
        answer = httpx.post(url, content=request, headers=REQUEST)
        signers.append(ocsp.load_der_ocsp_response(answer.content).certificates[0])
        init_responder(world.gateway.settings, world.authority, at=now())
    assert signers[0] != signers[1]


def test_key_files_are_readable_by_their_owner_only(world: World) -> None:
    for name in ("ca.p12", "ocsp.p12", "seal.p12"):
        assert (world.folder / "keys" / name).stat().st_mode & 0o077 == 0
