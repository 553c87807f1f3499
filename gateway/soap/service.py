"""The four operations: between the channel's types and the flow's values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.channel import (
    Caller,
    ChannelService,
    Content,
    ContextFilter,
    DocumentsQuery,
    MailboxDocument,
    NextDocument,
    Submission,
)
from gateway.errors import TechnicalError
from gateway.soap import models
from gateway.soap.content import ContentReader, unprocessable
from gateway.soap.errors import RequestError
from gateway.soap.names import OPERATIONS, PULL
from gateway.soap.protocol import ChannelProtocol
from gateway.soap.spyne_shim import Application, MethodContext, ServerBase, Service, rpc

__all__ = ["Call", "OperationServer"]

_TO_CLIENTS = "PODMIOT"  # the target system of documents that the channel sends to clients

# Element of GetDocumentsRequest → field of DocumentsQuery.
_QUERY_FIELDS = {
    "sysRef": "sys_ref",
    "idWysylki": "dispatch_id",
    "idDocSysZew": "own_id",
    "idSprawy": "case_id",
    "pobrany": "collected",
    "dataOd": "date_from",
    "dataDo": "date_to",
    "korelacjaSysref": "correlation_sys_ref",
    "targetSystem": "target_system",
}

# spyne's contexts and classes are Any to the type checker.
_Context = Any
_Model = Any

_Values = dict[str, Any]  # a request or an answer by element names, as the protocol reads and writes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What an operation needs besides its request."""

    service: ChannelService
    caller: Caller
    contents: ContentReader
    max_attachments: int


def _operation(request: _Model, response: _Model) -> Callable[[Callable[..., _Values]], Any]:
    """Declare an operation with bare messages, named like the elements of the contract."""
    decorate: Callable[[Callable[..., _Values]], Any] = rpc(
        request,
        _returns=response,
        _body_style="bare",
        _in_message_name=f"{{{PULL}}}{request.get_type_name()}",
        _out_message_name=f"{{{PULL}}}{response.get_type_name()}",
    )
    return decorate


class _Operations(Service):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """WS_PULL as spyne sees it. The context's `udc` is the Call."""

    @_operation(models.AcceptDocumentRequest, models.AcceptDocumentResponse)
    def AcceptDocument(ctx: _Context, request: _Values) -> _Values:  # noqa: N802, N805 - spyne passes its context
        call: Call = ctx.udc
        sys_ref = call.service.accept_document(call.caller, _submission(request, call.max_attachments))
        return {"result": {"sysRef": sys_ref}}

    @_operation(models.GetNextDocumentRequest, models.GetNextDocumentResponse)
    def GetNextDocument(ctx: _Context, request: _Values) -> _Values:  # noqa: N802, N805 - spyne passes its context
        call: Call = ctx.udc
        return _next(call.service.get_next_document(call.caller, request.get("targetSystem")))

    @_operation(models.GetNextDocumentSiscRequest, models.GetNextDocumentResponse)
    def GetNextDocumentSisc(ctx: _Context, request: _Values) -> _Values:  # noqa: N802, N805 - spyne passes its context
        call: Call = ctx.udc
        return _next(
            call.service.get_next_document_sisc(call.caller, _context(request), request.get("targetSystem"))
        )

    @_operation(models.GetDocumentsRequest, models.GetDocumentsResponse)
    def GetDocuments(ctx: _Context, request: _Values) -> _Values:  # noqa: N802, N805 - spyne passes its context
        call: Call = ctx.udc
        page = call.service.get_documents(call.caller, _query(request))
        return {"documentsCount": page.count, "document": [_document(found) for found in page.documents]}


class OperationServer(ServerBase):  # type: ignore[misc,no-any-unimported] # spyne has no types
    """Runs one operation on a request tree; errors of the operation come out as they are."""

    transport = "sisc:wsgi"

    def __init__(self) -> None:
        super().__init__(
            Application(
                [_Operations], PULL, "WS_PULL", in_protocol=ChannelProtocol(), out_protocol=ChannelProtocol()
            )
        )

    def run(self, payload: etree._Element, call: Call, headers: tuple[etree._Element, ...]) -> bytes:
        """Read the request, call the service, write the answer.

        Args:
            payload: the request element.
            call: service, caller and limits.
            headers: header entries of the answer.

        Raises:
            RequestError: no such operation, or a request that cannot be read.
            GatewayError: whatever the service raises.
        """
        if payload.tag not in OPERATIONS:
            known = ", ".join(operation.name for operation in OPERATIONS.values())
            raise RequestError(
                f"The request element {payload.tag} is none of this service: {known} in {PULL}"
            )
        ctx = self._context(payload, call, headers)
        self.app.in_protocol.deserialize(ctx, self.app.in_protocol.REQUEST)
        ctx.out_object = [ctx.function(ctx, ctx.in_object)]
        self.app.out_protocol.serialize(ctx, self.app.out_protocol.RESPONSE)
        self.app.out_protocol.create_out_string(ctx)
        answer: bytes = ctx.out_string[0]
        return answer

    def _context(self, payload: etree._Element, call: Call, headers: tuple[etree._Element, ...]) -> _Context:
        ctx = MethodContext(self, MethodContext.SERVER)
        ctx.in_document, ctx.udc, ctx.out_header = payload, call, headers
        self.app.in_protocol.decompose_incoming_envelope(ctx)
        (found,) = self.app.in_protocol.generate_method_contexts(ctx)
        return found


def _submission(request: _Values, max_attachments: int) -> Submission:
    document = request.get("document") or {}
    content = document.get("content")
    if content is None:
        raise unprocessable("The request has no document content.")
    attachments = tuple((document.get("attachments") or {}).get("content", ()))
    if len(attachments) > max_attachments:
        raise TechnicalError(
            code="E001",
            description=f"At most {max_attachments} attachment(s) to a document, not {len(attachments)}.",
        )
    return Submission(
        content=content,
        attachments=attachments,
        target_systems=_texts(document.get("targetSystems"), "system"),
        reply_emails=_texts(document.get("emailReplyList"), "email"),
    )


def _texts(values: _Values | None, name: str) -> tuple[str, ...]:
    return tuple(text for text in (values or {}).get(name, ()) if text)


def _context(request: _Values) -> ContextFilter:
    return ContextFilter(
        person=request.get("idSiscROF"),
        middle=request.get("idSiscROP"),
        end=request.get("idSiscP"),
        all_employees=bool(request.get("allEmployees")),
    )


def _query(request: _Values) -> DocumentsQuery:
    fields = {field: request.get(element) for element, field in _QUERY_FIELDS.items()}
    return DocumentsQuery(context=_context(request), **fields)


def _next(found: NextDocument) -> _Values:
    document = found.document
    return {"hasNext": found.has_next, "document": None if document is None else _document(document)}


def _document(document: MailboxDocument) -> _Values:
    content: Content = document.content
    return {
        "content": content,
        "dispatchId": document.dispatch_id,
        "caseId": document.case_id,
        "personSISC": document.person,
        "middleSISC": document.middle,
        "endSISC": document.end,
        "targetSystems": {"system": [_TO_CLIENTS]},
    }
