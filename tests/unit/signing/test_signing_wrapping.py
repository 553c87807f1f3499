"""Signature wrapping: no rearrangement of a signed document gets other content accepted.

Elements are moved, copied, re-identified and wrapped at random, under a policy that forbids nothing that
would hide the hole: what passes must say exactly what was signed.
"""

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from signing.c14n import Canonicalization, canonicalize
from signing.errors import ParsingError
from signing.names import C14N_10, C14N_11, WSU, XML, ds
from signing.parsing import parse
from signing.policy import MESSAGE_POLICY
from signing.sign import SignatureProfile
from signing.trust import PinnedTrust
from signing.verify import verify
from tests.unit.signing.signing_samples import LIMITS, MESSAGE, NOW, p256_key, renamed, signed

IDENTIFIERS = ("Id", "ID", "id", f"{{{XML}}}id", f"{{{WSU}}}Id")
ATTACK = "<m:CC015C xmlns:m='http://ncts.example/cc015c'><LRN>ATTACKER</LRN></m:CC015C>"
LAX = replace(MESSAGE_POLICY, name="test only", comments=True, instructions=True, max_references=99)
#: By the empty URI or by identifier, with or without XAdES, each canonical form.
DOCUMENTS = {
    "whole": signed(),
    "plain": signed(profile=SignatureProfile.PLAIN),
    "inclusive": signed(c14n=C14N_10),
    "inclusive 1.1": signed(c14n=C14N_11),
    "by identifier": renamed(signed(MESSAGE.replace(b"<m:CC015C", b'<m:CC015C Id="doc"')), "doc"),
    "by identifier, plain": renamed(
        signed(MESSAGE.replace(b"<m:CC015C", b'<m:CC015C Id="doc"'), profile=SignatureProfile.PLAIN), "doc"
    ),
}

indexes = st.integers(0, 60)
values = st.sampled_from(["", "doc", "sig-1", "sig-1-properties", "sig-1-document", "other"])
steps = st.one_of(
    st.tuples(st.just("move"), indexes, indexes, st.integers(0, 4)),
    st.tuples(st.just("copy"), indexes, indexes, st.integers(0, 4)),
    st.tuples(st.just("identify"), indexes, st.sampled_from(IDENTIFIERS), values),
    st.tuples(st.just("point"), indexes, st.sampled_from(["", "#"]), values),
    st.tuples(st.just("insert"), indexes, st.integers(0, 4), st.just(ATTACK)),
    st.tuples(st.just("wrap"), st.booleans(), st.booleans(), st.just(ATTACK)),
    st.tuples(st.just("remove"), indexes, st.none(), st.none()),
)
Step = tuple[str, object, object, object]


def elements(root: etree._Element) -> list[etree._Element]:
    return list(root.iter("*"))


def chosen(root: etree._Element, index: object) -> etree._Element:
    assert isinstance(index, int)
    every = elements(root)
    return every[index % len(every)]


def taken(step: Step, root: etree._Element) -> etree._Element:
    """The document element after one step of an attacker."""
    kind, first, second, third = step
    if kind == "wrap":
        return wrapped(root, signature_too=bool(first), in_signature=bool(second))
    subject = chosen(root, first)
    if kind in {"move", "copy"}:
        place = chosen(root, second)
        moved = deepcopy(subject) if kind == "copy" else subject
        if subject is not root and place not in [subject, *subject.iterdescendants()]:
            assert isinstance(third, int)
            place.insert(third, moved)
    elif kind == "identify":
        subject.set(str(second), str(third))
    elif kind == "point":
        references = list(root.iter(ds("Reference")))
        if references:
            references[int(str(first)) % len(references)].set("URI", f"{second}{third}")
    elif kind == "insert":
        assert isinstance(second, int)
        subject.insert(second, etree.fromstring(str(third)))
    elif subject is not root:
        subject.getparent().remove(subject)  # type: ignore[union-attr]  # only the root has no parent
    return root


def wrapped(root: etree._Element, *, signature_too: bool, in_signature: bool) -> etree._Element:
    """The attacker's document around the signed one, which hides in a child or in an Object."""
    outer = etree.fromstring(ATTACK)
    signature = root.find(ds("Signature"))
    if signature is None:
        outer.append(root)
        return outer
    if not signature_too:
        outer.append(signature)
    host = etree.SubElement(signature, ds("Object")) if in_signature and not signature_too else outer
    host.append(root)
    return outer


def said(root: etree._Element) -> bytes:
    """What a reader of the document is told, the signature left out."""
    alone = deepcopy(root)
    for signature in alone.findall(ds("Signature")):
        alone.remove(signature)
    return canonicalize(alone, Canonicalization(algorithm=C14N_10))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_passes_as_it_was_signed(name: str) -> None:
    root = parse(DOCUMENTS[name], LIMITS)
    assert verify(root, policy=LAX, trust=PinnedTrust([p256_key().certificate]), at=NOW).passed


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(DOCUMENTS)), attack=st.lists(steps, min_size=1, max_size=4))
@example(name="whole", attack=[("wrap", False, False, ATTACK)])
@example(name="whole", attack=[("wrap", False, True, ATTACK)])
@example(name="by identifier", attack=[("wrap", False, False, ATTACK)])
@example(name="by identifier", attack=[("wrap", False, True, ATTACK)])
@example(name="by identifier", attack=[("wrap", False, True, ATTACK), ("identify", 0, "Id", "doc")])
@example(name="by identifier", attack=[("wrap", False, True, ATTACK), ("identify", 0, "ID", "doc")])
@example(name="by identifier, plain", attack=[("wrap", True, False, ATTACK), ("identify", 0, "id", "doc")])
def test_whatever_is_accepted_says_what_was_signed(name: str, attack: list[Step]) -> None:
    original = parse(DOCUMENTS[name], LIMITS)
    root = deepcopy(original)
    for step in attack:
        root = taken(step, root)
    try:
        forged = parse(etree.tostring(root), LIMITS)
    except ParsingError:
        return
    verdict = verify(forged, policy=LAX, trust=PinnedTrust([p256_key().certificate]), at=NOW)
    if said(root) != said(original):
        assert not verdict.passed
        assert verdict.signed_tree is None
    elif verdict.passed:
        assert verdict.signed_tree is not None
        assert said(verdict.signed_tree) == said(original)
