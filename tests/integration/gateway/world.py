"""A gateway in this process, put together by hand: own clock, real keys, register, store and simulators."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event as Flag
from typing import Any

from lxml import etree
from sqlalchemy import select

from gateway import clock as system_clock
from gateway.accounts import RegistryContexts, read_sender
from gateway.actions import Action
from gateway.channel import Caller, Content, ContextFilter, DocumentsPage, DocumentsQuery, Submission
from gateway.flow.answer_intake import AnswerIntake
from gateway.flow.answer_reading import AnswerReader
from gateway.flow.answers import Answers
from gateway.flow.channel import Channel
from gateway.flow.checks import (
    Check,
    PlausibilityCheck,
    RightsCheck,
    SchemaCheck,
    SignatureCheck,
    check_signer,
    read_case,
)
from gateway.flow.confirming import ConfirmedDelivery, check_proof
from gateway.flow.delivery import DeliveryStep
from gateway.flow.intake import Intake
from gateway.flow.lanes import lane_of
from gateway.flow.mailbox import MailboxService
from gateway.flow.recognition import Recogniser
from gateway.flow.verification import Judgement, VerificationStep
from gateway.notices import Notices
from gateway.observe import Observer
from gateway.plausibility import GatewayPlausibility, Level
from gateway.proofs import Proofs
from gateway.receipts import Receipts
from gateway.settings import MailboxOptions, WorkerOptions
from gateway.store import tables
from gateway.store.model import Document, Event, Lane, MailboxFilter
from gateway.store.ports import Store
from gateway.store.sql_store import SqlStore
from gateway.worker import LaneWorker, Step
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
from registry.ownership import OwnerUnknown
from registry.repository import RegistryRepository
from routing.backends import build_back_ends
from routing.breaker import BreakerPolicy, CircuitBreaker
from routing.model import BackEnd
from routing.retry import RetryPolicy
from routing.routes import RouteTable, default_routes
from routing.tables import simulator_deliveries
from schemas.catalogue import Catalogue, load_builtin
from schemas.codelists import CodeList
from schemas.validation import Validator
from signing.authority import (
    SC_POLICY_OID,
    AuthorityKey,
    CertificateSubject,
    KeyType,
    create_authority,
    generate_key,
    issue,
    issue_seal,
)
from signing.keys import KeyPair
from signing.parsing import ParseLimits, parse
from signing.policy import MESSAGE_POLICY
from signing.register import SqlCertificateRegister, new_record
from signing.sign import Sealer, sign_enveloped
from signing.trust import ScTrust

__all__ = [
    "AGENCY",
    "EORI",
    "FIRM",
    "START",
    "Ears",
    "Member",
    "TestClock",
    "World",
    "authority",
    "catalogue",
    "context",
    "declaration",
    "only",
    "seal",
    "submission",
    "validator",
    "with_breaker",
]

START = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
EORI = "PL526021308900000"
FIRM = entity_id_sisc(eori=EORI)
AGENCY_EORI = "PL525000838200000"
AGENCY = entity_id_sisc(eori=AGENCY_EORI)
_NO_LISTS: Mapping[str, CodeList] = {}
_EXAMPLES = Path(__file__).parents[3] / "examples"
_NAMES = ("anna", "bogdan", "celina", "darek")
_LIFETIME = timedelta(days=730)


@cache
def authority() -> AuthorityKey:
    return create_authority("Test SC CA", KeyType.P256, at=START - timedelta(days=1))


@cache
def seal() -> KeyPair:
    key = generate_key(KeyType.P256)
    certificate = issue_seal(authority(), key.public_key(), "Test", at=START - timedelta(days=1))
    return KeyPair(private_key=key, certificate=certificate, chain=(authority().certificate,))


@cache
def catalogue() -> Catalogue:
    return load_builtin()


@cache
def validator() -> Validator:
    return Validator(catalogue())


@cache
def _person(name: str) -> Person:
    number = f"700102{_NAMES.index(name):04}"
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
    pesel = f"{number}{-total % 10}"
    return Person(id_sisc=person_id_sisc(pesel), given_names=name.capitalize(), surname="Próbna", pesel=pesel)


@cache
def _key(name: str) -> KeyPair:
    person = _person(name)
    key = generate_key(KeyType.P256)
    subject = CertificateSubject(
        id_sisc=person.id_sisc,
        given_names=person.given_names,
        surname=person.surname,
        pesel=person.pesel,
    )
    certificate = issue(
        authority(), key.public_key(), subject, at=START - timedelta(hours=1), lifetime=_LIFETIME
    )
    return KeyPair(private_key=key, certificate=certificate, chain=(authority().certificate,))


_LRNS = itertools.count(1)


def declaration(
    code: str = "CC015C",
    *,
    key: KeyPair | None,
    at: datetime = START,
    lrn: str | None = None,
    edit: Callable[[etree._Element], None] | None = None,
) -> bytes:
    """An example with an LRN of its own, edited, then signed unless there is no key."""
    root = parse((_EXAMPLES / f"{code}.xml").read_bytes(), ParseLimits())
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in {"LRN", "lrn", "LocalReferenceNumber"}:
            element.text = lrn or f"T{next(_LRNS):019}"
    if edit is not None:
        edit(root)
    if key is None:
        return etree.tostring(root)
    return sign_enveloped(root, key, at=at, ids=system_clock.signature_id)


class TestClock:
    """Stands still until told to go on."""

    __test__ = False

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


class Ears(Observer):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__("test")
        self.told: list[tuple[Action, dict[str, object]]] = []
        self.failures: list[tuple[BaseException, dict[str, object]]] = []

    def __call__(self, action: Action, *, detail: str = "", **facts: object) -> None:
        self.told.append((action, {"detail": detail, **facts}))

    def failure(self, action: Action, error: BaseException, **facts: object) -> None:
        self.told.append((action, facts))
        self.failures.append((error, facts))

    def actions(self) -> list[Action]:
        return [action for action, _ in self.told]


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody with an account and a certificate."""

    login: str
    person: Person
    key: KeyPair


@dataclass(kw_only=True)
class World:
    """Everything, with a firm and an agency in the register."""

    store: SqlStore
    clock: TestClock
    ears: Ears = field(default_factory=Ears)
    mailbox_options: MailboxOptions = field(default_factory=MailboxOptions)
    worker_options: WorkerOptions = field(default_factory=WorkerOptions)
    routes: RouteTable = field(default_factory=default_routes)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    more_checks: Sequence[Check] = ()
    level: Level = "warning"  # of values that cannot be right
    back_ends: dict[str, BackEnd] = field(default_factory=dict)  # instead of the simulators
    breakers: dict[str, CircuitBreaker] = field(default_factory=dict)
    owner_unknown: Mapping[str, OwnerUnknown] = field(default_factory=dict)
    nonces: "itertools.count[int]" = field(default_factory=itertools.count)
    types: Catalogue = field(default_factory=catalogue)
    on_judged: Callable[[Sequence[tuple[Judgement, bytes]]], None] = lambda _: None

    @classmethod
    def open(cls, url: str) -> "World":
        clock = TestClock()
        world = cls(store=SqlStore.open(url, clock=clock), clock=clock)
        with world.store.begin() as work:
            registry = RegistryRepository(work.connection)
            for id_sisc, eori, name in ((FIRM, EORI, "Firma"), (AGENCY, AGENCY_EORI, "Agencja")):
                entity = Entity(id_sisc=id_sisc, name=name, numbers=((NumberKind.EORI, eori),))
                registry.add_entity(entity, operator="test", at=clock())
            work.commit()
        return world

    # -- the register

    def enrol(
        self,
        name: str,
        *systems: str,
        level: AccountLevel = AccountLevel.EXTENDED,
        represented: str = FIRM,
    ) -> Member:
        """A person with an account, a certificate, and a right in these systems if any are named."""
        person, key = _person(name), _key(name)
        account = Account(
            login=f"{name}@example.pl",
            level=level,
            status=AccountStatus.ACTIVE,
            person_id=person.id_sisc,
        )
        with self.store.begin() as work:
            registry = RegistryRepository(work.connection)
            registry.add_person(person, operator="test", at=self.clock())
            registry.add_account(account, b"-", operator="test", at=self.clock())
            record = new_record(key.certificate, person_id=person.id_sisc, issued_at=self.clock())
            SqlCertificateRegister(work.connection).add(record)
            work.commit()
        if systems:
            self.grant(person.id_sisc, represented, systems)
        return Member(login=account.login, person=person, key=key)

    def grant(self, representative: str, represented: str, systems: Collection[str]) -> None:
        right = Representation(
            id=system_clock.new_id(),
            representative=representative,
            represented=represented,
            systems=frozenset(systems),
            level=RepresentationLevel.EXTENDED,
            valid_from=self.clock().date(),
        )
        with self.store.begin() as work:
            RegistryRepository(work.connection).add_representation(right, operator="test", at=self.clock())
            work.commit()

    def end_rights(self, member: Member) -> None:
        with self.store.begin() as work:
            registry = RegistryRepository(work.connection)
            for right in registry.representations(limit=100, party=member.person.id_sisc):
                registry.end_representation(right.id, operator="test", at=self.clock())
            work.commit()

    # -- the channel

    def channel(self, store: Store | None = None) -> Channel:
        chosen = store or self.store
        return Channel(
            store=chosen,
            intake=Intake(
                store=chosen,
                recogniser=self._recogniser(),
                routes=self.routes,
                clock=self.clock,
                new_id=system_clock.new_id,
                observe=self.ears,
            ),
            mailbox=MailboxService(
                store=chosen,
                rights=RegistryContexts,
                options=self.mailbox_options,
                clock=self.clock,
                observe=self.ears,
            ),
        )

    def caller(self, member: Member) -> Caller:
        """A call with a token of its own."""
        return Caller(
            login=member.login,
            nonce=f"nonce-{next(self.nonces)}",
            nonce_expires=self.clock() + timedelta(minutes=10),
        )

    def send(self, member: Member, content: bytes | None = None, *, store: Store | None = None) -> str:
        data = content or declaration(key=member.key, at=self.clock())
        return self.channel(store).accept_document(self.caller(member), submission(data))

    def documents(self, member: Member, **query: Any) -> DocumentsPage:  # noqa: ANN401 - fields of every type
        return self.channel().get_documents(self.caller(member), replace(DocumentsQuery(), **query))

    def collect(self, member: Member) -> list[str | None]:
        """Names of all files that GetNextDocument gives."""
        names: list[str | None] = []
        while (answer := self.channel().get_next_document(self.caller(member), None)).document:
            names.append(answer.document.content.filename)
        return names

    # -- the background

    def verification(self, store: Store | None = None) -> VerificationStep:
        anchors = [authority().certificate]
        return VerificationStep(
            store=store or self.store,
            recogniser=self._recogniser(),
            checks=(
                *self.more_checks,
                read_case,
                SchemaCheck(validator=validator()),
                PlausibilityCheck(plausibility=GatewayPlausibility(lambda: _NO_LISTS, level=self.level)),
                SignatureCheck(
                    policy=MESSAGE_POLICY,
                    trust=lambda work: ScTrust(
                        anchors, SqlCertificateRegister(work.connection), policy=SC_POLICY_OID
                    ),
                ),
                check_signer,
                RightsCheck(owner_unknown=self.owner_unknown),
                check_proof,
            ),
            sender=read_sender,
            receipts=Receipts(operator="Test", seal=Sealer(seal()), new_id=system_clock.new_id),
            confirmed=self.confirmed_delivery(),
            clock=self.clock,
            new_id=system_clock.new_id,
            observe=self.ears,
            on_judged=self.on_judged,
        )

    def confirmed_delivery(self) -> ConfirmedDelivery:
        return ConfirmedDelivery(
            proofs=Proofs(operator="Test", seal=Sealer(seal())),
            term=timedelta(days=14),
            clock=self.clock,
            new_id=system_clock.new_id,
            observe=self.ears,
        )

    def delivery(self, system: str = "NCTS2", store: Store | None = None) -> DeliveryStep:
        simulators = build_back_ends(
            self.routes, self.store.engine, self.clock, self.types, seal=Sealer(seal())
        )
        route = self.routes.find(system)
        breaker = self.breakers.setdefault(system, CircuitBreaker(route.breaker, self.clock))
        return DeliveryStep(
            store=store or self.store,
            back_end=self.back_ends.get(system) or simulators[system],
            breaker=breaker,
            answers=self.answers(),
            intake=self.answer_intake(store),
            notices=Notices(operator="Test", seal=Sealer(seal()), new_id=system_clock.new_id),
            retry=self.retry,
            clock=self.clock,
            random=lambda: 0.5,
            observe=self.ears,
        )

    def answers(self) -> Answers:
        return Answers(clock=self.clock, new_id=system_clock.new_id, confirmed=self.confirmed_delivery())

    def answer_intake(self, store: Store | None = None) -> AnswerIntake:
        return AnswerIntake(
            store=store or self.store,
            reader=AnswerReader(
                catalogue=catalogue(),
                validate=validator().validate,
                limits=ParseLimits(),
                clock=self.clock,
            ),
            answers=self.answers(),
            clock=self.clock,
            observe=self.ears,
        )

    def worker(self, lane: str, step: Step, store: Store | None = None) -> LaneWorker:
        return LaneWorker(
            lane=lane,
            step=step,
            store=store or self.store,
            options=self.worker_options,
            clock=self.clock,
            owner=system_clock.new_id(),
            observe=self.ears,
            stop=Flag(),
        )

    def verifier(self, store: Store | None = None) -> LaneWorker:
        return self.worker(Lane.VERIFY, self.verification(store), store)

    def deliverer(self, system: str = "NCTS2", store: Store | None = None) -> LaneWorker:
        return self.worker(lane_of(system), self.delivery(system, store), store)

    def work(self, *systems: str, store: Store | None = None) -> None:
        """Work until nothing is due."""
        workers = [
            self.verifier(store),
            *(self.deliverer(system, store) for system in systems or ("NCTS2",)),
        ]
        for worker in workers:
            while worker.work_once():
                pass

    def _recogniser(self) -> Recogniser:
        return Recogniser(catalogue=self.types, limits=ParseLimits())

    # -- what has become of it

    def document(self, sys_ref: str) -> Document:
        with self.store.read() as work:
            return work.documents.get(sys_ref)

    def events(self, sys_ref: str) -> Sequence[Event]:
        with self.store.read() as work:
            return work.events.of(sys_ref)

    def actions(self, sys_ref: str) -> list[str]:
        return [event.action for event in self.events(sys_ref)]

    def replies(self, sys_ref: str) -> Counter[str]:
        """Mailbox documents about a document, by type."""
        wanted = select(tables.replies.c.type_code).where(tables.replies.c.correlation_sys_ref == sys_ref)
        with self.store.read() as work:
            return Counter(work.connection.scalars(wanted))

    def content(self, member: Member, sys_ref: str, type_code: str) -> bytes:
        """The one reply of a type."""
        wanted = MailboxFilter(account=member.login, correlation_sys_ref=sys_ref)
        with self.store.read() as work:
            _, replies = work.mailbox.page(wanted, limit=100, max_bytes=2**30)
        (found,) = [reply.content for reply in replies if reply.type_code == type_code]
        return found

    def deliveries(self, sys_ref: str) -> int:
        """Entries in the ledger of the simulators."""
        wanted = select(simulator_deliveries.c.sys_ref).where(simulator_deliveries.c.sys_ref == sys_ref)
        with self.store.read() as work:
            return len(list(work.connection.scalars(wanted)))

    def depth(self) -> int:
        with self.store.read() as work:
            return sum(work.queue.depth().values())


def submission(data: bytes, *systems: str) -> Submission:
    content = Content(data=data, mime="application/xml", filename="document.xml")
    return Submission(content=content, target_systems=systems)


def context(**named: Any) -> ContextFilter:  # noqa: ANN401 - fields of every type
    return replace(ContextFilter(), **named)


def only(*systems: str) -> RouteTable:
    """Routes to these systems alone."""
    return RouteTable(route for route in default_routes() if route.system in systems)


def with_breaker(policy: BreakerPolicy) -> RouteTable:
    """The usual routes, with a breaker of this kind."""
    return RouteTable(replace(route, breaker=policy) for route in default_routes())
