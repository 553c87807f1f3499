"""Signature verification from bytes to verdict, side by side with xmlsec and signxml, in one run."""

import gc
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.xades.xades import XAdESVerifier

from benchmarks.workshop import EXAMPLE, measure, resident_peak_mib
from gateway import clock
from signing.authority import CertificateSubject, KeyType, create_authority, generate_key, issue
from signing.keys import KeyPair
from signing.names import DS
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.sign import sign_enveloped
from signing.trust import PinnedTrust
from signing.verify import verify

__all__ = ["measure_verification"]

_SIZES = {"5 KB": 5_000, "100 KB": 100_000, "5 MB": 5_000_000, "15 MB": 15_000_000}
_BYTES_MEASURED = 40_000_000  # each size is repeated until about so much was verified, within bounds
_FLAT_RUNS = 1000


def measure_verification(folder: Path) -> dict[str, object]:
    """CPU milliseconds by size and verifier, ratios of ours to theirs, and memory."""
    signer = _Signer.make()
    sizes = {name: _compare(signer, signer.sign(_document(size)), size) for name, size in _SIZES.items()}
    return {"cpu_ms": sizes, "memory": _memory(signer, folder)}


@dataclass(frozen=True, kw_only=True)
class _Signer:
    key: KeyPair
    trust: PinnedTrust

    @classmethod
    def make(cls) -> "_Signer":
        at = clock.now()
        authority = create_authority("Bench CA", KeyType.P256, at=at)
        key = generate_key(KeyType.RSA_3072)
        person = CertificateSubject(id_sisc="00000080010112340", given_names="Jan", surname="Kowalski")
        certificate = issue(authority, key.public_key(), person, at=at)
        return cls(key=KeyPair(private_key=key, certificate=certificate), trust=PinnedTrust([certificate]))

    @property
    def pem(self) -> bytes:
        return self.key.certificate.public_bytes(Encoding.PEM)

    def sign(self, root: etree._Element) -> bytes:
        return sign_enveloped(root, self.key, at=clock.now(), ids=clock.signature_id)


def _document(size: int) -> etree._Element:
    """Goods items until the document has about `size` bytes."""
    root = etree.Element("{urn:bench}Declaration", nsmap={"b": "urn:bench"})
    item = next(parse(EXAMPLE.read_bytes(), ParseLimits()).iter("ConsignmentItem"))
    text = etree.tostring(item, with_tail=False)
    for _ in range(max(1, (size - 4_000) // len(text))):
        root.append(etree.fromstring(text))
    return root


def _compare(signer: _Signer, content: bytes, size: int) -> dict[str, float]:
    times = max(2, min(400, _BYTES_MEASURED // size))
    ours = measure(lambda: _ours(signer, content), times=times)["cpu"]
    theirs = measure(lambda: _xmlsec(signer, content), times=times)["cpu"]
    slow = measure(lambda: _signxml(signer, content), times=max(2, times // 4))["cpu"]
    return {
        "ours": ours,
        "xmlsec": theirs,
        "signxml": slow,
        "ours_to_xmlsec": round(ours / theirs, 2),
        "ours_to_signxml": round(ours / slow, 2),
    }


def _ours(signer: _Signer, content: bytes) -> None:
    root = parse(content, ParseLimits())
    verdict = verify(root, policy=MESSAGE_POLICY, trust=signer.trust, at=clock.now())
    assert verdict.passed, verdict.fault


def _xmlsec(signer: _Signer, content: bytes) -> None:
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True))
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(signer.pem, xmlsec.constants.KeyDataFormatCertPem)
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    context.verify(signature)


def _signxml(signer: _Signer, content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own defaults
        XAdESVerifier().verify(content, x509_cert=signer.key.certificate, expect_references=2)


def _memory(signer: _Signer, folder: Path) -> dict[str, float]:
    """MiB above the input at 15 MB, and growth over many verifications, in a process of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "signer.pem").write_bytes(signer.pem)
    (folder / "small.xml").write_bytes(signer.sign(_document(_SIZES["5 KB"])))
    (folder / "large.xml").write_bytes(signer.sign(_document(_SIZES["15 MB"])))
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.verification", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figures: dict[str, float] = json.loads(told.stdout)
    return figures


def _main(folder: Path) -> None:
    certificate = x509.load_pem_x509_certificate((folder / "signer.pem").read_bytes())
    trust = PinnedTrust([certificate])

    def check(content: bytes) -> None:
        verdict = verify(parse(content, ParseLimits()), policy=MESSAGE_POLICY, trust=trust, at=clock.now())
        assert verdict.passed, verdict.fault

    small = (folder / "small.xml").read_bytes()
    _repeat(check, small, _FLAT_RUNS)
    before = resident_peak_mib()
    _repeat(check, small, _FLAT_RUNS)
    growth = resident_peak_mib() - before
    large = (folder / "large.xml").read_bytes()
    before = resident_peak_mib()
    check(large)
    figures = {
        "growth_over_1000_mib": round(growth, 1),
        "peak_above_input_mib": round(resident_peak_mib() - before, 1),
    }
    print(json.dumps(figures))


def _repeat(check: Callable[[bytes], None], content: bytes, times: int) -> None:
    for _ in range(times):
        check(content)
    gc.collect()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
