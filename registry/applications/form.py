"""Reading a form: texts and parts by paths of local names, with the place each stands at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from registry.rows import JsonObject

__all__ = ["Form", "Part"]

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a form and the way to it."""

    element: etree._Element
    where: str  # XPath of local names

    def parts(self, path: str) -> Sequence["Part"]:
        """All elements at a path below this one, such as "Oddzialy/Oddzial"."""
        found = [self]
        for name in path.split("/"):
            found = [child for part in found for child in part.children(name)]
        return found

    def part(self, path: str) -> "Part | None":
        """The first element at a path."""
        return next(iter(self.parts(path)), None)

    def text(self, path: str) -> str | None:
        """The text of the first element at a path; None where it is absent or empty."""
        found = self.part(path)
        return found.value or None if found else None

    def texts(self, path: str) -> Sequence[str]:
        """The texts of all elements at a path."""
        return [part.value for part in self.parts(path)]

    def place(self, path: str) -> str:
        """Where a path leads, for whoever looks for it in the form."""
        found = self.part(path)
        return found.where if found else f"{self.where}/{path}"

    @property
    def name(self) -> str:
        """Local name of the element."""
        return etree.QName(self.element).localname

    @property
    def value(self) -> str:
        """Text of the element without blanks around it."""
        return (self.element.text or "").strip()

    def data(self) -> JsonObject:
        """Everything below this element as it was written: texts, or objects; lists where a name repeats."""
        found: JsonObject = {}
        for name in dict.fromkeys(child.name for child in self._all()):
            values = [child.data() or child.value for child in self.children(name)]
            found[name] = values[0] if len(values) == 1 else values
        return found

    def _all(self) -> Iterator["Part"]:
        for child in self.element.iterchildren(etree.Element):
            if child.tag != _SIGNATURE:
                yield Part(child, f"{self.where}/{etree.QName(child).localname}")

    def children(self, name: str) -> "list[Part]":
        """The elements of this name right below; with an ordinal where there are several."""
        named = [child for child in self._all() if child.name == name]
        if len(named) < 2:  # noqa: PLR2004 - an ordinal only where there are several
            return named
        return [Part(child.element, f"{child.where}[{place}]") for place, child in enumerate(named, start=1)]


class Form(Part):
    """A whole form.

    Args:
        root: document element of a verified tree.
    """

    def __init__(self, root: etree._Element) -> None:
        super().__init__(root, f"/{etree.QName(root).localname}")

    @property
    def code(self) -> str:
        """Code of the form, e.g. "WRR0001"."""
        return self.name
