"""HTML from trees: whatever text is put in comes out escaped."""

from typing import Final

from lxml import etree

__all__ = ["document", "link", "table", "tag"]

Child = etree._Element | str | None  # noqa: SLF001 - lxml's element class has no other name

_STYLE: Final = "/schemas/style.css"


def tag(name: str, /, *children: Child, **attributes: str) -> etree._Element:
    """An element; None among its children stands for nothing. `class_` is the attribute `class`."""
    element = etree.Element(name, {key.rstrip("_"): value for key, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            _add_text(element, child)
        elif child is not None:
            element.append(child)
    return element


def link(text: str, target: str) -> etree._Element:
    """A link to a path of this server, already percent-encoded."""
    return tag("a", text, href=target)


def table(head: tuple[str, ...], rows: list[etree._Element]) -> etree._Element:
    """A table of rows (`tr`)."""
    return tag(
        "table",
        tag("thead", tag("tr", *(tag("th", each, scope="col") for each in head))),
        tag("tbody", *rows),
    )


def document(title: str, language: str, *content: Child) -> bytes:
    """A whole page."""
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title),
            tag("link", rel="stylesheet", href=_STYLE),
        ),
        tag("body", tag("main", *content)),
        lang=language,
    )
    return etree.tostring(page, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")


def _add_text(element: etree._Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
