"""Growing a document along its schema."""

import random
from collections.abc import Collection, Iterator
from typing import Any, Final

from lxml import etree
from xmlschema.validators import XsdElement, XsdGroup

from gateway.samples.values import Place, Values

__all__ = ["Grower"]

_MOST: Final = 2  # of what may stand there often
_TWICE: Final = 0.5  # how often it does

#: A declaration, group or type of xmlschema; its own annotations allow for far more than schemas hold.
Component = Any


class Grower:
    """Grows one document.

    Args:
        values: of its elements.
        source: of randomness.
        density: share of the optional elements that are there.
        wanted: paths below the document element that are there in any case.
        unwanted: patterns and paths that are not, where they need not.
    """

    def __init__(
        self,
        values: Values,
        source: random.Random,
        *,
        density: float,
        wanted: Collection[str],
        unwanted: Collection[str],
    ) -> None:
        self._values = values
        self._source = source
        self._density = density
        self._wanted = {path[:end] for path in map(_steps, wanted) for end in range(1, len(path) + 1)}
        self._unwanted = tuple(unwanted)

    def document(self, declaration: Component, nsmap: dict[str | None, str]) -> etree._Element:
        """A document with this document element.

        Args:
            declaration: of the document element.
            nsmap: its prefixes.
        """
        root = etree.Element(declaration.name, nsmap=nsmap)  # type: ignore[arg-type]  # None is the default one
        self._fill(root, declaration, Place(path=(declaration.local_name,)))
        return root

    def _fill(self, element: etree._Element, declaration: Component, place: Place) -> None:
        for attribute in declaration.attributes.values():
            self._attribute(element, attribute, place)
        kind = declaration.type
        if kind.has_simple_content():
            element.text = self._values.of(place, _simple(kind))
            return
        self._values.enter(place)
        self._children(element, kind.content, place)
        self._values.leave()

    def _attribute(self, element: etree._Element, attribute: Component, place: Place) -> None:
        if not getattr(attribute, "local_name", None):  # a wildcard
            return
        inner = Place(path=(*place.path, f"@{attribute.local_name}"))
        if attribute.use == "required" or (attribute.use == "optional" and self._chosen(inner)):
            element.set(attribute.name, self._values.of(inner, attribute.type))

    def _children(self, element: etree._Element, group: Component, place: Place) -> None:
        for particle in self._members(group, place):
            for ordinal in range(1, self._times(particle, place) + 1):
                if isinstance(particle, XsdGroup):
                    self._children(element, particle, place)
                else:
                    self._child(element, particle, place, ordinal)

    def _child(self, element: etree._Element, declaration: Component, place: Place, ordinal: int) -> None:
        child = etree.SubElement(element, declaration.name)
        simple = declaration.type.has_simple_content()
        path = (*place.path, declaration.local_name)
        self._fill(child, declaration, Place(path=path, ordinal=place.ordinal if simple else ordinal))
        if not (simple or declaration.min_occurs or len(child) or child.attrib):
            element.remove(child)  # of what may be in it nothing was chosen

    def _members(self, group: Component, place: Place) -> Iterator[Component]:
        particles = [one for one in group if isinstance(one, XsdElement | XsdGroup)]  # no wildcards
        if group.model != "choice":
            yield from particles
            return
        wanted = [one for one in particles if any(path in self._wanted for path in _paths(one, place))]
        fit = [one for one in particles if not any(self._is_unwanted(path) for path in _paths(one, place))]
        yield self._source.choice(wanted or fit or particles)

    def _times(self, particle: Component, place: Place) -> int:
        most = (
            _MOST
            if particle.max_occurs is None
            else min(particle.max_occurs, max(_MOST, particle.min_occurs))
        )
        if not particle.min_occurs and not self._is_there(_paths(particle, place)):
            return 0
        least = max(particle.min_occurs, 1)
        return self._source.randint(least, most) if most > least and self._source.random() < _TWICE else least

    def _is_there(self, paths: list[tuple[str, ...]]) -> bool:
        """Whether what may be left out is there: an element, or a group that begins one of the paths."""
        if any(path in self._wanted for path in paths):
            return True
        return not all(map(self._is_unwanted, paths)) and self._source.random() < self._density

    def _chosen(self, inner: Place) -> bool:
        return self._is_there([inner.path[1:]])

    def _is_unwanted(self, path: tuple[str, ...]) -> bool:
        place = Place(path=("", *path))
        return "/".join(path) in self._unwanted or place.fits(*self._unwanted)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _paths(particle: Component, place: Place) -> list[tuple[str, ...]]:
    """Paths below the document element that a particle begins."""
    elements = particle.iter_elements() if isinstance(particle, XsdGroup) else [particle]
    names = [one.local_name for one in elements]
    return [(*place.path[1:], name) for name in names if name]


def _simple(kind: Component) -> Component:
    return kind if kind.is_simple() else kind.content
