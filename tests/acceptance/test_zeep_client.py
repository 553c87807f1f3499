"""An independent SOAP client, loaded from our WSDL, does everything the channel offers."""

import base64
import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken

from tests.acceptance.enrolment import Enrolled, enrol_many
from tests.acceptance.messages import fresh_lrn, signed_example
from tests.acceptance.running import RunningSandbox, until

Zeep = Any  # zeep has no types
MakeClient = Callable[[str, str], Zeep]


@pytest.fixture
def make_client(sandbox: RunningSandbox) -> MakeClient:
    def make(login: str, password: str) -> Zeep:
        inner = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()
        return Client(
            sandbox.wsdl,
            plugins=[WsAddressingPlugin()],
            wsse=UsernameToken(login, inner, use_digest=True),
        )

    return make


@pytest.fixture
def zeep(make_client: MakeClient, sandbox: RunningSandbox) -> Zeep:
    return make_client(sandbox.account.login, sandbox.account.password)


@pytest.fixture
def sender(sandbox: RunningSandbox) -> Enrolled:
    """An account of its own, so that its mailbox holds only what the test sent."""
    return enrol_many(sandbox, 1)[0]


@pytest.fixture
def own(make_client: MakeClient, sender: Enrolled) -> Zeep:
    return make_client(sender.account.login, sender.account.password)


def document(client: Zeep, content: bytes, *systems: str) -> Zeep:
    return client.get_type("ns1:documentType")(
        content={"_value_1": content, "filename": "doc.xml", "mime": "application/xml"},
        targetSystems={"system": list(systems)},
    )


def test_a_document_is_sent_and_all_its_answers_are_collected_in_order(own: Zeep, sender: Enrolled) -> None:
    result = own.service.AcceptDocument(document=document(own, signed_example("CC015C", sender.key), "NCTS2"))
    until(lambda: waiting(own) >= 5 or None)

    names = []
    more = True
    while more:
        answer = own.service.GetNextDocument()
        names.append(answer.document.content.filename)
        assert list(answer.document.targetSystems.system) == ["PODMIOT"]
        more = answer.hasNext

    assert len(result) == 36
    assert names[0] == "UPP.xml"
    assert len(names) == 5
    assert own.service.GetNextDocument().document is None


def waiting(client: Zeep) -> int:
    today = date.today()  # noqa: DTZ011 - the client's own day
    page = client.service.GetDocuments(
        pobrany="0", dataOd=today - timedelta(days=2), dataDo=today + timedelta(days=1)
    )
    return int(page.documentsCount)


def test_get_documents_does_not_collect_and_tells_zero_when_nothing_matches(
    own: Zeep, sender: Enrolled
) -> None:
    assert waiting(own) == 0

    sys_ref = own.service.AcceptDocument(document=document(own, signed_example("ZC415", sender.key)))
    until(lambda: waiting(own) >= 4 or None)

    page = own.service.GetDocuments(korelacjaSysref=sys_ref)
    assert page.documentsCount == 4
    assert waiting(own) == 4
    assert own.service.GetDocuments(korelacjaSysref=sys_ref, pobrany="1").documentsCount == 0
    assert own.service.GetDocuments(korelacjaSysref=sys_ref, targetSystem="AES").documentsCount == 0


def test_one_document_is_found_by_its_dispatch_id(own: Zeep, sender: Enrolled) -> None:
    sys_ref = own.service.AcceptDocument(document=document(own, signed_example("ZC415", sender.key)))
    first = until(lambda: next(iter(own.service.GetDocuments(korelacjaSysref=sys_ref).document), None))

    page = own.service.GetDocuments(idWysylki=first.dispatchId)

    assert [content_of(first)] == [content_of(each) for each in page.document]


def content_of(document: Zeep) -> bytes:
    return bytes(document.content["_value_1"])


def test_documents_are_collected_by_context(own: Zeep, sender: Enrolled, sandbox: RunningSandbox) -> None:
    own.service.AcceptDocument(document=document(own, signed_example("CC515C", sender.key)))
    until(lambda: waiting(own) >= 4 or None)

    answer = own.service.GetNextDocumentSisc(idSiscP=sandbox.entity)

    assert answer.document.endSISC == sandbox.entity
    assert answer.hasNext is True


@pytest.mark.parametrize(
    ("arguments", "text"),
    [({}, "At least one of idSisc"), ({"idSiscP": "PL999999999900000"}, "No permission")],
)
def test_a_context_must_be_named_and_be_the_callers(arguments: dict[str, str], text: str, own: Zeep) -> None:
    with pytest.raises(Fault, match=text) as caught:
        own.service.GetNextDocumentSisc(**arguments)

    assert caught.value.code == "soap:Server"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"dataOd": date(2026, 1, 1)},
        {"dataOd": date(2026, 1, 1), "dataDo": date(2026, 1, 12)},
        {"dataOd": date(2026, 1, 2), "dataDo": date(2026, 1, 1)},
    ],
)
def test_get_documents_wants_a_window_of_at_most_ten_days(arguments: dict[str, date], own: Zeep) -> None:
    with pytest.raises(
        Fault, match="DataOd and DataDo must be defined and must be limited up to 10 days period"
    ):
        own.service.GetDocuments(**arguments)


def test_employees_see_each_others_documents_of_the_firm_when_they_ask_for_all(
    own: Zeep, zeep: Zeep, sender: Enrolled
) -> None:
    own_sys_ref = own.service.AcceptDocument(document=document(own, signed_example("CC515C", sender.key)))
    until(lambda: waiting(own) >= 4 or None)

    alone = zeep.service.GetDocuments(korelacjaSysref=own_sys_ref)
    everybody = zeep.service.GetDocuments(korelacjaSysref=own_sys_ref, allEmployees=True)

    assert alone.documentsCount == 0
    assert everybody.documentsCount == 4


def test_a_wrong_password_is_refused_and_three_lock_the_account(
    make_client: MakeClient, sender: Enrolled, sandbox: RunningSandbox
) -> None:
    wrong = make_client(sender.account.login, "wrong")
    right = make_client(sender.account.login, sender.account.password)
    assert right.service.GetNextDocument().document is None

    for _ in range(3):
        with pytest.raises(Fault, match="A security error was encountered when verifying the message"):
            wrong.service.GetNextDocument()

    with pytest.raises(Fault, match="A security error was encountered"):
        right.service.GetNextDocument()
    sandbox.sisc("helpdesk", "unlock", sender.account.login, "--reason", "test")
    assert right.service.GetNextDocument().document is None


def test_a_document_never_seen_is_refused_with_the_channels_code(zeep: Zeep) -> None:
    with pytest.raises(Fault) as caught:
        zeep.service.AcceptDocument(document=document(zeep, b"<unknown/>", "NCTS2"))

    detail = caught.value.detail[0]
    assert caught.value.message == "Błąd komunikacji"
    assert detail.tag.endswith("}techErrorFault")
    assert detail.findtext(".//{*}errorCode") == "E003"


def test_own_ids_find_the_answers(own: Zeep, sender: Enrolled) -> None:
    lrn = fresh_lrn()
    content = signed_example("CC015C", sender.key, lrn=lrn)
    own_id = content.split(b"<messageIdentification>")[1].split(b"<")[0].decode()
    own.service.AcceptDocument(document=document(own, content))
    until(lambda: waiting(own) >= 5 or None)

    today = date.today()  # noqa: DTZ011 - the client's own day
    page = own.service.GetDocuments(
        idDocSysZew=own_id, dataOd=today - timedelta(days=1), dataDo=today + timedelta(days=1)
    )

    assert page.documentsCount == 5
