"""One fault gives one finding, at its place: measured on damaged samples of every type declarants send."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache

import pytest
from lxml import etree

from gateway.samples.making import SampleMaker, written
from schemas.catalogue import load_builtin
from schemas.model import Direction, MessageType
from schemas.paths import local_name, path_of
from schemas.validation import Validator

CATALOGUE = load_builtin()
VALIDATOR = Validator(CATALOGUE)
SYSTEMS: dict[str, list[MessageType]] = defaultdict(list)
for _one in CATALOGUE.types():
    if _one.direction is Direction.INBOUND:
        SYSTEMS[_one.schema.partition("/")[0]].append(_one)
TURNS = 2  # damages of each kind to each type
AT_THEIR_PLACE = 0.98  # of the findings

#: Changes one thing; returns where it may be reported, nothing where there was nothing to change.
Damage = Callable[[etree._Element, random.Random], set[str]]  # noqa: SLF001 - lxml's element class has no other name


@cache
def sample(kind: MessageType) -> bytes:
    return written(SampleMaker(validator=VALIDATOR).make(kind, seed=2))


def parent(element: etree._Element) -> etree._Element:
    found = element.getparent()
    assert found is not None
    return found


def anything(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice(list(root.iterdescendants("*")))


def a_value(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if not len(one)])


def a_group(root: etree._Element, source: random.Random) -> etree._Element:
    return source.choice([one for one in root.iterdescendants("*") if len(one)])


def drop(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    outer, name = parent(element), local_name(element)
    outer.remove(element)
    return {f"{path_of(outer)}/{name}"}


def double(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    copied = deepcopy(element)
    element.addnext(copied)
    return {path_of(element), path_of(copied)}


def swap(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    following = element.getnext()
    if following is None or following.tag == element.tag:
        return set()
    element.addprevious(following)
    return {path_of(element), path_of(following)}


def move_to_the_end(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    following = element.getnext()
    outer = parent(element)
    if following is None or following is outer[-1]:  # of two that change places either may be told
        return set()
    outer.append(element)
    return {path_of(element)}


def rename(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    element.tag += "X"
    return {path_of(element)}


def add_unknown(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    added = element.makeelement(f"{element.tag}X")
    element.addnext(added)
    return {path_of(added)}


def other_namespace(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    element.tag = f"{{urn:x}}{local_name(element)}"
    return {path_of(element)}


def add_attribute(root: etree._Element, source: random.Random) -> set[str]:
    element = anything(root, source)
    element.set("unknown", "1")
    return {path_of(element)}


def text(value: str) -> Damage:
    def damage(root: etree._Element, source: random.Random) -> set[str]:
        element = a_value(root, source)
        element.text = value
        return {path_of(element)}

    return damage


def text_between(root: etree._Element, source: random.Random) -> set[str]:
    element = a_group(root, source)
    element.text = "text"
    return {path_of(element)}


def element_in_a_value(root: etree._Element, source: random.Random) -> set[str]:
    element = a_value(root, source)
    inner = etree.SubElement(element, "inner")
    return {path_of(element), path_of(inner)}


DAMAGES: tuple[Damage, ...] = (
    drop, double, swap, move_to_the_end, rename, add_unknown, other_namespace, add_attribute,
    text(""), text("?!"), text("x" * 2000), text_between, element_in_a_value,
)  # fmt: skip


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_fault_gives_one_finding_at_its_place(system: str) -> None:
    at_place = []
    for kind in SYSTEMS[system]:
        source = random.Random(kind.code + kind.version)
        for damage in DAMAGES * TURNS:
            root = etree.fromstring(sample(kind))
            places = damage(root, source)
            report = VALIDATOR.validate(root, kind, content=etree.tostring(root))
            if places and not report.valid:
                (found,) = report.findings
                assert report.total == 1
                assert (found.line, found.column) > (0, 0)
                assert all((found.message_pl, found.message_en, found.remedy_pl, found.remedy_en))
                at_place.append(bool(set(told(str(found.xpath))) & set(map(plain, places))))

    assert len(at_place) > 10 * len(SYSTEMS[system])
    assert sum(at_place) >= AT_THEIR_PLACE * len(at_place)


def told(path: str) -> Iterator[str]:
    """The places a finding names: of several elements of which one is missing, each."""
    outer, _, names = plain(path).rpartition("/")
    yield from (f"{outer}/{name}" for name in names.split(" | "))


def plain(path: str) -> str:
    """Without the number of what stands alone: a group that lost its last element has none."""
    return path.replace("[1]", "")
