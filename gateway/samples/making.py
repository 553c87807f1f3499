"""Making samples: valid messages of every type declarants send, the same for the same seed."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import xmlschema
from lxml import etree

from gateway.samples.growing import Grower
from gateway.samples.values import Data, Values, load_data
from gateway.sandbox.cast import ENTITY_EORI, ENTITY_EXCISE, ENTITY_NAME, ENTITY_NIP, TESTER
from registry.numbers import entity_id_sisc, person_id_sisc
from schemas.model import IdentifierKind, MessageType, PartyRole
from schemas.validation import Validator

__all__ = ["DAY", "SampleMaker", "written"]

#: The day samples are written on unless another is named: the same seed makes the same sample on every day.
DAY: Final = date(2026, 3, 30)
_DENSITIES: Final = (0.3, 0.5, 0.75)
_ATTEMPTS: Final = 40
_OURS: Final = {
    "trader": {
        "name": ENTITY_NAME,
        "street": "ul. Wzorcowa",
        "number": "7",
        "address": "ul. Wzorcowa 7",
        "city": "Warszawa",
        "postcode": "00-916",
        "country": "PL",
    },
    "person": {
        "given": TESTER.given_names,
        "surname": TESTER.surname,
        "full": f"{TESTER.given_names} {TESTER.surname}",
        "mail": TESTER.login,
    },
}
_NUMBERS: Final[Mapping[IdentifierKind, str]] = {
    IdentifierKind.EORI: ENTITY_EORI,
    IdentifierKind.EXCISE: ENTITY_EXCISE,
    IdentifierKind.NIP: ENTITY_NIP,
}


@dataclass(frozen=True, kw_only=True)
class SampleMaker:
    """Makes samples. Their principal is the sandbox's firm, so that its tester may send them.

    Args:
        validator: of the catalogue that the types are from.
    """

    validator: Validator

    def make(self, message_type: MessageType, *, seed: int = 0, on: date = DAY) -> etree._Element:
        """A valid document.

        Args:
            message_type: one that declarants send.
            seed: another one, another sample.
            on: the day it is written.

        Raises:
            LookupError: the schema asks for a value that is not known here.
        """
        for attempt in range(_ATTEMPTS):  # some rules, such as keys used once, are met by trying again
            document = _grown(message_type, random.Random(f"{seed}/{message_type.code}/{attempt}"), seed, on)  # noqa: S311 - no secret
            if self.validator.validate(document, message_type).valid:
                return document
        raise LookupError(message_type.code)


def written(document: etree._Element) -> bytes:
    """A sample as a file."""
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True) + b"\n"


def _grown(message_type: MessageType, source: random.Random, seed: int, on: date) -> etree._Element:
    schema = _schema(message_type)
    data = load_data()
    known = dict(_known(message_type, source, seed))
    values = Values(data=data, source=source, on=on, known=known, ours=_OURS, kinds=message_type.values)
    grower = Grower(
        values,
        source,
        density=source.choice(_DENSITIES),
        wanted=[path for path in known if not path.startswith("$")],
        unwanted=[*data.unwanted, *_agents(message_type)],
    )
    declaration = schema.elements[message_type.root]
    document = grower.document(declaration, {_prefix(declaration, message_type): message_type.namespace})
    etree.cleanup_namespaces(document, top_nsmap=_prefixes(document, data))
    _total(document, data)
    etree.indent(document)
    return document


@cache
def _schema(message_type: MessageType) -> Any:  # noqa: ANN401 - xmlschema's own annotations are too wide
    return xmlschema.XMLSchema10(str(message_type.folder / message_type.schema), allow="local")


def _known(message_type: MessageType, source: random.Random, seed: int) -> Iterator[tuple[str, str]]:
    """What a sample says of itself and of the firm, by path."""
    places = message_type.places
    number = f"{seed % 10**6:06}{source.randrange(10**6):06}"
    yield from ((path, f"L{number}") for path in places.lrn)
    yield from ((path, f"M{number}") for path in places.own_id)
    for party in message_type.parties:
        if party.when is not None:
            yield party.when.xpath, party.when.value
        if party.role is PartyRole.PRINCIPAL:
            yield party.xpath, _number(party.kind, party.xpath)
    yield "$principal", ENTITY_EORI
    yield "$firm", entity_id_sisc(eori=ENTITY_EORI)
    yield "$person", person_id_sisc(TESTER.pesel)


def _number(kind: IdentifierKind, path: str) -> str:
    if kind is not IdentifierKind.ID_SISC:
        return _NUMBERS[kind]
    is_firm = path.startswith(("Podmiot/", "Reprezentowany/"))
    return entity_id_sisc(eori=ENTITY_EORI) if is_firm else person_id_sisc(TESTER.pesel)


def _agents(message_type: MessageType) -> list[str]:
    """Elements that name an agency: samples are sent by a person of the firm."""
    places = (one.xpath for one in message_type.parties if one.role is PartyRole.REPRESENTATIVE)
    return [path.rpartition("/")[0] or path for path in places]


def _prefix(declaration: Any, message_type: MessageType) -> str | None:  # noqa: ANN401 - as above
    """None, the default namespace, where the elements within have that of the message."""
    names = (one.name for one in declaration.type.content.iter_elements() if one.local_name)
    qualified = next(names, "").startswith("{")
    return None if qualified else message_type.system.lower()


def _prefixes(document: etree._Element, data: Data) -> dict[str, str]:
    """Of the other namespaces in a document."""
    uris = dict.fromkeys(str(etree.QName(one).namespace) for one in document.iter("{*}*"))
    known = {uri: [name for form, name in data.prefixes.items() if fnmatchcase(uri, form)] for uri in uris}
    return {names[0]: uri for uri, names in known.items() if names}


def _total(document: etree._Element, data: Data) -> None:
    """Make totals what their parts are."""
    for rule in data.totals:
        parent, _, name = rule["total"].partition("/")
        for outer in list(document.iter(f"{{*}}{parent}")):
            for total in outer.iterchildren(f"{{*}}{name}"):
                _put_total(total, outer, rule)


def _put_total(total: etree._Element, outer: etree._Element, rule: Mapping[str, str]) -> None:
    if "count" in rule:
        total.text = str(len(_parts(outer, rule["count"])))
    elif parts := _parts(outer, rule["sum"]):
        total.text = f"{sum(Decimal(one.text or '0') for one in parts):f}"


def _parts(outer: etree._Element, path: str) -> list[etree._Element]:
    """Elements at a path of local names."""
    steps = [f"{{*}}{step}" if step.strip(".") else step for step in path.split("/")]
    return outer.findall("/".join(steps))
