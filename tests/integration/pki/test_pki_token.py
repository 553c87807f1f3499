"""The authority's commands with its key in a PKCS#11 token."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import create_engine, select

from signing.tables import ca_crls
from tests.unit.signing.soft_hsm import PIN, SoftHsm, make_tokens


@pytest.fixture
def hsm(tmp_path: Path) -> SoftHsm:
    (tmp_path / "tokens").mkdir()
    return make_tokens(tmp_path / "tokens", "SC")


def sisc(folder: Path, hsm: SoftHsm, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SOFTHSM2_CONF": str(hsm.config), "SISC_CONFIG": str(folder / "sisc.toml")}
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_an_authority_is_made_and_published_without_a_key_file(
    tmp_path: Path, sqlite_url: str, hsm: SoftHsm
) -> None:
    (tmp_path / "sisc.toml").write_text(f"""
[store]
url = "{sqlite_url}"
[keys]
authority_pkcs11 = "pkcs11:token=SC;object=sc-ca?module-path={hsm.library}"
authority_password = "{PIN}"
seal_password = "s"
responder_password = "r"
""")
    for arguments in (["ca", "init"], ["ca", "responder"], ["ca", "publish"]):
        done = sisc(tmp_path, hsm, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
    assert {file.name for file in (tmp_path / "keys").iterdir()} == {"ca.pem", "seal.p12", "ocsp.p12"}
    public = x509.load_pem_x509_certificate((tmp_path / "keys" / "ca.pem").read_bytes()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        content = connection.execute(select(ca_crls.c.content)).scalar_one()
    engine.dispose()
    assert x509.load_der_x509_crl(content).is_signature_valid(public)
    again = sisc(tmp_path, hsm, "ca", "init")
    assert (again.returncode, "already" in again.stderr) == (2, True)
