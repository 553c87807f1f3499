"""`sisc trust cbtd`, and what settings say of CBTD keys and of the trusted profile."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import clock
from gateway.errors import ConfigurationError
from gateway.settings import load_settings
from gateway.trust.cbtd import exemptions_of
from gateway.trust.trusted_profile import read_seals
from tests.unit.cli.cli_kit import Run
from tests.unit.signing.revocation.revocation_samples import Pair, make

JAN, ANNA = "00000044051401359", "00000002070803628"


@pytest.fixture
def registry(run: Run) -> Run:
    """A gateway that knows two persons; one has an account."""
    assert run("migrate").code == 0
    for pesel in ("44051401359", "02070803628"):
        added = run("registry", "person", "add", "--surname", "X", "--given-names", "Y", "--pesel", pesel)
        assert added.code == 0, added.err
    Path("password").write_text("Zażółć gęślą jaźń\n", encoding="utf-8")
    for login, linked in (("anna@example.pl", ("--person", ANNA)), ("nobody@example.pl", ())):
        added = run("registry", "account", "add", login, *linked, "--password-file", "password")
        assert added.code == 0, added.err
    return run


def key(name: str, *, ca: bool = False) -> Pair:
    return make(name, ca=ca, at=clock.now())


def pem(*pairs: Pair) -> bytes:
    return b"".join(pair.certificate.public_bytes(Encoding.PEM) for pair in pairs)


def folder(**files: bytes) -> Path:
    made = Path("keys-of-cbtd")
    made.mkdir()
    for name, content in files.items():
        (made / name).write_bytes(content)
    return made


def test_a_folder_is_imported_once_and_listed(registry: Run) -> None:
    two, der = (key("Jan 1"), key("Jan 2")), key("Anna")
    path = folder(
        **{
            f"{JAN}.pem": b"a comment\n" + pem(*two),
            "Anna@example.pl.cer": der.certificate.public_bytes(Encoding.DER),
            "README.txt": b"not a certificate",
        }
    )
    done = registry("trust", "cbtd", "import", path, "--json")
    assert (done.code, done.lines) == (0, [{"certificates": 3}])
    listed = registry("trust", "cbtd", "list", "--json").lines
    assert sorted((line["person"], line["subject"]) for line in listed) == [
        (ANNA, "CN=Anna,C=PL"),
        (JAN, "CN=Jan 1,C=PL"),
        (JAN, "CN=Jan 2,C=PL"),
    ]
    assert len(registry("trust", "cbtd", "list", "--person", ANNA, "--json").lines) == 1
    again = registry("trust", "cbtd", "import", path)
    assert again.code == 1
    assert "frozen" in again.told


def test_a_csv_names_files_beside_it(registry: Run) -> None:
    made = folder(**{"a.pem": pem(key("Jan")), "b.der": key("Anna").certificate.public_bytes(Encoding.DER)})
    table = made / "holders.csv"
    table.write_text(f"certificate,holder\na.pem,{JAN}\nb.der,anna@example.pl\n", encoding="utf-8-sig")
    done = registry("trust", "cbtd", "import", table)
    assert (done.code, done.err) == (0, "")
    assert "2 certificates entered" in done.out
    listed = registry("trust", "cbtd", "list", "--json").lines
    assert {line["person"] for line in listed} == {JAN, ANNA}


def test_a_dry_run_shows_everything_and_enters_nothing(registry: Run) -> None:
    path = folder(**{f"{JAN}.pem": pem(key("Jan"))})
    shown = registry("trust", "cbtd", "import", path, "--dry-run", "--json")
    assert [line["subject"] for line in shown.lines] == ["CN=Jan,C=PL"]
    assert registry("trust", "cbtd", "list", "--json").lines == []
    assert registry("trust", "cbtd", "import", path).code == 0


WRONG: dict[str, tuple[Callable[[], dict[str, bytes]], str, str]] = {
    "an unknown person": (lambda: {"00000099999999999.pem": pem(key("X"))}, "", "99999999999"),
    "an unknown account": (lambda: {"x@example.pl.pem": pem(key("X"))}, "", "x@example.pl"),
    "an account of nobody": (lambda: {"nobody@example.pl.pem": pem(key("X"))}, "", "linked to no person"),
    "no certificates": (lambda: {"x.txt": b""}, "", "there are no certificates"),
    "no certificate in a file": (lambda: {f"{JAN}.pem": b"x"}, "", "not certificates in PEM or DER"),
    "a damaged certificate": (lambda: {f"{JAN}.pem": pem(key("X"))[:300]}, "", "not certificates"),
    "an authority": (lambda: {f"{JAN}.pem": pem(key("X", ca=True))}, "", "not a certificate for signing"),
    "one of two holders": (
        lambda: dict.fromkeys((f"{JAN}.pem", "anna@example.pl.pem"), pem(key("X"))),
        "",
        "named twice",
    ),
    "a CSV of other columns": (lambda: {"t.csv": b"file,person\n"}, "t.csv", "must be certificate,holder"),
    "a CSV with a value too few": (lambda: {"t.csv": b"certificate,holder\na.pem\n"}, "t.csv", "two values"),
    "a CSV with a value too many": (
        lambda: {"t.csv": b"certificate,holder\na,b,c\n"},
        "t.csv",
        "two values expected",
    ),
    "a CSV with an open quote": (lambda: {"t.csv": b'certificate,holder\n"a,b\n'}, "t.csv", "not a CSV file"),
    "a CSV of another encoding": (lambda: {"t.csv": b"certificate,holder\n\xb3,b\n"}, "t.csv", "not a CSV"),
    "a CSV that names no file": (
        lambda: {"t.csv": b"certificate,holder\na.pem,b\n"},
        "t.csv",
        "No such file",
    ),
    "an empty CSV": (lambda: {"t.csv": b""}, "t.csv", "must be certificate,holder"),
    "a CSV of nobody": (lambda: {"t.csv": b"certificate,holder\n"}, "t.csv", "there are no certificates"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_bad_entry_stops_the_whole_import(registry: Run, case: str) -> None:
    files, within, reason = WRONG[case]
    path = folder(
        **files(), **{f"{ANNA}.pem": pem(key("Good"))} if not within and case != "no certificates" else {}
    )
    refused = registry("trust", "cbtd", "import", path / within if within else path)
    assert refused.code in {1, 2}
    assert reason in refused.told
    assert registry("trust", "cbtd", "list", "--json").lines == []


# --- settings


def _settings(text: str) -> Path:
    file = Path("sisc.toml")
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.usefixtures("run")
def test_an_exemption_ends_with_its_last_day_in_poland() -> None:
    file = _settings('[[trust.cbtd_exemptions]]\nissuer = "CN=CBTD,C=PL"\nuntil = 2027-06-30\nsha1 = true\n')
    (exemption,) = exemptions_of(load_settings(file))
    assert exemption.until == datetime(2027, 6, 30, 22, tzinfo=UTC)
    assert (exemption.issuer, exemption.sha1, exemption.rsa_bits, exemption.plain) == (
        "CN=CBTD,C=PL",
        True,
        None,
        False,
    )


@pytest.mark.usefixtures("run")
def test_there_are_no_exemptions_but_those_of_the_settings() -> None:
    assert exemptions_of(load_settings(_settings(""))) == []


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    "text",
    [
        'issuer = "CBTD"\nuntil = 2027-06-30',
        'issuer = "CN=x"',
        'issuer = "CN=x"\nuntil = 2027-06-30\nrsa_bits = 512',
    ],
)
def test_an_exemption_without_name_or_end_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"trust\.cbtd_exemptions"):
        exemptions_of(load_settings(_settings(f"[[trust.cbtd_exemptions]]\n{text}\n")))


@pytest.mark.usefixtures("run")
def test_the_seals_of_the_trusted_profile_are_read_from_files() -> None:
    authority = key("Authority", ca=True)
    seal = make("Minister", authority, at=clock.now())
    Path("seals.pem").write_bytes(pem(seal, make("Successor", authority, at=clock.now())))
    Path("authorities.pem").write_bytes(pem(authority))
    file = _settings(
        '[trust]\ntrusted_profile_seals = "seals.pem"\ntrusted_profile_authorities = "authorities.pem"\n'
    )
    seals = read_seals(load_settings(file))
    assert seals is not None
    chain = seals.chain_of(seal.certificate, [], clock.now())
    assert chain == seals.chain_of(seal.certificate, [], clock.now())
    assert [one.subject for one in getattr(chain, "certificates", ())] == [
        seal.certificate.subject,
        authority.certificate.subject,
    ]


@pytest.mark.usefixtures("run")
def test_without_seals_there_are_no_trusted_signatures() -> None:
    assert read_seals(load_settings(_settings(""))) is None


HALF: dict[str, str] = {
    'trusted_profile_seals = "seals.pem"': "trust.trusted_profile_authorities",
    'trusted_profile_authorities = "seals.pem"': "trust.trusted_profile_seals",
    'trusted_profile_seals = "no"\ntrusted_profile_authorities = "seals.pem"': "trust.trusted_profile_seals",
    'trusted_profile_seals = "seals.pem"\ntrusted_profile_authorities = "bad.pem"': (
        "trust.trusted_profile_authorities"
    ),
}


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("text", HALF)
def test_seals_that_cannot_be_used_are_told_by_their_setting(text: str) -> None:
    Path("seals.pem").write_bytes(pem(key("Minister")))
    Path("bad.pem").write_bytes(b"x")
    with pytest.raises(ConfigurationError) as raised:
        read_seals(load_settings(_settings(f"[trust]\n{text}\n")))
    assert raised.value.key == HALF[text]


def test_listed_issuers_are_names_that_settings_take(registry: Run) -> None:
    path = folder(**{f"{JAN}.pem": pem(key('Jan "x", y+z'))})
    registry("trust", "cbtd", "import", path)
    (line,) = registry("trust", "cbtd", "list", "--json").lines
    x509.Name.from_rfc4514_string(line["issuer"])
