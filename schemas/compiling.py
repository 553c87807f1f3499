"""Which validator a schema needs, and its compiled form: libxml2 wherever it can, xmlschema for XSD 1.1."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lxml import etree

from schemas.errors import CatalogueError
from schemas.files import needs_xsd11

if TYPE_CHECKING:
    from xmlschema import XMLSchemaBase

__all__ = ["Engine", "compile_fast", "compile_slow"]

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_VERSIONING: Final = "{http://www.w3.org/2007/XMLSchema-versioning}"
#: Elements that XSD 1.0 does not have. libxml2 refuses most of them and overlooks others.
_ONLY_11: Final = tuple(
    f"{_XS}{one}"
    for one in (
        "alternative", "assert", "assertion", "defaultOpenContent", "explicitTimezone", "openContent",
        "override",
    )
)  # fmt: skip


class Engine(StrEnum):
    """What tells good documents from bad."""

    LIBXML2 = "libxml2"
    XMLSCHEMA = "xmlschema"  # some sixty times slower


def compile_fast(files: Sequence[etree._ElementTree]) -> etree.XMLSchema | None:
    """The form of libxml2 (about 10 ms); None where only xmlschema validates rightly.

    A schema that merely asks for XSD 1.1 (``vc:minVersion``), as those of the EU do, is no reason to be slow:
    libxml2 validates it if it can compile it and nothing in it means something else in 1.1.

    Args:
        files: the schema and all it includes, as parsed.

    Raises:
        CatalogueError: it is wrong.
    """
    if any(_means_more_in_11(tree) for tree in files):
        return None
    try:
        return etree.XMLSchema(files[0])
    except etree.XMLSchemaParseError as error:
        if needs_xsd11(files):  # such as a wildcard beside an element, ambiguous in 1.0 only
            return None
        raise CatalogueError(source=_name(files), reason=str(error)) from error


def compile_slow(files: Sequence[etree._ElementTree], path: Path) -> "XMLSchemaBase":
    """The form of xmlschema (up to a second).

    Args:
        files: the schema and all it includes, as parsed.
        path: the schema.

    Raises:
        CatalogueError: xmlschema cannot compile it.
    """
    import xmlschema  # noqa: PLC0415 - a fifth of a second to import, and good documents do without

    kind = xmlschema.XMLSchema11 if _is_11(files) else xmlschema.XMLSchema10
    try:
        return kind(str(path), allow="local")
    except (xmlschema.XMLSchemaException, RecursionError) as error:
        raise CatalogueError(source=_name(files), reason=str(error)) from error


def _is_11(files: Sequence[etree._ElementTree]) -> bool:
    return needs_xsd11(files) or any(_means_more_in_11(tree) for tree in files)


def _means_more_in_11(tree: etree._ElementTree) -> bool:
    root = tree.getroot()
    if next(root.iter(*_ONLY_11), None) is not None:
        return True
    return any(_is_conditional(one) for one in root.iterdescendants(etree.Element))


def _is_conditional(element: etree._Element) -> bool:
    """Whether a part of a schema is there for some versions of XSD only."""
    return any(str(name).startswith(_VERSIONING) for name in element.attrib)


def _name(files: Sequence[etree._ElementTree]) -> str:
    return str(files[0].docinfo.URL)
