"""spyne's SOAP 1.1 protocol, bent to the channel.

Reading starts from a tree that is parsed already and is tolerant: elements are found by local name, unknown
ones and foreign attributes are skipped, xsi:type is ignored. Values are plain dicts by element name. Writing
gives the channel's exact shape: prefix ns2 for the message, no prefix below it.
"""

from typing import Any

from lxml import etree

from gateway.channel import Content
from gateway.soap.content import write_content
from gateway.soap.envelope import local_name, new_envelope, serialise
from gateway.soap.errors import RequestError
from gateway.soap.models import ContentType
from gateway.soap.names import CHANNEL, PULL
from gateway.soap.spyne_shim import Boolean, Soap11, Unicode

__all__ = ["ChannelProtocol"]

_MESSAGE_NAMESPACES: Any = {None: CHANNEL, "ns2": PULL}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": None}

# spyne's contexts and classes are Any to the type checker.
_Context = Any
_Model = Any


class ChannelProtocol(Soap11):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """Reads request trees into dicts and writes dicts as answer envelopes."""

    def __init__(self) -> None:
        super().__init__(xml_declaration=False, parse_xsi_type=False)
        # Before the first look-up: spyne remembers what it found.
        self.deserialization_handlers.update(
            {
                Unicode: self.text_from_element,
                Boolean: self.boolean_from_element,
                ContentType: self.content_from_element,
            }
        )
        self.serialization_handlers[ContentType] = self.content_to_parent

    def decompose_incoming_envelope(self, ctx: _Context, _message: str = Soap11.REQUEST) -> None:
        """Dispatch by the request element, whatever SOAPAction and wsa:Action say."""
        ctx.in_body_doc = ctx.in_document
        ctx.method_request_string = ctx.in_body_doc.tag

    def deserialize(self, ctx: _Context, message: str) -> None:
        """Read the request element with the type of the operation found."""
        assert message is self.REQUEST  # noqa: S101 - spyne's contract: this protocol only serves
        ctx.in_object = self.from_element(ctx, ctx.descriptor.in_message, ctx.in_body_doc)

    def serialize(self, ctx: _Context, _message: str) -> None:
        """Write the operation's answer under the headers prepared in `ctx.out_header`."""
        model = ctx.descriptor.out_message
        envelope, body = new_envelope(*ctx.out_header)
        tag = f"{{{PULL}}}{model.Attributes.sub_name}"
        answer = etree.SubElement(body, tag, nsmap=_MESSAGE_NAMESPACES)
        self._get_members_etree(ctx, model, model.get_serialization_instance(ctx.out_object[0]), answer)
        ctx.out_document = envelope

    def create_out_string(self, ctx: _Context, _charset: str | None = None) -> None:
        """The answer's bytes."""
        ctx.out_string = [serialise(ctx.out_document)]

    def complex_from_element(self, ctx: _Context, model: _Model, element: etree._Element) -> dict[str, Any]:
        """The known children by local name; those that may repeat as lists.

        Raises:
            RequestError: an element occurs twice that may occur once: to drop one could lose a document.
        """
        values: dict[str, Any] = {}
        for child in element.iterchildren("*"):
            name = local_name(child)
            member = model._type_info.get(name)  # noqa: SLF001 - spyne's documented way to a model's members
            if member is None:
                continue
            value = self.from_element(ctx, member, child)
            if member.Attributes.max_occurs > 1:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise RequestError(f"The element {name} may occur only once in {local_name(element)}")
            else:
                values[name] = value
        return values

    def text_from_element(self, _ctx: _Context, _model: _Model, element: etree._Element) -> str | None:
        """The text without white space around it; None where nothing is left."""
        return (element.text or "").strip() or None

    def boolean_from_element(self, _ctx: _Context, _model: _Model, element: etree._Element) -> bool | None:
        """An xs:boolean; None where the element is empty.

        Raises:
            RequestError: another text.
        """
        text = (element.text or "").strip()
        if text not in _BOOLEANS:
            raise RequestError(f"The element {local_name(element)} must be true or false, not '{text[:20]}'")
        return _BOOLEANS[text]

    def content_from_element(self, ctx: _Context, _model: _Model, element: etree._Element) -> Content:
        """A payload, through the reader of the call, which keeps account of sizes."""
        content: Content = ctx.udc.contents.read(element)
        return content

    def content_to_parent(
        self,
        _ctx: _Context,
        _model: _Model,
        content: Content,
        parent: etree._Element,
        namespace: str,
        name: str,
        **_: object,
    ) -> None:
        """A payload in base64."""
        write_content(parent, f"{{{namespace}}}{name}", content)
