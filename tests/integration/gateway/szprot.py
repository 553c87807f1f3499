"""Applications to the register, sent as people send them: signed forms through the channel to SZPROT."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

from lxml import etree
from sqlalchemy import select

from gateway import clock as system_clock
from gateway.channel import Content, Submission
from gateway.flow.checks import SignatureCheck
from gateway.registration import ClerksDesk, RegisterBackEnd, Registrar
from gateway.store import tables
from gateway.store.model import Lane
from registry.applications.records import Application, ApplicationRecords
from registry.model import Account, AccountLevel, AccountStatus, Person
from registry.repository import RegistryRepository
from schemas.model import MessageType
from signing.parsing import ParseLimits
from signing.policy import MESSAGE_POLICY
from signing.sign import Sealer, sign_enveloped
from signing.trusted_profile import TrustedProfileSeals, TrustedProfileTrust
from tests.integration.gateway.world import START, Member, World, catalogue, seal, validator
from tests.unit.signing.revocation.revocation_samples import Pair, make
from tests.unit.signing.test_trusted_profile import Told, named, role, sealed

__all__ = [
    "CUSTOMS",
    "EXCISE",
    "Decided",
    "Szprot",
    "branch",
    "ended",
    "entity_data",
    "entity_end",
    "entity_form",
    "entity_update",
    "header",
    "listed",
    "mandate",
    "person_form",
    "position",
    "representation",
]

NAMESPACE = "http://www.mf.gov.pl/xsd/szprot/"
_ADDRESS = (
    "<Krajowy><Miejscowosc>Warszawa</Miejscowosc><NumerDomu>17</NumerDomu>"
    "<KodPocztowy>00-950</KodPocztowy></Krajowy>"
)
_CONTACT = "<Kontakt><Email>jan@example.com</Email></Kontakt>"


@cache
def authority() -> Pair:
    return make("Authority of the seal", ca=True, at=START)


@cache
def minister() -> Pair:
    """The seal of trusted signatures."""
    return make("Minister", authority(), at=START)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision as the applicant reads it."""

    sys_ref: str
    root: etree._Element

    @property
    def result(self) -> str:
        """Uwzgledniono, Odmowiono or OczekujeNaUrzednika."""
        names = [etree.QName(child).localname for child in self.root]
        return next(one for one in names if one in {"Uwzgledniono", "Odmowiono", "OczekujeNaUrzednika"})

    @property
    def codes(self) -> list[str]:
        """Codes of the reasons for a refusal."""
        return [code.text or "" for code in self.root.iterfind(".//{*}Przyczyna/{*}Kod")]

    def text(self, path: str) -> str | None:
        """Text at a path of local names."""
        return self.root.findtext("/".join(f"{{*}}{name}" for name in path.split("/")))


class Szprot:
    """The register as a back end of a world, with people who apply there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.registrar = Registrar(seal=Sealer(seal()), clock=world.clock, limits=ParseLimits())
        self.back_end = RegisterBackEnd(store=world.store, registrar=self.registrar, observe=world.ears)
        world.back_ends["SZPROT"] = self.back_end
        self.clerks = ClerksDesk(
            store=world.store,
            registrar=self.registrar,
            answers=world.delivery("SZPROT").answers,
        )

    def open_account(self, login: str, *, person: str | None = None) -> None:
        """An account of basic level, without a person unless one is named."""
        account = Account(
            login=login, level=AccountLevel.BASIC, status=AccountStatus.ACTIVE, person_id=person
        )
        with self.world.store.begin() as work:
            registry = RegistryRepository(work.connection)
            registry.add_account(account, b"-", operator="test", at=self.world.clock())
            work.commit()

    def file(self, member: Member, form: str, *files: tuple[str, bytes], deliver: bool = True) -> Decided:
        """File a form signed with the member's SC certificate; the last decision on it."""
        signed = sign_enveloped(
            etree.fromstring(form), member.key, at=self.world.clock(), ids=system_clock.signature_id
        )
        return self._send(member, signed, files, deliver=deliver)

    def file_trusted(self, member: Member, form: str, pesel: str, *files: tuple[str, bytes]) -> Decided:
        """File a form under a trusted signature of the person with this PESEL."""
        signed = sealed(role(named(pesel=pesel)), minister(), body=form, at=self.world.clock())
        return self._send(member, signed, files, trusted=True)

    def decided(self, sys_ref: str) -> Decided:
        """The last decision on an application; it is valid against its schema and sealed."""
        with self.world.store.read() as work:
            wanted = (
                select(tables.reply_contents.c.content)
                .join_from(tables.reply_contents, tables.replies)
                .where(
                    tables.replies.c.correlation_sys_ref == sys_ref,
                    tables.replies.c.type_code.like("Decyzja%"),
                )
                .order_by(tables.replies.c.seq.desc())
            )
            content = work.connection.scalars(wanted).first()
        assert content is not None, f"no decision: {self.world.replies(sys_ref)}"
        root = etree.fromstring(content)
        assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None
        assert validator().validate(root, _type(root)).findings == ()
        return Decided(sys_ref=sys_ref, root=root)

    def application(self, sys_ref: str) -> Application:
        """Where an application stands."""
        with self.world.store.read() as work:
            return ApplicationRecords(work.connection).get(sys_ref)

    @contextmanager
    def registry(self) -> Iterator[RegistryRepository]:
        """The register, to be read."""
        with self.world.store.read() as work:
            yield RegistryRepository(work.connection)

    def _send(
        self,
        member: Member,
        signed: bytes,
        files: Sequence[tuple[str, bytes]],
        *,
        trusted: bool = False,
        deliver: bool = True,
    ) -> Decided:
        attachments = tuple(Content(data=data, mime="application/pdf", filename=name) for name, data in files)
        content = Content(data=signed, mime="application/xml", filename="form.xml")
        submission = Submission(content=content, attachments=attachments, target_systems=("SZPROT",))
        sys_ref = self.world.channel().accept_document(self.world.caller(member), submission)
        self._verify(trusted=trusted)
        replies = self.world.replies(sys_ref)
        assert replies == {"UPP": 1}, self._npp(member, sys_ref)
        if not deliver:
            return Decided(sys_ref=sys_ref, root=etree.Element("none"))
        while self.world.deliverer("SZPROT").work_once():
            pass
        return self.decided(sys_ref)

    def _verify(self, *, trusted: bool) -> None:
        step = self.world.verification()
        if trusted:
            seals = TrustedProfileSeals([minister().certificate], [authority().certificate])
            source = TrustedProfileTrust(seals, Told())
            check = SignatureCheck(policy=MESSAGE_POLICY, trust=lambda _: source)
            checks = [check if isinstance(each, SignatureCheck) else each for each in step.checks]
            step = replace(step, checks=checks)
        self.world.worker(Lane.VERIFY, step).work_once()

    def _npp(self, member: Member, sys_ref: str) -> str:
        return self.world.content(member, sys_ref, "NPP").decode()


def _type(root: etree._Element) -> MessageType:
    name = etree.QName(root)
    wanted = (name.namespace, name.localname)
    return next(one for one in catalogue().types() if (one.namespace, one.root) == wanted)


def _form(code: str, content: str) -> str:
    return f'<{code} xmlns="{NAMESPACE}{code}">{content}</{code}>'


def header(surname: str, *, capacity: str = "WE_WLASNYM_IMIENIU", id_sisc: str | None = None) -> str:
    number = system_clock.new_id()
    named_by = f"<IdSisc>{id_sisc}</IdSisc>" if id_sisc else ""
    return (
        f"<Naglowek><IdentyfikatorKomunikatu>{number}</IdentyfikatorKomunikatu>"
        f"<NumerWlasny>{number[:22]}</NumerWlasny><DataWypelnienia>2026-03-30</DataWypelnienia>"
        f"<Skladajacy>{named_by}<Imie>X</Imie><Nazwisko>{surname}</Nazwisko>"
        f"<Charakter>{capacity}</Charakter></Skladajacy></Naglowek>"
    )


def person_form(
    person: Person,
    *,
    login: str | None,
    born: str = "1970-01-02",
    scope: str = "ROZSZERZONY",
    simplified: str = "N",
    update: bool = False,
    identity: str | None = None,
    files: str = "",
) -> str:
    """WRR0001, or WRR0002 with `update`."""
    account = f"<Konto><Login>{login}</Login><Zakres>{scope}</Zakres></Konto>" if login else ""
    first = (
        f"<IdSisc>{person.id_sisc}</IdSisc><DataZmiany>2026-03-30</DataZmiany>"
        if update
        else f"<RejestracjaUproszczona>{simplified}</RejestracjaUproszczona>"
    )
    return _form(
        "WRR0002" if update else "WRR0001",
        f"{header(person.surname)}{first}<Osoba><Imie>{person.given_names}</Imie>"
        f"<Nazwisko>{person.surname}</Nazwisko><DataUrodzenia>{born}</DataUrodzenia>"
        f"<Obywatelstwo>PL</Obywatelstwo>{identity or f'<Pesel>{person.pesel}</Pesel>'}</Osoba>"
        f"<AdresZamieszkania>{_ADDRESS}</AdresZamieszkania>{_CONTACT}{account}{files}",
    )


def listed(*files: tuple[str, str, bytes]) -> str:
    """The list of attachments: kind, name and content of each."""
    rows = (
        f"<Zalacznik><NumerPozycji>{place}</NumerPozycji><Rodzaj>{kind}</Rodzaj><NazwaPliku>{name}</NazwaPliku>"
        f"<SkrotSHA256>{base64.b64encode(hashlib.sha256(data).digest()).decode()}</SkrotSHA256></Zalacznik>"
        for place, (kind, name, data) in enumerate(files, start=1)
    )
    return f"<Zalaczniki>{''.join(rows)}</Zalaczniki>" if files else ""


def entity_data(
    *,
    name: str = "Jan Import",
    form: str = "OSOBA_FIZYCZNA",
    nip: str = "7771234550",
    regon: str = "123456785",
    krs: str = "",
    owner: str | None = None,
    street: str = "17",
) -> str:
    numbers = f"<Nip>{nip}</Nip><Regon>{regon}</Regon>{f'<Krs>{krs}</Krs>' if krs else ''}"
    owned = f"<Wlasciciel><IdSisc>{owner}</IdSisc></Wlasciciel>" if owner else ""
    address = _ADDRESS.replace(">17<", f">{street}<")
    return (
        f"<FormaPrawna>{form}</FormaPrawna><NazwaPelna>{name}</NazwaPelna>{numbers}{owned}"
        f"<AdresSiedziby>{address}</AdresSiedziby>{_CONTACT}"
    )


CUSTOMS = (
    "<Clo><NadanieEori><DataRozpoczeciaDzialalnosci>2026-04-01</DataRozpoczeciaDzialalnosci></NadanieEori>"
    "<PublikacjaDanych>N</PublikacjaDanych></Clo>"
)
EXCISE = (
    "<Akcyza><WpisDoCRPA>T</WpisDoCRPA><RodzajDzialalnosci>INNA</RodzajDzialalnosci>"
    "<NumerAkcyzowy>PL77712345500</NumerAkcyzowy></Akcyza>"
)


def branch(number: str, name: str = "Oddział", *, as_what: str = "DaneOddzialu") -> str:
    return (
        f"<Oddzial><NumerOddzialu>{number}</NumerOddzialu><{as_what}><Nazwa>{name}</Nazwa>"
        f"<Adres>{_ADDRESS}</Adres>{_CONTACT}</{as_what}></Oddzial>"
    )


def entity_form(surname: str, data: str, *, areas: str = CUSTOMS, more: str = "") -> str:
    """WRP0001."""
    return _form("WRP0001", f"{header(surname)}<Podmiot>{data}</Podmiot><Obszary>{areas}</Obszary>{more}")


def entity_update(surname: str, number: str, changes: str, *, more: str = "") -> str:
    """WRP0002."""
    return _form(
        "WRP0002",
        f"{header(surname)}<Podmiot>{number}</Podmiot><DataZmiany>2026-03-30</DataZmiany>"
        f"<Zmiany>{changes}</Zmiany>{more}",
    )


def entity_end(surname: str, number: str, *, day: str = "2026-03-30") -> str:
    """WRP0003."""
    return _form(
        "WRP0003",
        f"{header(surname)}<Podmiot>{number}</Podmiot><DataDezaktywacji>{day}</DataDezaktywacji>"
        "<Przyczyna>ZAKONCZENIE_DZIALALNOSCI</Przyczyna>",
    )


def mandate(
    *systems: str,
    activities: Sequence[str] = ("WYSYLANIE", "ODBIOR", "PODGLAD"),
    privileges: Sequence[str] = (),
    kind: str = "PRACOWNIK",
    level: str = "PODSTAWOWE",
    first: str = "2026-03-30",
    last: str | None = None,
    substitution: str = "N",
    paid: str | None = None,
    document: str = "",
) -> str:
    """The authority of a position of WPE0001."""
    inner = "".join(f"<Czynnosc>{one}</Czynnosc>" for one in activities)
    rights = "".join(f"<System><KodSystemu>{one}</KodSystemu>{inner}</System>" for one in systems)
    duty = (
        f"<Zaplata><Kwota>{paid}</Kwota><DataZaplaty>2026-03-29</DataZaplaty></Zaplata>"
        if paid
        else "<PodstawaZwolnienia>pracownik</PodstawaZwolnienia>"
    )
    return (
        f"<Umocowanie><Forma>{kind}</Forma><Poziom>{level}</Poziom><Uprawnienia>{rights}"
        f"{''.join(f'<Czynnosc>{one}</Czynnosc>' for one in privileges)}</Uprawnienia>"
        f"<DataOd>{first}</DataOd>"
        f"{f'<DataDo>{last}</DataDo>' if last else '<Bezterminowo>T</Bezterminowo>'}"
        f"<PrawoSubstytucji>{substitution}</PrawoSubstytucji><DokumentUmocowania><Rodzaj>UMOWA</Rodzaj>"
        f"<DataDokumentu>2026-03-29</DataDokumentu>{document}</DokumentUmocowania>"
        f"<OplataSkarbowa>{duty}</OplataSkarbowa></Umocowanie>"
    )


def ended(day: str = "2026-03-30") -> str:
    """The end of a right."""
    return f"<Dezaktywacja><DataZakonczenia>{day}</DataZakonczenia></Dezaktywacja>"


def position(number: int, who: Person | str, content: str, *, name: str = "Agencja") -> str:
    """A position of WPE0001: a person, or the ID SISC of an entity."""
    if isinstance(who, Person):
        named_by = (
            f"<OsobaFizyczna><IdSisc>{who.id_sisc}</IdSisc><Imie>{who.given_names}</Imie>"
            f"<Nazwisko>{who.surname}</Nazwisko></OsobaFizyczna>"
        )
    else:
        named_by = f"<Podmiot><IdSisc>{who}</IdSisc><Nazwa>{name}</Nazwa></Podmiot>"
    return f"<Reprezentant><NumerPozycji>{number}</NumerPozycji>{named_by}{content}</Reprezentant>"


def representation(surname: str, entity: str, *positions: str, more: str = "") -> str:
    """WPE0001."""
    return _form(
        "WPE0001",
        f"{header(surname)}<Reprezentowany><IdSisc>{entity}</IdSisc><Nazwa>Firma</Nazwa></Reprezentowany>"
        f"{''.join(positions)}{more}",
    )
