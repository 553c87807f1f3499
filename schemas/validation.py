"""Validating documents: libxml2 gives the verdict, xmlschema explains a refusal."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from schemas.brief import Refusal, quotable
from schemas.catalogue import Catalogue
from schemas.compiling import Engine, compile_fast
from schemas.files import declares_signature, load_schema
from schemas.model import Direction, MessageType, SchemaReport

if TYPE_CHECKING:
    from schemas.explainer import Explainer
    from schemas.explanation import Explanation

__all__ = ["Validator", "log_disagreement"]

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_VALID = SchemaReport(valid=True)
_LOGGER = logging.getLogger(__name__)

#: Called where xmlschema does not find what libxml2 refused: with the type and what libxml2 said.
DisagreementHook = Callable[[MessageType, str], None]


def log_disagreement(message_type: MessageType, verdict: str) -> None:
    """The hook that is used unless another is given: a warning in the log."""
    _LOGGER.warning("validators disagree on %s: %s", message_type.code, verdict)


class Validator:
    """Validates documents against the schemas of a catalogue; one instance serves all threads.

    A schema is compiled when it is first needed: libxml2's form once for each thread that uses it at the same
    moment (about 10 ms), xmlschema's form once, when the first document is refused (up to a second).

    Args:
        catalogue: the types ``warm_up`` prepares.
        on_disagreement: told when the two validators differ; the verdict of libxml2 counts.
    """

    def __init__(self, catalogue: Catalogue, *, on_disagreement: DisagreementHook = log_disagreement) -> None:
        self._catalogue = catalogue
        self._on_disagreement = on_disagreement
        self._schemas: dict[tuple[str, Path], _Schema] = {}

    def validate(
        self,
        root: etree._Element,
        message_type: MessageType,
        *,
        signature: etree._Element | None = None,
        content: bytes | None = None,
    ) -> SchemaReport:
        """Tell whether a document is valid and, if not, every reason.

        Where the schema declares no signature, the document is validated as if its signature were not there.
        The tree is the same afterwards, to the last namespace declaration.

        Args:
            root: the document element; no other thread may use its tree meanwhile.
            message_type: the type the document was recognised as.
            signature: the signature as already located; without it a ``ds:Signature`` child of the root.
            content: the text the tree was parsed from, for columns; without it findings have none.

        Raises:
            CatalogueError: the schema of the type cannot be used.
        """
        schema = self._schema(message_type)
        found = next(root.iterchildren(_SIGNATURE), None) if signature is None else signature
        if found is None or schema.declares_signature:
            return self._report(root, schema, content)
        with _without(root, found) as unsigned:
            return self._report(unsigned, schema, content)

    def warm_up(self) -> None:
        """Compile the schemas of all types declarants send, for the idle time of a worker.

        The second validator, which explains, takes a hundred times longer and is left to the first document
        of its type that is refused.

        Raises:
            CatalogueError: one of them cannot be used.
        """
        for one in self._catalogue.types():
            if one.direction is Direction.INBOUND:
                self._schema(one).warm_up()

    def _schema(self, message_type: MessageType) -> "_Schema":
        key = (message_type.schema, message_type.folder)
        known = self._schemas.get(key)
        return known or self._schemas.setdefault(key, _Schema(message_type))

    def _report(self, root: etree._Element, schema: "_Schema", content: bytes | None) -> SchemaReport:
        if schema.engine is Engine.XMLSCHEMA:
            return _reported(schema.explainer.judge(root, content))
        errors = schema.errors(root)
        if not errors:
            return _VALID
        explanation = schema.explainer.explain(root, content)
        if not explanation.total:
            self._on_disagreement(schema.message_type, quotable(errors[0].message))
            explanation = schema.explainer.explain_briefly(root, errors, content)
        return _reported(explanation)


def _reported(explanation: "Explanation") -> SchemaReport:
    if not explanation.total:
        return _VALID
    return SchemaReport(valid=False, findings=explanation.findings, total=explanation.total)


class _Schema:
    """The compiled forms of one schema."""

    def __init__(self, message_type: MessageType) -> None:
        self.message_type = message_type
        self._explainer: Explainer | None = None
        self._making = Lock()
        self._files = load_schema(message_type.folder, message_type.schema)
        self.declares_signature = declares_signature(self._files)
        first = compile_fast(self._files)
        self.engine = Engine.XMLSCHEMA if first is None else Engine.LIBXML2
        self._idle = deque(() if first is None else (first,))  # lxml keeps the errors of a run in the object

    def warm_up(self) -> None:
        """Compile the form that tells good from bad."""
        if self.engine is Engine.XMLSCHEMA:
            self.explainer.warm_up()

    @property
    def explainer(self) -> "Explainer":
        """The second validator; one for all threads, since its schema is slow to compile."""
        from schemas.explainer import Explainer  # noqa: PLC0415 - slow to import, see there

        with self._making:
            if self._explainer is None:
                self._explainer = Explainer(self.message_type, self._files)
            return self._explainer

    def errors(self, root: etree._Element) -> list[Refusal]:
        """What libxml2 finds; nothing: the document is valid."""
        try:
            compiled = self._idle.pop()
        except IndexError:
            compiled = etree.XMLSchema(self._files[0])  # compiled before
        try:
            if compiled.validate(root):
                return []
            log = cast("Iterable[Any]", compiled.error_log)
            return [Refusal(path=one.path, kind=one.type_name, message=one.message) for one in log]
        finally:
            self._idle.append(compiled)


@contextmanager
def _without(root: etree._Element, signature: etree._Element) -> Iterator[etree._Element]:
    """The document as if the signature were not in it."""
    parent = signature.getparent()
    if parent is None or not _survives_moving(parent, signature):
        yield _copy_without(root, signature)
        return
    place = parent.index(signature)
    parent.remove(signature)
    try:
        yield root
    finally:
        parent.insert(place, signature)


def _survives_moving(parent: etree._Element, signature: etree._Element) -> bool:
    """Whether lxml takes the signature out and puts it back without changing it.

    Moving an element, lxml drops each namespace declaration in it that repeats one of an ancestor and takes
    over the prefix of that one: canonical form and digests would change. Such a signature must not be moved.
    """
    events = etree.iterwalk(signature, events=("start-ns",))
    namespaces = [*parent.nsmap.values(), *(namespace for _, (_, namespace) in events)]
    return len(set(namespaces)) == len(namespaces)


def _copy_without(root: etree._Element, signature: etree._Element) -> etree._Element:
    steps = _steps(root, signature)
    copied = deepcopy(root)
    found = copied
    for step in steps:
        found = found[step]
    parent = found.getparent()
    if parent is not None:
        parent.remove(found)
    return copied


def _steps(root: etree._Element, element: etree._Element) -> list[int]:
    steps: list[int] = []
    while element is not root:
        parent = element.getparent()
        if parent is None:
            break
        steps.insert(0, parent.index(element))
        element = parent
    return steps
