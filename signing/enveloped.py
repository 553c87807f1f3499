"""Taking an enveloped signature out of its document without losing the text behind it."""

from collections.abc import Iterator
from contextlib import contextmanager

from lxml import etree

__all__ = ["detached"]


@contextmanager
def detached(signature: etree._Element) -> Iterator[None]:
    """Take a signature out of its parent; put it back where the block raises.

    The text behind the signature belongs to the document and stays in it.
    """
    parent = signature.getparent()
    if parent is None:
        raise RuntimeError("the signature is not inside a document")  # the gate has checked it
    index = parent.index(signature)
    tail = signature.tail
    before = parent[index - 1] if index else None
    text = before.tail if before is not None else parent.text
    signature.tail = None
    parent.remove(signature)
    _set_text(parent, before, (text or "") + (tail or "") or None)
    try:
        yield
    except BaseException:
        _set_text(parent, before, text)
        parent.insert(index, signature)
        signature.tail = tail
        raise


def _set_text(parent: etree._Element, before: etree._Element | None, text: str | None) -> None:
    if before is None:
        parent.text = text
    else:
        before.tail = text
