"""How long an applicant waits: from AcceptDocument to the sealed decision in the mailbox, over HTTP."""

import statistics
import threading
import time
from pathlib import Path
from typing import Final

from lxml import etree

from benchmarks.pdr_records import nip
from benchmarks.workshop import Workshop
from gateway import clock
from gateway.client.channel_client import ChannelClient, Page
from gateway.registration import SYSTEM
from gateway.sandbox.cast import TESTER
from gateway.sandbox.serving import prepare_sandbox, serve_sandbox
from registry.numbers import person_id_sisc
from signing.sign import sign_enveloped

__all__ = ["measure_registration"]

_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.01
#: WRP0001 of somebody who registers a business of his own.
_FORM: Final = """<WRP0001 xmlns="http://www.mf.gov.pl/xsd/szprot/WRP0001">
<Naglowek><IdentyfikatorKomunikatu>{id}</IdentyfikatorKomunikatu><NumerWlasny>{number}</NumerWlasny>
<DataWypelnienia>{day}</DataWypelnienia><Skladajacy><IdSisc>{person}</IdSisc><Imie>{name}</Imie>
<Nazwisko>{surname}</Nazwisko><Charakter>WE_WLASNYM_IMIENIU</Charakter></Skladajacy></Naglowek>
<Podmiot><FormaPrawna>OSOBA_FIZYCZNA</FormaPrawna><NazwaPelna>Firma {number}</NazwaPelna><Nip>{nip}</Nip>
<Wlasciciel><IdSisc>{person}</IdSisc></Wlasciciel><AdresSiedziby><Krajowy><Gmina>Warszawa</Gmina>
<Miejscowosc>Warszawa</Miejscowosc><NumerDomu>1</NumerDomu><KodPocztowy>00-950</KodPocztowy></Krajowy>
</AdresSiedziby><Kontakt><Email>firma@example.pl</Email></Kontakt></Podmiot>
<Obszary><Clo><NadanieEori><DataRozpoczeciaDzialalnosci>{day}</DataRozpoczeciaDzialalnosci></NadanieEori>
<PublikacjaDanych>N</PublikacjaDanych></Clo></Obszary></WRP0001>"""


def measure_registration(folder: Path, *, applications: int) -> dict[str, float]:
    """Seconds until the decision that registers an entity can be fetched; web and worker are processes.

    Args:
        folder: for the sandbox.
        applications: how many are filed, one after the other.
    """
    workshop = Workshop.open(folder)
    forms = [_signed(workshop, number) for number in range(applications)]
    workshop.close()
    sandbox = prepare_sandbox(folder, port=0)
    profile = sandbox.profile
    with (
        serve_sandbox(sandbox, threading.Event()),
        ChannelClient(profile.url, login=workshop.login, password=profile.password or "") as client,
    ):
        waited = [_wait(client, form) for form in forms]
    return {
        "applications": applications,
        "median_seconds": round(statistics.median(waited), 3),
        "longest_seconds": round(max(waited), 3),
    }


def _signed(workshop: Workshop, number: int) -> bytes:
    form = _FORM.format(
        id=clock.new_id(),
        number=number,
        day=clock.now().date().isoformat(),
        person=person_id_sisc(TESTER.pesel),
        name=TESTER.given_names,
        surname=TESTER.surname,
        nip=nip(number),
    )
    root = etree.fromstring(form.replace("\n", ""))
    return sign_enveloped(root, workshop.key, at=clock.now(), ids=clock.signature_id)


def _wait(client: ChannelClient, form: bytes) -> float:
    started = time.perf_counter()
    sys_ref = client.send(form, filename="WRP0001.xml", system=SYSTEM)
    while not _is_granted(client.replies(sys_ref)):
        assert time.perf_counter() - started < _PATIENCE_SECONDS, f"no decision on {sys_ref}"
        time.sleep(_LOOK_SECONDS)
    return time.perf_counter() - started


def _is_granted(answers: Page) -> bool:
    decisions = [each.content for each in answers.documents if (each.filename or "").startswith("Decyzja")]
    assert all(b"Uwzgledniono" in decision for decision in decisions), decisions
    return bool(decisions)
