"""Published vectors on the command line: the class that their README names, and never a traceback."""

import csv
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.names import ds, xades
from tests.unit.cli.cli_kit import SHARED, Run

VECTORS = SHARED / "vectors"
FOLDERS = ("dss", "signxml-sdist", "xml-crypto", "pysaml2", "xml-bombs")
#: Sorted as refused by a profile without the literal XPath spelling of "enveloped", which ours takes.
TAKEN = {"data2sign-signed-xades-enveloped-baseline-cts-lta.xml"}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not VECTORS.is_dir(), reason="the published vectors are not beside the project"),
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),  # one published certificate has number 0
]


def rows() -> list[tuple[Path, str]]:
    found = []
    for folder in FOLDERS if VECTORS.is_dir() else ():
        with (VECTORS / folder / "manifest.tsv").open(encoding="utf-8") as manifest:
            found += [
                (VECTORS / folder / row["file"], row["verdict"])
                for row in csv.DictReader(manifest, delimiter="\t")
                if row["file"].endswith(".xml")
            ]
    return found


def trusted(file: Path, bundle: Path) -> list[str]:
    """Options that trust every certificate in a file, at a time when all are valid and it is signed."""
    try:
        root = etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    certificates = [
        x509.load_der_x509_certificate(b64decode(element.text or ""))
        for element in root.iter(ds("X509Certificate"))
    ]
    if not certificates:
        return []
    bundle.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
    times = [certificate.not_valid_before_utc for certificate in certificates]
    times += [datetime.fromisoformat(element.text or "") for element in root.iter(xades("SigningTime"))]
    at = max(times, default=datetime(2020, 1, 1, tzinfo=UTC))
    return ["--trust", str(bundle), "--at", at.isoformat()]


@pytest.mark.parametrize(("file", "verdict"), rows(), ids=lambda value: getattr(value, "name", value))
def test_every_vector_is_of_its_class(file: Path, verdict: str, run: Run, tmp_path: Path) -> None:
    options = trusted(file, tmp_path / "trusted.pem")

    checked = run("check", file, "--signature-only", "--json", *options)

    (told,) = checked.lines
    signature = told["signature"]
    if verdict == "VALID" or file.name in TAKEN:
        assert (checked.code, signature["indication"]) == (0, "TOTAL-PASSED"), told
        assert signature["signer"]["class"] == "PINNED"
        return
    assert checked.code == 1
    assert signature["indication"] in {"TOTAL-FAILED", "INDETERMINATE"}
    assert signature["fault"]["code"]
    if verdict == "MUST-REJECT-PARSER":
        assert signature["fault"]["code"] == "DOCTYPE"


@pytest.mark.parametrize(("file", "_verdict"), rows(), ids=lambda value: getattr(value, "name", value))
def test_every_vector_gets_through_in_words_too(file: Path, _verdict: str, run: Run) -> None:
    checked = run("check", file)

    assert checked.code == 1  # none is a message of ours
    assert str(file) in checked.out
    assert not checked.err


@pytest.mark.parametrize(
    "file", sorted(VECTORS.rglob("*")), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_whatever_lies_there_gets_through(file: Path, run: Run) -> None:
    """Keys, certificates, notes, trusted lists and folders among the messages."""
    checked = run("check", file, "--json")

    assert checked.code in {1, 2}
    assert bool(checked.lines) is file.is_file()
