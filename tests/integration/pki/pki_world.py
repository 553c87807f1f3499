"""An authority with a register, a seal, a responder and one person, served over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.bootstrap import Gateway, open_gateway
from gateway.clock import now
from gateway.pki.authority import (
    certify_person,
    init_authority,
    init_responder,
    init_seal,
    publication_points,
)
from gateway.pki.web import pki_application
from gateway.settings import load_settings
from registry.model import Account, AccountLevel, AccountStatus, Person
from registry.repository import RegistryRepository
from signing.authority import AuthorityKey, KeyType, generate_key
from signing.records import CertificateRecord
from signing.register import SqlCertificateRegister

PERSON = Person(id_sisc="PL-80010112340", given_names="Teresa", surname="Testowa", pesel="80010112340")
PASSWORD = "only for tests"


@dataclass(frozen=True, kw_only=True)
class World:
    folder: Path
    url: str
    gateway: Gateway
    authority: AuthorityKey

    @property
    def config(self) -> Path:
        return self.folder / "sisc.toml"

    def issue(self, days: float = 730) -> CertificateRecord:
        with self.gateway.store.begin() as work:
            record = certify_person(
                self.authority,
                request=generate_key(KeyType.P256).public_key(),
                person_id=PERSON.id_sisc,
                registry=RegistryRepository(work.connection),
                register=SqlCertificateRegister(work.connection),
                at=now(),
                lifetime=timedelta(days=days),
                points=publication_points(self.gateway.settings),
                operator="test",
            )
            work.commit()
        self.file(record).write_bytes(record.certificate.public_bytes(Encoding.PEM))
        return record

    def file(self, record: CertificateRecord) -> Path:
        return self.folder / f"{record.serial}.pem"

    @property
    def ca_file(self) -> Path:
        return self.folder / "keys" / "ca.pem"


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base has it so
        pass


@contextmanager
def open_world(folder: Path, store_url: str, key_type: KeyType = KeyType.P256) -> Iterator[World]:
    """Everything set up and served while the block runs."""
    with WSGIServer(("127.0.0.1", 0), _Silent) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        gateway, authority = _set_up(folder, url, store_url, key_type)
        server.set_app(pki_application(gateway))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield World(folder=folder, url=url, gateway=gateway, authority=authority)
        finally:
            server.shutdown()
            thread.join()
            gateway.store.close()


def _set_up(folder: Path, url: str, store_url: str, key_type: KeyType) -> tuple[Gateway, AuthorityKey]:
    (folder / "sisc.toml").write_text(f"""
[store]
url = "{store_url}"
[keys]
authority_password = "{PASSWORD}"
seal_password = "{PASSWORD}"
responder_password = "{PASSWORD}"
[pki]
public_url = "{url}"
""")
    settings = load_settings(folder / "sisc.toml")
    gateway = open_gateway(settings, component="test")
    authority = init_authority(settings, name="Test SC CA", key_type=key_type, at=now())
    init_seal(settings, authority, at=now())
    init_responder(settings, authority, at=now())
    with gateway.store.begin() as work:
        registry = RegistryRepository(work.connection)
        registry.add_person(PERSON, operator="test", at=now())
        account = Account(
            login="teresa@example.pl",
            level=AccountLevel.EXTENDED,
            status=AccountStatus.ACTIVE,
            person_id=PERSON.id_sisc,
        )
        registry.add_account(account, b"sealed", operator="test", at=now())
        work.commit()
    return gateway, authority
