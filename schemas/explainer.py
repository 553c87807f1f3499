"""The second validator: what xmlschema finds in a document that libxml2 has refused.

Apart from `schemas.validation`, which imports it for the first refused document: xmlschema takes a fifth of a
second to import and good documents do without.
"""

import logging
from collections.abc import Sequence
from itertools import islice
from threading import Lock

import xmlschema
from lxml import etree
from xmlschema import XMLSchemaException

from schemas.brief import Refusal
from schemas.compiling import compile_slow
from schemas.errors import CatalogueError
from schemas.explanation import Explanation, explain, explain_briefly
from schemas.model import MessageType

__all__ = ["Explainer"]

_MAX_COUNTED = 10_000  # errors of one document that are looked at; its total says no more than this
_LOGGER = logging.getLogger(__name__)


class Explainer:
    """Explains refusals by one schema. It is compiled when first needed (up to a second).

    Args:
        message_type: whose schema.
        files: the schema and all it includes, as parsed.
    """

    def __init__(self, message_type: MessageType, files: Sequence[etree._ElementTree]) -> None:
        self._type = message_type
        self._files = files
        self._lock = Lock()  # xmlschema validates one document at a time
        self._compiled: xmlschema.XMLSchemaBase | None = None
        self._failure: CatalogueError | None = None

    def explain(self, root: etree._Element, content: bytes | None = None) -> Explanation:
        """What xmlschema finds; nothing where it finds nothing or cannot read the document.

        Args:
            root: the document element.
            content: the text of the document, for columns.
        """
        try:
            return self._explanation(root, content)
        except (XMLSchemaException, CatalogueError):  # e.g. an xsi:type that names no type
            # the caller falls back on the words of libxml2 and reports
            _LOGGER.debug("no explanation for %s", self._type.code, exc_info=True)
            return Explanation()

    def judge(self, root: etree._Element, content: bytes | None = None) -> Explanation:
        """What is wrong with a document whose schema only xmlschema understands; nothing: it is valid.

        Args:
            root: the document element.
            content: the text of the document, for columns.

        Raises:
            CatalogueError: the schema cannot be used.
        """
        try:
            return self._explanation(root, content)
        except XMLSchemaException as error:
            return self.explain_briefly(root, [Refusal(path=None, kind="", message=str(error))])

    def warm_up(self) -> None:
        """Compile the schema.

        Raises:
            CatalogueError: it cannot be used.
        """
        with self._lock:
            self._schema()

    def _explanation(self, root: etree._Element, content: bytes | None) -> Explanation:
        with self._lock:
            return explain(islice(self._schema().iter_errors(root), _MAX_COUNTED), content)

    def explain_briefly(
        self, root: etree._Element, refusals: Sequence[Refusal], content: bytes | None = None
    ) -> Explanation:
        """Findings made of what libxml2 says."""
        return explain_briefly(root, refusals, content)

    def _schema(self) -> xmlschema.XMLSchemaBase:
        if self._failure is not None:
            raise self._failure
        if self._compiled is None:
            try:
                self._compiled = compile_slow(self._files, self._type.folder / self._type.schema)
            except CatalogueError as error:
                self._failure = error  # it takes long, and would fail again
                raise
        return self._compiled
