"""The self-service over SOAP: what a person sees, what he can do, and what nobody gets out of it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from lxml import etree

from gateway import clock
from gateway.accounts import RegistryCredentials
from gateway.actions import Action
from gateway.client.requests import Requests
from gateway.clock import new_id
from gateway.edge import self_service_settings
from gateway.migration import PdrImport
from gateway.self_service.service import SelfService
from gateway.settings import Settings
from gateway.soap.app import serve_port
from gateway.soap.names import CHANNEL, PULL, SELF_SERVICE, SELF_SERVICE_PATH
from gateway.soap.self_service import SelfServicePort
from registry.credentials import CredentialVault, password_hash
from registry.helpdesk import HelpDeskRecords
from registry.history import Subject
from registry.linking import TRIES
from registry.model import AccountLevel
from registry.overview import Overview
from registry.repository import RegistryRepository
from registry.requests import RequestCategory, RequestChannel, RequestFilter
from tests.integration.gateway.world import AGENCY, EORI, FIRM, Member, TestClock, World
from tests.unit.soap.soap_kit import SOAP, Answer, call

SECRET = "Zażółć-1"


@dataclass
class Desk:
    """The web service on a world, and clients of it."""

    world: World
    page: int = 200
    vault: CredentialVault = field(default_factory=lambda: CredentialVault([CredentialVault.new_key()]))
    seen: list[tuple[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        service = SelfService(
            store=self.world.store, clock=self.world.clock, observe=self.world.ears, page=self.page
        )
        self.app = serve_port(
            SelfServicePort(service, public_url=None),
            credentials=RegistryCredentials(
                store=self.world.store, vault=self.vault, wrong_digest_limit=3, clock=self.world.clock
            ),
            settings=self_service_settings(Settings()),
            clock=self.world.clock,
            ids=new_id,
            observe=lambda action, facts: self.seen.append((action, facts)),
        )

    def admit(self, member: Member) -> Member:
        """Give a member of the world a password."""
        with self.world.store.begin() as work:
            sealed = self.vault.encrypt(password_hash(SECRET))
            RegistryRepository(work.connection).set_password(
                member.login, sealed, operator="test", at=self.world.clock()
            )
            work.commit()
        return member

    def request(
        self, member: Member, operation: str, values: Mapping[str, str | None], password: str = SECRET
    ) -> bytes:
        requests = Requests(SELF_SERVICE_PATH, login=member.login, password=password)
        return requests.self_service(operation, **values)

    def ask(self, member: Member, operation: str, **values: str | None) -> etree._Element:
        answer = self.post(self.request(member, operation, values))
        assert answer.status == 200, answer.body
        return next(answer.root.iter(f"{{{SELF_SERVICE}}}{operation}Result"))

    def refusal(self, member: Member, operation: str, **values: str | None) -> tuple[str | None, str]:
        answer = self.post(self.request(member, operation, values))
        assert answer.status == 500
        return answer.text("errorCode"), answer.text("errorDesc") or answer.text("faultstring") or ""

    def post(self, body: bytes, **environ: object) -> Answer:
        return call(
            self.app,
            **{
                "REQUEST_METHOD": "POST",
                "PATH_INFO": SELF_SERVICE_PATH,
                "CONTENT_TYPE": "text/xml; charset=utf-8",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
                **environ,
            },
        )


@pytest.fixture
def real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens are made with the computer's clock, so the world goes by it, too."""
    monkeypatch.setattr(TestClock, "__call__", lambda _self: clock.now())


@pytest.fixture
def desk(world: World, real_clock: None) -> Desk:
    return Desk(world)


@pytest.fixture
def small(small_world: World, real_clock: None) -> Desk:
    """On SQLite, two items a page."""
    return Desk(small_world, page=2)


def texts(page: etree._Element, *names: str) -> list[tuple[str | None, ...]]:
    """These children of every item."""
    return [tuple(item.findtext(f"{{{SELF_SERVICE}}}{name}") for name in names) for item in items(page)]


def items(page: etree._Element) -> list[etree._Element]:
    """The items of a page; their number is told, too."""
    found = [child for child in page if len(child)]
    assert counted(page) == len(found)
    return found


def counted(page: etree._Element) -> int:
    return int(page.findtext(f"{{{SELF_SERVICE}}}count") or "")


def all_pages(desk: Desk, member: Member, operation: str, name: str) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = desk.ask(member, operation, after=after)
        found += [str(text) for (text,) in texts(page, name)]
        after = page.findtext(f"{{{SELF_SERVICE}}}next")
        if after is None:
            return found


def test_an_account_sees_itself_and_its_person(desk: Desk) -> None:
    anna = desk.admit(desk.world.enrol("anna"))
    account = desk.ask(anna, "GetAccount")
    told = {etree.QName(child).localname: child.text for child in account}
    assert told == {
        "login": anna.login,
        "level": "extended",
        "idSISC": anna.person.id_sisc,
        "givenNames": "Anna",
        "surname": "Próbna",
    }


def test_a_person_sees_own_links_over_and_in_force(desk: Desk) -> None:
    world = desk.world
    anna = desk.admit(world.enrol("anna", "AES"))
    world.end_rights(anna)
    world.grant(anna.person.id_sisc, AGENCY, ["AIS", "AES"])
    links = desk.ask(anna, "ListLinks")
    assert sorted(texts(links, "entity", "name", "inForce", "migrated")) == [
        (AGENCY, "Agencja", "true", "false"),
        (FIRM, "Firma", "false", "false"),
    ]


def test_a_person_sees_his_entities_with_their_numbers(desk: Desk) -> None:
    anna = desk.admit(desk.world.enrol("anna", "AES"))
    (entity,) = items(desk.ask(anna, "ListEntities"))
    assert entity.findtext(f"{{{SELF_SERVICE}}}idSISC") == FIRM
    (number,) = entity.iter(f"{{{SELF_SERVICE}}}value")
    assert number.text == EORI


def test_effective_rights_are_what_both_links_have_in_common(desk: Desk) -> None:
    world = desk.world
    anna = desk.admit(world.enrol("anna", "AES", "AIS", represented=AGENCY))
    world.grant(AGENCY, FIRM, ["AIS", "NCTS2"])
    page = desk.ask(anna, "ListRights")
    rights = items(page)
    assert texts(page, "entity", "systems", "through") == [(AGENCY, "AES", None), (FIRM, "AIS", AGENCY)]
    assert [s.text for s in rights[0].iter(f"{{{SELF_SERVICE}}}systems")] == ["AES", "AIS"]
    assert [s.text for s in rights[1].iter(f"{{{SELF_SERVICE}}}systems")] == ["AIS"]


def test_rights_that_are_over_are_no_rights(desk: Desk) -> None:
    anna = desk.admit(desk.world.enrol("anna", "AES"))
    desk.world.end_rights(anna)
    assert counted(desk.ask(anna, "ListRights")) == 0


def test_a_basic_account_has_no_rights_for_others(desk: Desk) -> None:
    anna = desk.admit(desk.world.enrol("anna", "AES", level=AccountLevel.BASIC))
    assert counted(desk.ask(anna, "ListRights")) == 0


def test_long_lists_come_page_by_page(small: Desk) -> None:
    world = small.world
    anna = small.admit(world.enrol("anna", represented=AGENCY))
    for entity in (FIRM, AGENCY, FIRM, AGENCY, FIRM):
        world.grant(anna.person.id_sisc, entity, ["AES"])
    world.grant(AGENCY, FIRM, ["AES"])
    links = all_pages(small, anna, "ListLinks", "id")
    assert (len(links), links) == (5, sorted(set(links)))
    assert all_pages(small, anna, "ListEntities", "idSISC") == sorted([AGENCY, FIRM])
    rights = all_pages(small, anna, "ListRights", "entity")
    # Two of his own for the agency, each of which is a way to the firm, and three of his own for the firm.
    assert sorted(rights) == sorted([AGENCY] * 2 + [FIRM] * 5)


def test_certificates_are_listed_with_their_expiry(desk: Desk) -> None:
    anna, bogdan = desk.admit(desk.world.enrol("anna")), desk.world.enrol("bogdan")
    (certificate,) = items(desk.ask(anna, "ListCertificates"))
    told = {etree.QName(child).localname: child.text or "" for child in certificate}
    assert told["kind"] == "SC"
    assert told["serial"] == f"{anna.key.certificate.serial_number:x}"
    assert told["notAfter"].startswith(anna.key.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S"))
    assert told["status"] in {"active", "expired"}
    assert str(bogdan.person.pesel) not in told["subject"]


def test_an_account_sees_its_requests_and_their_answers_only(desk: Desk) -> None:
    anna, bogdan = desk.admit(desk.world.enrol("anna")), desk.admit(desk.world.enrol("bogdan"))
    with desk.world.store.begin() as work:
        records = HelpDeskRecords(work.connection)
        request = records.register_request(
            category=RequestCategory.REPORT,
            channel=RequestChannel.PORTAL,
            service="AES",
            text="?",
            login=anna.login,
            operator="test",
            at=desk.world.clock(),
        )
        records.answer_request(request.number, "!\nŻ", operator="test", at=desk.world.clock())
        work.commit()
    told = texts(desk.ask(anna, "ListRequests"), "number", "status", "service", "answer")
    assert told == [(str(request.number), "answered", "AES", "!\nŻ")]
    assert counted(desk.ask(bogdan, "ListRequests")) == 0


@pytest.fixture
def migrated(desk: Desk) -> tuple[Member, Member, str]:
    """Anna with a right from PDR and no account for it; Darek with an account; the one-time password."""
    world = desk.world
    darek = world.enrol("darek", level=AccountLevel.BASIC)
    desk.admit(darek)
    file = (
        "record,id,pesel,surname,name,eori,representative,represented,systems\n"
        "person,P1,44051401458,Lis,,,,,\n"
        f"entity,E1,,,Firma,{EORI},,,\n"
        "authorisation,A1,,,,,P1,E1,ECS\n"
    )
    PdrImport(
        store=world.store,
        operator="test",
        at=world.clock() - timedelta(days=1),
        new_id=lambda: "right-1",
        on_problem=lambda problem: pytest.fail(str(problem)),
        on_progress=lambda _records: None,
    ).run(io.BytesIO(file.encode()))
    with world.store.begin() as work:
        records = HelpDeskRecords(work.connection)
        records.link_account(darek.login, None, operator="test", at=world.clock())
        password = records.issue_password(
            darek.login,
            "00000044051401458",
            valid_for=timedelta(hours=1),
            random_bytes=bytes,
            operator="test",
            at=world.clock(),
        )
        work.commit()
    return darek, desk.admit(world.enrol("bogdan", "AES")), password


def test_a_new_account_links_itself_to_its_migrated_record(
    desk: Desk, migrated: tuple[Member, Member, str]
) -> None:
    darek, _, password = migrated
    code, says = desk.refusal(darek, "ListLinks")
    assert (code, "one-time password" in says) == ("S001", True)

    linked = desk.ask(darek, "LinkAccount", oneTimePassword=password.lower())

    assert linked.findtext(f"{{{SELF_SERVICE}}}idSISC") == "00000044051401458"
    assert linked.findtext(f"{{{SELF_SERVICE}}}level") == "extended"
    assert texts(desk.ask(darek, "ListLinks"), "id", "migrated", "review") == [("right-1", "true", None)]
    assert texts(desk.ask(darek, "ListRights"), "entity", "systems") == [(FIRM, "AES")]
    assert desk.refusal(darek, "LinkAccount", oneTimePassword=password)[0] == "S002"
    told = [facts["detail"] for action, facts in desk.world.ears.told if action is Action.ACCOUNT_LINKING]
    assert told == ["linked", "none"]
    assert password.replace("-", "") not in str(desk.seen)


def test_wrong_tries_count_although_they_are_refused(
    desk: Desk, migrated: tuple[Member, Member, str]
) -> None:
    darek, _, password = migrated
    for left in reversed(range(1, TRIES)):
        assert desk.refusal(darek, "LinkAccount", oneTimePassword="wrong") == (
            "S002",
            f"This is not the one-time password; {left} tries are left.",
        )
    desk.refusal(darek, "LinkAccount", oneTimePassword="wrong")
    code, says = desk.refusal(darek, "LinkAccount", oneTimePassword=password)
    assert (code, "ask the help desk" in says) == ("S002", True)


def test_reconstituted_links_are_confirmed_or_disputed(
    desk: Desk, migrated: tuple[Member, Member, str]
) -> None:
    darek, bogdan, password = migrated
    desk.ask(darek, "LinkAccount", oneTimePassword=password)

    assert desk.ask(darek, "ReviewLink", link="right-1", correct="true").text == "confirmed"
    assert desk.refusal(darek, "ReviewLink", link="right-1", correct="false")[0] == "S004"
    note = "I left this firm in 2014"
    assert desk.ask(darek, "ReviewLink", link="right-1", correct="0", note=note).text == "disputed"

    assert texts(desk.ask(darek, "ListLinks"), "review", "inForce") == [("disputed", "true")]
    ((category, service),) = texts(desk.ask(darek, "ListRequests"), "category", "service")
    assert (category, "PDR" in str(service)) == ("report", True)
    assert desk.refusal(bogdan, "ReviewLink", link="right-1", correct="true")[0] == "S003"
    with desk.world.store.read() as work:
        changes = Overview(work.connection).history(Subject.REPRESENTATION, "right-1")
        assert [change.operator for change in changes] == ["test", *[f"account:{darek.login}"] * 2]
        assert len(HelpDeskRecords(work.connection).requests(RequestFilter(), limit=9)) == 1


def test_a_side_linked_in_the_meantime_is_not_linked_again(
    desk: Desk, migrated: tuple[Member, Member, str]
) -> None:
    darek, _, password = migrated
    with desk.world.store.begin() as work:
        RegistryRepository(work.connection).link_account(
            darek.login, darek.person.id_sisc, operator="test", at=desk.world.clock()
        )
        work.commit()
    assert desk.refusal(darek, "LinkAccount", oneTimePassword=password)[0] == "S004"


# Who is asking


def test_a_token_is_good_for_one_call_even_for_a_refused_one(desk: Desk) -> None:
    anna = desk.admit(desk.world.enrol("anna"))
    for operation, values in (("GetAccount", {}), ("ReviewLink", {"link": "x", "correct": "true"})):
        body = desk.request(anna, operation, values)
        desk.post(body)
        again = desk.post(body)
        assert "security error" in (again.text("faultstring") or "")


def test_three_wrong_passwords_lock_here_too(small: Desk) -> None:
    anna = small.admit(small.world.enrol("anna"))
    for _ in range(3):
        small.post(small.request(anna, "GetAccount", {}, "wrong"))
    assert small.post(small.request(anna, "GetAccount", {})).status == 500


# Hostile input


def bad(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'.encode()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not well-formed"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + bad("<a/>"), "document type declaration"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + bad("<a/>"), "document type declaration"),
        (b"\xff\xfe" + bad("<a/>").decode().encode("utf-16-le"), "only UTF-8"),
        (bad("<a>" * 20 + "</a>" * 20), "max_depth"),
        (bad("<a>" + "<b/>" * 600 + "</a>"), "max_nodes"),
        (bad(""), "exactly one request element"),
        (bad("<a/><b/>"), "exactly one request element"),
        (bad(f'<GetAccount xmlns="{SELF_SERVICE}"/>'), "policy alternatives"),
    ],
)
def test_bad_messages_get_the_faults_of_the_channel(small: Desk, body: bytes, says: str) -> None:
    answer = small.post(body)
    assert answer.status == 500
    assert says in (answer.text("faultstring") or "")
    assert answer.headers["X-Incident-Id"]


def test_a_long_body_is_refused_unread(small: Desk) -> None:
    assert small.post(b"", CONTENT_LENGTH="1000000").status == 413
    assert small.post(bad("<a/>"), CONTENT_TYPE="application/soap+xml").status == 415


@pytest.mark.parametrize(
    ("operation", "values", "says"),
    [
        ("AcceptDocument", {}, "GetAccount, "),
        ("GetAccount", {"login": "bogdan@example.pl"}, "not allowed"),
        ("ListLinks", {"after": "x" * 501}, "maxLength"),
        ("LinkAccount", {}, "oneTimePassword"),
        ("ReviewLink", {"link": "x", "correct": "maybe"}, "xs:boolean"),
    ],
)
def test_a_request_must_fit_the_contract(
    small: Desk, operation: str, values: dict[str, str], says: str
) -> None:
    anna = small.admit(small.world.enrol("anna"))
    answer = small.post(small.request(anna, operation, values))
    assert answer.fault_code == (SOAP, "Client")
    assert says in (answer.text("faultstring") or "")


@pytest.mark.parametrize(
    "after", ["x", "bnVsbA==", "WyJhIiwiYiJd", "WyJcdTAwMDAiLCJhIiwiYiJd", "ż", "[" * 400]
)
def test_a_made_up_place_is_refused(small: Desk, after: str) -> None:
    anna = small.admit(small.world.enrol("anna"))
    assert small.refusal(anna, "ListRights", after=after)[0] == "S005"


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE registry_accounts; --", "\u0000".join([]) or "a" * 500, "ı̇🄰\u202e"]
)
def test_any_text_may_be_tried(desk: Desk, text: str) -> None:
    anna = desk.admit(desk.world.enrol("anna"))
    assert counted(desk.ask(anna, "ListLinks", after=text)) == 0
    assert desk.refusal(anna, "LinkAccount", oneTimePassword=text)[0] == "S002"
    assert desk.refusal(anna, "ReviewLink", link=text, correct="true")[0] == "S003"


def test_the_channels_namespace_is_not_this_service(small: Desk) -> None:
    anna = small.admit(small.world.enrol("anna"))
    body = small.request(anna, "GetAccount", {}).replace(SELF_SERVICE.encode(), PULL.encode())
    answer = small.post(body)
    assert SELF_SERVICE in (answer.text("faultstring") or "")
    assert CHANNEL.encode() not in answer.body


# The contract


def test_the_wsdl_names_the_address_it_was_asked_at(small: Desk) -> None:
    answer = call(small.app, PATH_INFO=SELF_SERVICE_PATH, QUERY_STRING="wsdl")
    (address,) = answer.root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address.get("location") == f"https://ws.example.pl{SELF_SERVICE_PATH}"
    for query, status in (("", 405), ("xsd=x", 405)):
        assert call(small.app, PATH_INFO=SELF_SERVICE_PATH, QUERY_STRING=query).status == status


def test_addressing_is_answered_where_a_client_uses_it_and_not_needed(small: Desk) -> None:
    anna = small.admit(small.world.enrol("anna"))
    with_headers = small.post(small.request(anna, "GetAccount", {}))
    assert (with_headers.text("Action") or "").endswith("/RegistryPort/GetAccountResponse")
    envelope = etree.fromstring(small.request(anna, "GetAccount", {}))
    for header in list(envelope[0]):
        if "addressing" in header.tag:
            envelope[0].remove(header)
    without = small.post(etree.tostring(envelope))
    assert (without.status, without.text("Action")) == (200, None)
