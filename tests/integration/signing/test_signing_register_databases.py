"""The register of the authority on real databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import create_engine, text

from signing.authority import CertificateSubject, KeyType, create_authority, issue
from signing.errors import DuplicateCertificateError
from signing.register import CertificateStatus, SqlCertificateRegister, new_record
from signing.tables import metadata

NOW = datetime(2026, 11, 21, 12, 0, 0, 250, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    "url_fixture",
    ["sqlite_url", pytest.param("empty_postgres_url", marks=pytest.mark.postgres)],
)
def test_a_register_keeps_records_and_moments_on_every_database(
    url_fixture: str, request: pytest.FixtureRequest
) -> None:
    engine = create_engine(request.getfixturevalue(url_fixture))
    person = CertificateSubject(id_sisc="PL1", given_names="Jan", surname="Żuk")
    ca = create_authority("SC CA", KeyType.P256, at=NOW)
    leaf = issue(ca, ec.generate_private_key(ec.SECP256R1()).public_key(), person, at=NOW)
    entry = replace(new_record(leaf, person_id="PL1", issued_at=NOW), status=CertificateStatus.REVOKED)
    with engine.connect() as connection:
        metadata.create_all(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("set time zone 'Asia/Tokyo'"))
        register = SqlCertificateRegister(connection)
        register.add(entry)
        found = register.find(entry.serial)
        with pytest.raises(DuplicateCertificateError):
            register.add(entry)
        assert found == entry
        assert found.issued_at.tzinfo is UTC
        assert register.list_all(person_id="PL1") == [entry]
    engine.dispose()
