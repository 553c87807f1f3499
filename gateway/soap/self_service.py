"""The self-service as a web service, code first: its WSDL is made from what stands here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints
from wsgiref.types import WSGIEnvironment

from lxml import etree

from gateway.channel import Caller
from gateway.self_service import model
from gateway.self_service.service import SelfService
from gateway.soap.contract import Contract
from gateway.soap.envelope import new_envelope, serialise
from gateway.soap.errors import RequestError
from gateway.soap.names import SELF_SERVICE, SELF_SERVICE_PATH, Operation
from gateway.soap.spyne_shim import (
    Application,
    Boolean,
    ComplexModel,
    Date,
    DateTime,
    Fault,
    Integer,
    MethodContext,
    ServerBase,
    Service,
    Soap11,
    Unicode,
    Wsdl11,
    rpc,
)

__all__ = ["SelfServicePort"]

# spyne's contexts and classes are Any to the type checker.
_Context = Any
_Model = Any
_Values = dict[str, Any]  # an answer by element names

_PLAIN: Final[dict[object, _Model]] = {
    bool: Boolean,
    int: Integer,
    str: Unicode,
    date: Date,
    datetime: DateTime,
}
_LONGEST: Final = 500  # characters of anything a client writes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """What an operation needs besides its request."""

    service: SelfService
    caller: Caller


def _camel(name: str) -> str:
    """id_sisc → idSISC, valid_to → validTo."""
    first, *rest = name.split("_")
    return first + "".join("SISC" if word == "sisc" else word.capitalize() for word in rest)


def _described(kind: type) -> _Model:
    """A value's class as a type of the contract."""
    hints = get_type_hints(kind)
    members = {_camel(field.name): _member(hints[field.name]) for field in fields(kind)}
    return ComplexModel.produce(SELF_SERVICE, kind.__name__, members)


def _member(hint: Any) -> _Model:  # noqa: ANN401 - an annotation, of whatever form
    if get_origin(hint) is UnionType:
        (inner,) = (kind for kind in get_args(hint) if kind is not NoneType)
        return _PLAIN[inner].customize(min_occurs=0, nillable=False)
    if get_origin(hint) is Sequence:
        (inner,) = get_args(hint)
        found = _PLAIN[inner] if inner in _PLAIN else _described(inner)
        return found.customize(min_occurs=0, max_occurs="unbounded", nillable=False)
    return _PLAIN[hint].customize(min_occurs=1, nillable=False)


def _page(name: str, item: type) -> _Model:
    """Several items; `next` is given where there may be more."""
    members = {
        "count": Integer(min_occurs=1, nillable=False),  # an empty element is nothing to many clients
        name: _described(item).customize(min_occurs=0, max_occurs="unbounded", nillable=False),
        "next": Unicode(min_occurs=0, nillable=False),
    }
    return ComplexModel.produce(SELF_SERVICE, f"{name.capitalize()}Page", members)


def _written(value: Any) -> Any:  # noqa: ANN401 - any value of the model
    """A value by element names; what is absent is left out."""
    if is_dataclass(value):
        told = ((_camel(field.name), getattr(value, field.name)) for field in fields(value))
        return {name: _written(each) for name, each in told if each is not None}
    if isinstance(value, (list, tuple)):
        return [_written(each) for each in value]
    return value


def _values(value: object) -> _Values:
    """A value of the model by element names."""
    written: _Values = _written(value)
    return written


def _items(name: str, page: model.Page) -> _Values:
    written = [_written(item) for item in page.items]
    return {"count": len(written), name: written} | ({"next": page.next} if page.next else {})


_Account = _described(model.MyAccount)
_After = Unicode(min_occurs=0, nillable=False, max_len=_LONGEST)
_Word = Unicode(min_occurs=1, nillable=False, max_len=_LONGEST)
_Yes = Boolean(min_occurs=1, nillable=False)
_Note = Unicode(min_occurs=0, nillable=False, max_len=_LONGEST)


def _operation(*parameters: _Model, returns: _Model) -> Callable[[Callable[..., Any]], Any]:
    """Declare an operation of the port."""
    decorate: Callable[[Callable[..., Any]], Any] = rpc(
        *parameters, _returns=returns, _port_type="RegistryPort"
    )
    return decorate


class _Operations(Service):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """The self-service as spyne sees it. The context's `udc` is the _Call."""

    __service_name__ = "RegistryService"
    __port_types__ = ("RegistryPort",)

    @_operation(returns=_Account)
    def GetAccount(ctx: _Context) -> _Values:  # noqa: N802, N805 - spyne passes its context
        """The account that asks, its level, and the person registered behind it."""
        call: _Call = ctx.udc
        return _values(call.service.account(call.caller))

    @_operation(_After, returns=_page("link", model.LinkView))
    def ListLinks(ctx: _Context, after: str | None) -> _Values:  # noqa: N802, N805 - as above
        """The person's own links (first links), those over and those to come too."""
        call: _Call = ctx.udc
        return _items("link", call.service.links(call.caller, after))

    @_operation(_After, returns=_page("entity", model.EntityView))
    def ListEntities(ctx: _Context, after: str | None) -> _Values:  # noqa: N802, N805 - as above
        """Entities the person is linked to or owns, with their numbers."""
        call: _Call = ctx.udc
        return _items("entity", call.service.entities(call.caller, after))

    @_operation(_After, returns=_page("right", model.Right))
    def ListRights(ctx: _Context, after: str | None) -> _Values:  # noqa: N802, N805 - as above
        """For whom and where the person may act now: as owner, by first and by second links."""
        call: _Call = ctx.udc
        return _items("right", call.service.rights(call.caller, after))

    @_operation(returns=_page("certificate", model.Certificate))
    def ListCertificates(ctx: _Context) -> _Values:  # noqa: N802, N805 - as above
        """The person's SC certificates and CBTD keys, with their expiry."""
        call: _Call = ctx.udc
        return _items("certificate", call.service.certificates(call.caller))

    @_operation(returns=_page("request", model.HelpRequest))
    def ListRequests(ctx: _Context) -> _Values:  # noqa: N802, N805 - as above
        """The account's newest requests to the help desk."""
        call: _Call = ctx.udc
        return _items("request", call.service.requests(call.caller))

    @_operation(_Word, returns=_Account)
    def LinkAccount(ctx: _Context, oneTimePassword: str) -> _Values:  # noqa: N802, N803, N805 - as above
        """Link the account to its record from PDR, with a one-time password of the help desk."""
        call: _Call = ctx.udc
        return _values(call.service.link(call.caller, oneTimePassword))

    @_operation(_Word, _Yes, _Note, returns=_Word)
    def ReviewLink(ctx: _Context, link: str, correct: bool, note: str | None) -> str:  # noqa: FBT001, N802, N805 - as above
        """Confirm a link that came from PDR; or dispute it with a note, for the help desk to look into it."""
        call: _Call = ctx.udc
        return call.service.review(call.caller, link, correct=correct, note=note)


class _Protocol(Soap11):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """SOAP 1.1 from a tree that is parsed already, held to the very schema that is served."""

    def __init__(self) -> None:
        super().__init__(validator="lxml", parse_xsi_type=False)

    def decompose_incoming_envelope(self, ctx: _Context, message: str = Soap11.REQUEST) -> None:
        """Dispatch by the request element, whatever SOAPAction says."""
        ctx.in_body_doc, ctx.in_header_doc = ctx.in_document, None
        ctx.method_request_string = ctx.in_body_doc.tag
        self.validate_body(ctx, message)


class SelfServicePort(ServerBase):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """Implements `gateway.soap.port.Port`; WS-Addressing is answered where a client uses it."""

    transport = "http://schemas.xmlsoap.org/soap/http"  # as the WSDL names it
    path = SELF_SERVICE_PATH
    addressing = False

    def __init__(self, service: SelfService, *, public_url: str | None) -> None:
        super().__init__(
            Application(
                [_Operations],
                SELF_SERVICE,
                "RegistryService",
                in_protocol=_Protocol(),
                out_protocol=Soap11(xml_declaration=False),
            )
        )
        self._service = service
        self._operations = {
            f"{{{SELF_SERVICE}}}{name}": Operation(name=name, port=f"{SELF_SERVICE}/RegistryPort")
            for name in _Operations.public_methods
        }
        document = Wsdl11(self.app.interface)
        document.build_interface_document(SELF_SERVICE_PATH)
        self._contract = Contract(document.get_interface_document(), public_url)

    def operation(self, tag: str) -> Operation | None:
        """See Port."""
        return self._operations.get(tag)

    def contract(self, environ: WSGIEnvironment) -> bytes:
        """See Port."""
        return self._contract.find(environ)

    def run(self, payload: etree._Element, caller: Caller, headers: tuple[etree._Element, ...]) -> bytes:
        """See Port."""
        if payload.tag not in self._operations:
            known = ", ".join(operation.name for operation in self._operations.values())
            raise RequestError(
                f"The request element {payload.tag} is none of this service: {known} in {SELF_SERVICE}"
            )
        ctx = self._read(payload, _Call(service=self._service, caller=caller))
        names = ctx.descriptor.in_message.get_flat_type_info(ctx.descriptor.in_message)
        ctx.out_object = [ctx.function(ctx, *(getattr(ctx.in_object, name) for name in names))]
        self.app.out_protocol.serialize(ctx, self.app.out_protocol.RESPONSE)
        envelope, body = new_envelope(*headers)
        body.append(ctx.out_body_doc[0])
        return serialise(envelope)

    def _read(self, payload: etree._Element, call: _Call) -> _Context:
        ctx = MethodContext(self, MethodContext.SERVER)
        ctx.in_document, ctx.udc = payload, call
        protocol = self.app.in_protocol
        try:
            protocol.decompose_incoming_envelope(ctx)
            (found,) = protocol.generate_method_contexts(ctx)
            protocol.deserialize(found, protocol.REQUEST)
        except Fault as fault:
            raise RequestError(f"The request does not fit the contract: {_reason(fault)}") from fault
        return found


def _reason(fault: _Model) -> str:
    """The validator's words without its codes."""
    return str(fault.faultstring).rpartition("ERROR:")[2].partition(": ")[2].rstrip("\"'")
