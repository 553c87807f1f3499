"""PDR records from XML, by a parser that builds no tree; a DOCTYPE is refused where it begins.

<pdr xmlns="urn:sisc-gateway:pdr:1"> <person id="…"> <surname>…</surname> … </person> … </pdr>
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from registry.pdr.records import LARGEST_RECORD, SEVERAL, PdrFileError, PdrRecord

__all__ = ["NAMESPACE", "read_xml"]

NAMESPACE = "urn:sisc-gateway:pdr:1"
_CHUNK = 64 * 1024  # bytes
_RECORD, _FIELD = 2, 3  # how deep elements stand


def read_xml(file: BinaryIO) -> Iterator[PdrRecord]:
    """The records of an XML file.

    Raises:
        PdrFileError: not XML in UTF-8, with a DOCTYPE, of another shape, or a record without end.
    """
    reader = _Reader()
    last = False
    while not last:
        chunk = file.read(_CHUNK)
        last = not chunk
        try:
            reader.feed(chunk, last=last)
        finally:  # what stands before an error counts
            yield from reader.taken()


class _Reader:
    """Turns events of the parser into records."""

    def __init__(self) -> None:
        self._depth = 0
        self._records: list[PdrRecord] = []
        self._since_record = 0  # bytes
        self._line = 0
        self._kind = ""
        self._fields: dict[str, str] = {}
        self._text: list[str] = []
        self._parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Read on; raises PdrFileError."""
        self._since_record += len(chunk)
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise PdrFileError(
                line=error.lineno, reason=f"not XML: {expat.ErrorString(error.code)}"
            ) from error
        if self._since_record > LARGEST_RECORD + _CHUNK:
            raise self._refusal(f"a record has more than {LARGEST_RECORD} bytes")

    def taken(self) -> Iterator[PdrRecord]:
        """The records read since the last time."""
        records, self._records = self._records, []
        yield from records

    def _refusal(self, reason: str) -> PdrFileError:
        return PdrFileError(line=self._parser.CurrentLineNumber, reason=reason)

    def _doctype(self, *_declaration: object) -> None:
        raise self._refusal("a document type declaration is not allowed")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        local = self._local_name(name)
        if self._depth == 1 and local != "pdr":
            raise self._refusal(f"the document element must be pdr in {NAMESPACE}")
        if self._depth == _RECORD:
            self._line, self._kind = self._parser.CurrentLineNumber, local
            self._fields = {key: value.strip() for key, value in attributes.items() if value.strip()}
        if self._depth > _FIELD:
            raise self._refusal(f"{local}: elements stand at most {_FIELD} deep")
        if attributes and self._depth != _RECORD:
            raise self._refusal(f"{local}: only records have attributes")
        self._text = []

    def _end(self, name: str) -> None:
        if self._depth == _FIELD:
            self._keep(self._local_name(name), "".join(self._text).strip())
        elif self._depth == _RECORD:
            self._records.append(PdrRecord(line=self._line, kind=self._kind, fields=self._fields))
            self._since_record = 0
        self._depth -= 1

    def _keep(self, name: str, text: str) -> None:
        if name in self._fields and name not in SEVERAL:
            raise self._refusal(f"{name} is given twice")
        if text:
            self._fields[name] = f"{self._fields[name]} {text}" if name in self._fields else text

    def _characters(self, text: str) -> None:
        if self._depth == _FIELD:
            self._text.append(text)
        elif text.strip():
            raise self._refusal("text where only elements are expected")

    def _local_name(self, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE:
            raise self._refusal(f"the element {local} is not in {NAMESPACE}")
        return local
