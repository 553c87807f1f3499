"""The pages: an index of all message types, and one a type with every element."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final
from urllib.parse import quote

from lxml import etree

from gateway.schema_pages.html import document, link, table, tag
from gateway.schema_pages.words import WORDS, Language
from schemas.comparison import cardinality
from schemas.model import MessageType
from schemas.naming import source_of
from schemas.structure import Node, Texts, Value, read_structure

__all__ = ["index_page", "page_path", "type_page", "xsd_path"]

_MOST_VALUES: Final = 100  # allowed values that are listed


def page_path(one: MessageType) -> str:
    """Where the page of a type is, not encoded."""
    return f"/schemas/types/{one.system}/{one.code}/{one.version}/{source_of(one)}"


def xsd_path(one: MessageType) -> str:
    """Where its schema is, not encoded; what it includes lies beside it as the schema says."""
    return f"/schemas/xsd/{source_of(one)}/{one.schema}"


def index_page(types: Sequence[MessageType], language: Language) -> bytes:
    """All types by system, in the order of their precedence."""
    words = WORDS[language]
    head = tuple(words[key] for key in ("code", "name", "direction", "version", "valid", "source", "schema"))
    ordered = sorted(types, key=lambda one: one.system)  # stable: precedence stays within a system
    sections: list[etree._Element] = []
    for system, group in groupby(ordered, key=lambda one: one.system):
        sections += [tag("h2", system), table(head, [_index_row(one, language) for one in group])]
    title = words["title"]
    return document(title, language, _switch(language), tag("h1", title), tag("p", words["intro"]), *sections)


def type_page(one: MessageType, language: Language) -> bytes:
    """A type with every element.

    Raises:
        CatalogueError: its schema cannot be told.
    """
    words = WORDS[language]
    head = tuple(words[key] for key in ("element", "number", "value", "meaning"))
    nodes = read_structure(one).walk()
    next(nodes)  # the document element
    title = f"{one.code} – {_title(one, language)}"
    back = tag("p", link(words["all"], f"/schemas/?lang={language}"), class_="back")
    return document(
        title,
        language,
        _switch(language),
        back,
        tag("h1", title),
        _facts(one, language),
        tag("h2", words["elements"]),
        table(head, [_element_row(node, language) for node in nodes]),
    )


def _switch(language: Language) -> etree._Element:
    other = Language.EN if language is Language.PL else Language.PL
    return tag(
        "p", tag("a", WORDS[language]["other"], href=f"?lang={other}", hreflang=other), class_="language"
    )


def _index_row(one: MessageType, language: Language) -> etree._Element:
    words = WORDS[language]
    return tag(
        "tr",
        tag("td", link(one.code, f"{quote(page_path(one))}?lang={language}")),
        tag("td", _title(one, language)),
        tag("td", words[one.direction]),
        tag("td", one.version),
        tag("td", _validity(one, language)),
        tag("td", source_of(one)),
        tag("td", link("XSD", quote(xsd_path(one)))),
    )


def _facts(one: MessageType, language: Language) -> etree._Element:
    words = WORDS[language]
    facts: Iterable[tuple[str, etree._Element | str]] = (
        ("system", one.system),
        ("direction", words[one.direction]),
        ("version", one.version),
        ("valid", _validity(one, language)),
        ("source", source_of(one)),
        ("namespace", one.namespace),
        ("root", one.root),
        ("signature", words["required" if one.signature_required else "not required"]),
        ("schema", link(one.schema, quote(xsd_path(one)))),
    )
    parts = [part for key, value in facts for part in (tag("dt", words[key]), tag("dd", value))]
    return tag("dl", *parts)


def _element_row(node: Node, language: Language) -> etree._Element:
    choice = f", {WORDS[language]['choice']}" if node.choice else ""
    depth = min(node.path.count("/"), 9)
    return tag(
        "tr",
        tag("td", tag("code", node.name), class_=f"d{depth}", title=node.path),
        tag("td", cardinality(node) + choice),
        tag("td", _value(node.value, language)),
        tag("td", _text(node.texts, language)),
    )


def _value(value: Value | None, language: Language) -> str:
    if value is None:
        return ""
    words = WORDS[language]
    facets = [words[name].format(text) for name, text in value.facets if name in words]
    shown = " | ".join(value.allowed[:_MOST_VALUES])
    left = len(value.allowed) - _MOST_VALUES
    return "; ".join(
        [value.base, *facets, *([shown + (f" | … (+{left})" if left > 0 else "")] if shown else [])]
    )


def _text(texts: Texts, language: Language) -> str:
    """In the language asked for, else in the other."""
    first, second = (texts.pl, texts.en) if language is Language.PL else (texts.en, texts.pl)
    return first or second


def _title(one: MessageType, language: Language) -> str:
    return one.title_pl if language is Language.PL else one.title_en


def _validity(one: MessageType, language: Language) -> str:
    words = WORDS[language]
    told = [
        f"{words['from']} {one.valid_from}" if one.valid_from else "",
        f"{words['to']} {one.valid_to}" if one.valid_to else "",
    ]
    return " ".join(filter(None, told)) or words["always"]
