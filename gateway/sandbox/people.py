"""Who is registered in a sandbox: a firm, a signer with rights for it, a stranger without."""

import secrets
from datetime import timedelta
from typing import Final

from gateway import clock
from gateway.bootstrap import Gateway
from gateway.pki.authority import certify_person
from gateway.sandbox.cast import ENTITY_EORI, ENTITY_EXCISE, ENTITY_NAME, ENTITY_NIP, Signer
from gateway.store.ports import UnitOfWork
from registry.credentials import password_hash
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Entity,
    NumberKind,
    Person,
    Representation,
    RepresentationLevel,
)
from registry.numbers import entity_id_sisc, person_id_sisc
from registry.repository import RegistryRepository
from signing.authority import AuthorityKey, KeyType, generate_key
from signing.keys import KeyPair
from signing.register import SqlCertificateRegister

__all__ = ["OPERATOR", "enrol", "firm"]

OPERATOR: Final = "sandbox"
_LIFETIME: Final = timedelta(days=730)


def firm() -> Entity:
    """The firm that the examples are written for."""
    return Entity(
        id_sisc=entity_id_sisc(eori=ENTITY_EORI),
        name=ENTITY_NAME,
        numbers=(
            (NumberKind.EORI, ENTITY_EORI),
            (NumberKind.NIP, ENTITY_NIP),
            (NumberKind.EXCISE, ENTITY_EXCISE),
        ),
    )


def enrol(gateway: Gateway, work: UnitOfWork, authority: AuthorityKey, signer: Signer) -> tuple[str, KeyPair]:
    """Register a person with an account, a certificate and rights for the sandbox's firm.

    Returns:
        The account's password and the signing key.
    """
    at = clock.now()
    registry = RegistryRepository(work.connection)
    person = Person(
        id_sisc=person_id_sisc(signer.pesel),
        given_names=signer.given_names,
        surname=signer.surname,
        pesel=signer.pesel,
    )
    registry.add_person(person, operator=OPERATOR, at=at)
    account = Account(
        login=signer.login,
        level=AccountLevel.EXTENDED,
        status=AccountStatus.ACTIVE,
        person_id=person.id_sisc,
    )
    password = secrets.token_urlsafe(12)
    credential = gateway.vault.encrypt(password_hash(password))
    registry.add_account(account, credential, operator=OPERATOR, at=at)
    if signer.systems:
        registry.add_representation(_representation(person, signer.systems), operator=OPERATOR, at=at)
    return password, _key_for(person, work, authority)


def _representation(person: Person, systems: frozenset[str]) -> Representation:
    return Representation(
        id=clock.new_id(),
        representative=person.id_sisc,
        represented=entity_id_sisc(eori=ENTITY_EORI),
        systems=systems,
        level=RepresentationLevel.EXTENDED,
        valid_from=clock.warsaw_day(clock.now()),
    )


def _key_for(person: Person, work: UnitOfWork, authority: AuthorityKey) -> KeyPair:
    key = generate_key(KeyType.P256)
    record = certify_person(
        authority,
        request=key.public_key(),
        person_id=person.id_sisc,
        registry=RegistryRepository(work.connection),
        register=SqlCertificateRegister(work.connection),
        at=clock.now(),
        lifetime=_LIFETIME,
    )
    return KeyPair(private_key=key, certificate=record.certificate, chain=(authority.certificate,))
