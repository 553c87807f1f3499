"""The composition root: the only place where real things are chosen and put together."""

import gc
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from gateway import clock
from gateway.accounts import RegistryContexts, read_sender
from gateway.actions import Action
from gateway.archive import Archive
from gateway.callbacks import CallbackApplication
from gateway.codelists import CodeListFolder
from gateway.flow.answer_intake import AnswerIntake
from gateway.flow.answer_reading import AnswerReader
from gateway.flow.answers import Answers
from gateway.flow.channel import Channel
from gateway.flow.checks import (
    PlausibilityCheck,
    RightsCheck,
    SchemaCheck,
    SignatureCheck,
    SignerClassCheck,
    check_signer,
    read_case,
)
from gateway.flow.collecting import AnswerCollector
from gateway.flow.confirming import ConfirmedDelivery, check_proof
from gateway.flow.delivery import DeliveryStep
from gateway.flow.intake import Intake
from gateway.flow.lanes import lane_of
from gateway.flow.mailbox import MailboxService
from gateway.flow.recognition import Recogniser
from gateway.flow.trials import SchemaTrials
from gateway.flow.verification import VerificationStep
from gateway.housekeeping import Housekeeping
from gateway.keys import read_credential_keys, read_secret_file
from gateway.notices import Notices
from gateway.observe import Observer
from gateway.pki.expiry import ExpiryWatch
from gateway.plausibility import GatewayPlausibility
from gateway.proofs import Proofs
from gateway.receipts import Receipts
from gateway.registration import SYSTEM, ClerksDesk, RegisterBackEnd, Registrar
from gateway.retention import Retention, leaving
from gateway.routes import read_callback_gates, read_routes, simulated_unasked
from gateway.settings import Settings
from gateway.store.engine import reading
from gateway.store.model import Lane
from gateway.store.sql_store import SqlStore
from gateway.trust.cbtd import exemptions_of
from gateway.trust.retention import EvidenceRetention
from gateway.trust.sources import TrustSources, authority_certificates, message_policy, signer_classes
from gateway.worker import Step, Task, Worker
from registry.credentials import CredentialVault
from registry.ownership import OwnerUnknown
from routing.backends import build_back_ends
from routing.breaker import CircuitBreaker
from routing.model import AnswerSource, BackEnd
from routing.routes import AdapterKind, RouteTable
from schemas.errors import CatalogueError
from schemas.model import MessageType
from schemas.packs.folder import PackFolder
from schemas.packs.live import LiveCatalogue
from schemas.validation import Validator
from signing.keys import load_pkcs12
from signing.parsing import ParseLimits
from signing.sign import Sealer

__all__ = ["Gateway", "open_catalogue", "open_gateway", "open_packs", "settle"]


@dataclass(frozen=True)
class Gateway:
    """Everything that runs, built on first use from the settings."""

    settings: Settings
    store: SqlStore
    observe: Observer

    @cached_property
    def catalogue(self) -> LiveCatalogue:
        """All message types, those of installed packs included, as they change."""
        return open_catalogue(
            self.settings, lambda error: self.observe(Action.PACKS_UNREADABLE, reason=str(error))
        )

    @cached_property
    def validator(self) -> Validator:
        """Validates documents; shared by all threads."""
        return Validator(self.catalogue, on_disagreement=self._tell_disagreement)

    @cached_property
    def plausibility(self) -> GatewayPlausibility:
        """Looks at values beyond their schema."""
        options = self.settings.plausibility
        lists = CodeListFolder(self.settings.path(options.code_lists), self.observe)
        return GatewayPlausibility(lists.current, level=options.level, rules=options.rules)

    def _tell_disagreement(self, message_type: MessageType, _verdict: str) -> None:
        """Count it; the verdict quotes the document, which stays out of the log."""
        self.observe(Action.VALIDATORS_DISAGREE, detail=message_type.system, type_code=message_type.code)

    @cached_property
    def vault(self) -> CredentialVault:
        """Opens the password equivalents."""
        return CredentialVault(read_credential_keys(self.settings.path(self.settings.keys.credentials)))

    @cached_property
    def routes(self) -> RouteTable:
        """Where target systems are."""
        return read_routes(self.settings)

    @cached_property
    def limits(self) -> ParseLimits:
        """Limits of one document."""
        edge = self.settings.edge
        return ParseLimits(max_bytes=edge.content_bytes, max_depth=edge.depth, max_nodes=edge.nodes)

    @cached_property
    def recogniser(self) -> Recogniser:
        """Tells types of documents."""
        return Recogniser(catalogue=self.catalogue, limits=self.limits)

    @cached_property
    def channel(self) -> Channel:
        """The four operations."""
        return Channel(
            store=self.store,
            intake=Intake(
                store=self.store,
                recogniser=self.recogniser,
                routes=self.routes,
                clock=self.store.clock,
                new_id=clock.new_id,
                observe=self.observe,
            ),
            mailbox=MailboxService(
                store=self.store,
                rights=RegistryContexts,
                options=self.settings.mailbox,
                clock=self.store.clock,
                observe=self.observe,
            ),
        )

    @cached_property
    def verification(self) -> VerificationStep:
        """Judges documents."""
        return VerificationStep(
            store=self.store,
            recogniser=self.recogniser,
            checks=(
                read_case,
                SchemaCheck(validator=self.validator),
                PlausibilityCheck(plausibility=self.plausibility),
                SignatureCheck(
                    policy=message_policy(self.settings),
                    trust=self.trust.source,
                    exemptions=exemptions_of(self.settings),
                ),
                SignerClassCheck(classes=signer_classes(self.settings)),
                check_signer,
                RightsCheck(
                    owner_unknown={
                        system: OwnerUnknown(options.owner_unknown)
                        for system, options in self.settings.routes.items()
                    }
                ),
                check_proof,
            ),
            sender=read_sender,
            receipts=Receipts(operator=self.settings.operator, seal=self.seal, new_id=clock.new_id),
            confirmed=self.confirmed_delivery,
            clock=self.store.clock,
            new_id=clock.new_id,
            observe=self.observe,
            on_judged=self.trials.offer,
        )

    @cached_property
    def trials(self) -> SchemaTrials:
        """Tries packs of schemas on live documents."""
        return SchemaTrials(
            catalogue=self.catalogue,
            validator=self.validator,
            limits=self.limits,
            store=self.store,
            clock=clock.now,
            observe=self.observe,
        )

    @cached_property
    def back_ends(self) -> Mapping[str, BackEnd]:
        """Where documents are passed on to, by system."""
        engine = self.store.engine
        simulated = any(route.adapter is AdapterKind.SIMULATOR for route in self.routes)
        built = build_back_ends(
            self.routes,
            engine,
            self.store.clock,
            self.catalogue,
            reading=reading(engine),
            seal=self.seal if simulated else None,
        )
        if all(route.adapter is not AdapterKind.REGISTRY for route in self.routes):
            return built
        register = RegisterBackEnd(store=self.store, registrar=self.registrar, observe=self.observe)
        return {**built, SYSTEM: register}

    @cached_property
    def answers(self) -> Answers:
        """Puts answers into mailboxes."""
        return Answers(clock=self.store.clock, new_id=clock.new_id, confirmed=self.confirmed_delivery)

    @cached_property
    def answer_reader(self) -> AnswerReader:
        """Looks into what remote back ends answer."""
        return AnswerReader(
            catalogue=self.catalogue,
            validate=self.validator.validate,
            limits=self.limits,
            clock=self.store.clock,
        )

    @cached_property
    def answer_intake(self) -> AnswerIntake:
        """Takes in what back ends answer later."""
        return AnswerIntake(
            store=self.store,
            reader=self.answer_reader,
            answers=self.answers,
            clock=self.store.clock,
            observe=self.observe,
        )

    def callbacks(self) -> CallbackApplication | None:
        """Where back ends call back, as a WSGI application; None where none may. Needs the seal, for UPDs."""
        gates = read_callback_gates(self.settings)
        if not gates:
            return None
        return CallbackApplication(
            gates=gates, intake=self.answer_intake, clock=self.store.clock, observe=self.observe
        )

    def deliveries(self) -> dict[str, DeliveryStep]:
        """A step for every system documents are passed on to, by lane."""
        notices = Notices(operator=self.settings.operator, seal=self.seal, new_id=clock.new_id)
        return {
            lane_of(system): DeliveryStep(
                store=self.store,
                back_end=back_end,
                breaker=CircuitBreaker(self.routes.find(system).breaker, self.store.clock),
                answers=self.answers,
                intake=self.answer_intake,
                notices=notices,
                retry=self.routes.find(system).retry,
                clock=self.store.clock,
                random=random.random,
                observe=self.observe,
            )
            for system, back_end in self.back_ends.items()
        }

    @cached_property
    def registrar(self) -> Registrar:
        """Decides on applications to the register."""
        return Registrar(seal=self.seal, clock=self.store.clock, limits=self.limits)

    def clerks_desk(self) -> ClerksDesk:
        """Where clerks decide on applications that rules cannot decide."""
        return ClerksDesk(store=self.store, registrar=self.registrar, answers=self.answers)

    def worker(self) -> Worker:
        """The background of this process."""
        deliveries = self.deliveries()
        if simulated := simulated_unasked(self.settings, self.routes):
            self.observe(Action.SIMULATED_UNASKED, systems=simulated)
        verifying: list[tuple[str, Step]] = [(Lane.VERIFY, self.verification)]
        return Worker(
            store=self.store,
            lanes=[*verifying * self.settings.worker.verify_threads, *deliveries.items()],
            options=self.settings.worker,
            clock=self.store.clock,
            new_id=clock.new_id,
            observe=self.observe,
            warm_up=self._warm_up,
            background={
                "housekeeping": self._housekeeping().run,
                "trials": self.trials.run,
                **self.trust.background(),
                **self._collectors(),
            },
        )

    def _collectors(self) -> dict[str, Task]:
        """One for every back end whose answers are fetched."""
        sources = [back_end for back_end in self.back_ends.values() if isinstance(back_end, AnswerSource)]
        return {
            f"answers:{source.system}": AnswerCollector(
                source=source, intake=self.answer_intake, observe=self.observe
            ).run
            for source in sources
        }

    def _warm_up(self) -> None:
        """Make what every document needs."""
        self.validator.warm_up()
        settle()

    @cached_property
    def trust(self) -> TrustSources:
        """Whose certificates are accepted."""
        return TrustSources(self.settings, store=self.store, clock=self.store.clock, observe=self.observe)

    def retention(self) -> Retention:
        """Lets finished documents go when the settings say so."""
        options = self.settings.retention
        return Retention(
            store=self.store,
            keep_for={leaving(kind): timedelta(days=days) for kind, days in options.days.items()},
            archive=Archive(folder=self.settings.path(options.export)) if options.export else None,
            clock=self.store.clock,
            observe=self.observe,
        )

    def _housekeeping(self) -> Housekeeping:
        pki = self.settings.pki
        expiry = ExpiryWatch(
            store=self.store,
            authorities=authority_certificates(self.settings),
            days=pki.expiry_notice_days,
            interval=timedelta(hours=pki.crl_interval_hours),
            clock=self.store.clock,
            observe=self.observe,
        )
        return Housekeeping(
            store=self.store,
            expiry=expiry,
            confirmed=self.confirmed_delivery,
            evidence=EvidenceRetention(
                store=self.store,
                keep_for=timedelta(days=self.settings.trust.evidence_days),
                clock=self.store.clock,
                observe=self.observe,
            ),
            documents=self.retention(),
            clock=self.store.clock,
            observe=self.observe,
        )

    @cached_property
    def confirmed_delivery(self) -> ConfirmedDelivery:
        """Keeps documents back until their addressees have signed for them."""
        return ConfirmedDelivery(
            proofs=Proofs(operator=self.settings.operator, seal=self.seal),
            term=timedelta(days=self.settings.mailbox.proof_days),
            clock=self.store.clock,
            new_id=clock.new_id,
            observe=self.observe,
        )

    @cached_property
    def seal(self) -> Sealer:
        """The gateway's seal."""
        keys = self.settings.keys
        content = read_secret_file(self.settings.path(keys.seal), key="keys.seal")
        return Sealer(load_pkcs12(content, keys.seal_password or None))


def open_gateway(settings: Settings, *, component: str) -> Gateway:
    """Open the store and prepare everything else.

    Args:
        settings: from `load_settings`.
        component: named in log records.

    Raises:
        UnavailableError: the database is out of reach or its schema is not the one expected.
    """
    store = SqlStore.open(settings.store_url)
    store.check()
    return Gateway(settings=settings, store=store, observe=Observer(component))


def settle() -> None:
    """End the start of a process: what has been built stays for good, and collections need not look at it."""
    gc.collect()
    gc.freeze()


def open_packs(settings: Settings) -> PackFolder:
    """The installed schema packs."""
    return PackFolder(settings.path(settings.schemas.packs), clock.now)


def open_catalogue(settings: Settings, on_failure: Callable[[CatalogueError], None]) -> LiveCatalogue:
    """All message types, those of installed packs included.

    Args:
        settings: name the folder of the packs.
        on_failure: told of a change of the packs that cannot be read.

    Raises:
        CatalogueError: the packs cannot be used.
    """
    return LiveCatalogue(open_packs(settings), on_failure)
