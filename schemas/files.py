"""Reading schema files: only from inside the folder of their catalogue, never from the network."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from schemas.errors import CatalogueError

__all__ = ["declares_signature", "load_schema", "needs_xsd11"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_REFERENCES = tuple(f"{_XS}{kind}" for kind in ("include", "import", "redefine", "override"))
_MIN_VERSION = "{http://www.w3.org/2007/XMLSchema-versioning}minVersion"


def load_schema(folder: Path, schema: str) -> list[etree._ElementTree]:
    """Parse a schema and all it includes or imports, in that order.

    Args:
        folder: the catalogue folder; nothing outside it is read.
        schema: path of the file relative to it.

    Raises:
        CatalogueError: a file is missing or not well-formed, has a DTD, or refers outside the folder.
    """
    boundary = folder.resolve()
    waiting = [(boundary / schema).resolve()]
    trees: dict[Path, etree._ElementTree] = {}
    while waiting:
        path = waiting.pop()
        if path not in trees:
            trees[path] = _parse(boundary, path)
            waiting.extend(_references(path, trees[path]))
    return list(trees.values())


def needs_xsd11(trees: Sequence[etree._ElementTree]) -> bool:
    """Whether a schema asks for XSD 1.1 (``vc:minVersion``): tools for 1.0 see no element in it."""
    return any(tree.getroot().get(_MIN_VERSION, "1.0") >= "1.1" for tree in trees)


def declares_signature(trees: Sequence[etree._ElementTree]) -> bool:
    """Whether a schema has a place for ``ds:Signature``, as Polish ones do and EU ones do not."""
    return any(_is_signature(one) for tree in trees for one in tree.iter(f"{_XS}any", f"{_XS}element"))


def _is_signature(declaration: etree._Element) -> bool:
    if declaration.tag == f"{_XS}any":
        return _DSIG in declaration.get("namespace", "").split()
    prefix, colon, name = declaration.get("ref", "").rpartition(":")
    return name == "Signature" and declaration.nsmap.get(prefix if colon else None) == _DSIG


def _parse(boundary: Path, path: Path) -> etree._ElementTree:
    if not path.is_relative_to(boundary):
        raise CatalogueError(source=str(path), reason=f"outside of {boundary}")
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        tree = etree.parse(path, parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise CatalogueError(source=str(path), reason=str(error)) from error
    if tree.docinfo.internalDTD is not None:
        raise CatalogueError(source=str(path), reason="a schema may not have a DTD")
    return tree


def _references(path: Path, tree: etree._ElementTree) -> list[Path]:
    locations = (one.get("schemaLocation") for one in tree.getroot().iterchildren(*_REFERENCES))
    return [_referred(path, location) for location in locations if location]


def _referred(path: Path, location: str) -> Path:
    if ":" in location or location.startswith("//"):
        raise CatalogueError(source=str(path), reason=f"{location} is not a file of the same folder")
    return (path.parent / unquote(location)).resolve()
