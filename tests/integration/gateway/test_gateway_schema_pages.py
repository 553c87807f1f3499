"""/schemas: every schema and a page a type, escaped, cached, nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from lxml import etree

from gateway.schema_pages.web import SchemaApplication
from schemas.catalogue import load_builtin
from tests.unit.schemas.pack_tools import MANIFEST, Office, schema

XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def page(self) -> etree._Element:
        return etree.fromstring(self.body, etree.HTMLParser(encoding="utf-8"))


class Response:
    """What an application tells the server."""

    status: str
    headers: list[tuple[str, str]]

    def __call__(
        self, status: str, headers: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return lambda _: None


def ask(
    application: SchemaApplication, path: str, method: str = "GET", query: str = "", **headers: str
) -> Answer:
    environ: dict[str, object] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    response = Response()
    body = b"".join(application(environ, response))
    return Answer(status=int(response.status[:3]), headers=dict(response.headers), body=body)


def text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


@pytest.fixture(scope="module")
def application() -> SchemaApplication:
    return SchemaApplication(load_builtin())


def test_the_index_leads_to_a_page_and_a_schema_of_every_type(application: SchemaApplication) -> None:
    index = ask(application, "/schemas/", query="lang=en")
    links = [str(one.get("href")) for one in index.page.iterfind(".//tbody//a")]

    assert len(links) == 2 * len(load_builtin().types())
    for target in links[::9]:
        path, _, query = target.partition("?")
        assert ask(application, path, query=query).status == 200, target


def test_a_page_names_every_element_with_number_value_and_meaning(application: SchemaApplication) -> None:
    page = ask(application, "/schemas/types/NCTS2/CC015C/51.8/built-in", query="lang=en").page

    rows = {str(row[0].get("title")): [text(each) for each in row] for row in page.iterfind(".//tbody/tr")}
    name, number, value, meaning = rows["TransitOperation/LRN"]
    assert (name, number) == ("LRN", "1")
    assert "at most 22 characters" in value
    assert "1 to 22 characters" in meaning
    assert len(rows) > 300


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("", "", "pl"),
        ("", "de-DE, en;q=0.8, pl;q=0.7", "en"),
        ("", "pl-PL,pl;q=0.9", "pl"),
        ("lang=en", "pl", "en"),
        ("lang=xx", "", "pl"),
    ],
)
def test_pages_are_polish_or_english_as_the_reader_asks(
    application: SchemaApplication, query: str, accepted: str, expected: str
) -> None:
    answer = ask(application, "/schemas/", query=query, accept_language=accepted)

    assert answer.headers["Content-Language"] == expected
    assert answer.page.get("lang") == expected
    assert ("Zgłoszenie tranzytowe" in answer.body.decode()) == (expected == "pl")


def test_a_schema_is_served_with_all_it_includes(application: SchemaApplication) -> None:
    todo, done = ["/schemas/xsd/built-in/EMCSPL2/v3.13/IE815.xsd"], set[str]()
    while todo:
        path = todo.pop()
        done.add(path)
        answer = ask(application, path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/xml"), path
        references = etree.fromstring(answer.body).iterchildren(f"{XS}include", f"{XS}import")
        named = {urljoin(path, one.get("schemaLocation", path)) for one in references}
        todo.extend(named - done)

    assert len(done) > 3


@pytest.mark.parametrize(
    "path",
    [
        "/schemas/xsd/built-in/../../../pyproject.toml",
        "/schemas/xsd/built-in/NCTS2/catalogue.toml",
        "/schemas/xsd//etc/passwd",
        "/schemas/xsd/built-in/NCTS2/CC015C.xsd/",
        "/schemas/types/NCTS2/CC015C/1.0/built-in",
        "/schemas/\udcff",
        "/schemas/<script>",
    ],
)
def test_nothing_else_is_served(application: SchemaApplication, path: str) -> None:
    answer = ask(application, path)

    assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
    assert b"script" not in answer.body


def test_answers_are_cached_and_known_ones_not_sent_again(application: SchemaApplication) -> None:
    first = ask(application, "/schemas/xsd/built-in/NCTS2/CC015C.xsd")
    again = ask(application, "/schemas/xsd/built-in/NCTS2/CC015C.xsd", if_none_match=first.headers["ETag"])

    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


def test_browsers_are_told_to_run_nothing(application: SchemaApplication) -> None:
    page, file = ask(application, "/schemas/"), ask(application, "/schemas/xsd/built-in/NCTS2/CC015C.xsd")

    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert {page.headers["X-Content-Type-Options"], file.headers["X-Content-Type-Options"]} == {"nosniff"}


@pytest.mark.parametrize(
    ("method", "status", "sent"), [("HEAD", 200, False), ("POST", 405, True), ("PUT", 405, True)]
)
def test_only_reading_is_allowed(
    application: SchemaApplication, method: str, status: int, *, sent: bool
) -> None:
    answer = ask(application, "/schemas/", method)

    assert (answer.status, bool(answer.body)) == (status, sent)
    assert int(answer.headers["Content-Length"]) > 0


def test_the_path_without_a_slash_leads_to_the_index(application: SchemaApplication) -> None:
    assert ask(application, "/schemas").headers["Location"] == "/schemas/"


EVIL = "<script>alert(1)</script>"


def test_an_installed_pack_is_published_at_once_and_its_texts_are_escaped(tmp_path: Path) -> None:
    office = Office(folder=tmp_path)
    application = SchemaApplication(office.catalogue)
    assert b"SENT" not in ask(application, "/schemas/").body
    said = f"<xs:annotation><xs:documentation>{EVIL.replace('<', '&lt;')}</xs:documentation></xs:annotation>"
    annotated = schema("Carriage", "CarriageNumber").replace(
        '<xs:element name="Number">',
        f'<xs:element name="Number">{said}',
    )
    manifest = MANIFEST.replace('title_pl = "Zgłoszenie przewozu"', f'title_pl = "{EVIL}"')

    line = office.install(office.write({"pack.toml": manifest, "sub dir/sent.xsd": annotated})).line

    index = ask(application, "/schemas/")
    page = ask(application, f"/schemas/types/SENT/Carriage/1/{line.pack}")
    file = ask(application, f"/schemas/xsd/{line.pack}/sub dir/sent.xsd")
    assert quote(f"/schemas/xsd/{line.pack}/sub dir/sent.xsd") in index.body.decode()
    assert (index.status, page.status, file.status) == (200, 200, 200)
    assert file.body.decode() == annotated
    for answer in (index, page):
        assert EVIL.encode() not in answer.body
        assert answer.page.find(".//script") is None
    assert EVIL in text(page.page)
