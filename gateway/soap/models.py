"""The channel's types for spyne, with the element names of the wire as member names.

They hold the 2017 and the 2022 contract: every member is optional here, and members of either are read. The
served contract, in `contract/`, is written by hand and not made from these.
"""

from typing import Any

from gateway.soap.names import CHANNEL, PULL
from gateway.soap.spyne_shim import Boolean, ComplexModel, Integer, Unicode, XmlAttribute

__all__ = [
    "AcceptDocumentRequest",
    "AcceptDocumentResponse",
    "Attachments",
    "ContentType",
    "Document",
    "EmailReplyList",
    "GetDocumentsRequest",
    "GetDocumentsResponse",
    "GetNextDocumentRequest",
    "GetNextDocumentResponse",
    "GetNextDocumentSiscRequest",
    "Result",
    "TargetSystems",
]

# spyne has no types of its own: its classes are Any to the type checker, here and in what is built from them.
_Model = Any


def _model(namespace: str, name: str, **members: _Model) -> _Model:
    return ComplexModel.produce(namespace, name, members)


def _many(model: _Model) -> _Model:
    return model.customize(max_occurs="unbounded")


def _texts(*names: str) -> dict[str, _Model]:
    return dict.fromkeys(names, Unicode)


def _of_channel(model: _Model) -> _Model:
    """A member whose element stands in the channel namespace although its parent does not."""
    return model.customize(sub_ns=CHANNEL)


# Reads and writes gateway.channel.Content directly, see the protocol: payloads are large.
ContentType = _model(CHANNEL, "contentType", data=Unicode)
Attachments = _model(CHANNEL, "attachmentsType", content=_many(ContentType))
TargetSystems = _model(CHANNEL, "targetSystemsType", system=_many(Unicode))
EmailReplyList = _model(CHANNEL, "emailReplyListType", email=_many(Unicode))
Document = _model(
    CHANNEL,
    "documentType",
    content=ContentType,
    **_texts("dispatchId", "caseId", "personSISC", "middleSISC", "endSISC"),
    attachments=Attachments,
    targetSystems=TargetSystems,
    emailReplyList=EmailReplyList,
)
Result = _model(CHANNEL, "resultType", sysRef=Unicode)

AcceptDocumentRequest = _model(PULL, "AcceptDocumentRequest", document=_of_channel(Document))
AcceptDocumentResponse = _model(PULL, "AcceptDocumentResponse", result=_of_channel(Result))

GetNextDocumentRequest = _model(PULL, "GetNextDocumentRequest", targetSystem=Unicode)
GetNextDocumentSiscRequest = _model(
    PULL,
    "GetNextDocumentSiscRequest",
    **_texts("idSiscROF", "idSiscROP", "idSiscP"),
    allEmployees=Boolean,
    targetSystem=Unicode,
)
GetNextDocumentResponse = _model(
    PULL, "GetNextDocumentResponse", hasNext=XmlAttribute(Boolean), document=_of_channel(Document)
)

GetDocumentsRequest = _model(
    PULL,
    "GetDocumentsRequest",
    **_texts("idSiscROF", "idSiscROP", "idSiscP"),
    **_texts("sysRef", "idWysylki", "idDocSysZew", "idSprawy", "pobrany"),
    **_texts("dataOd", "dataDo", "korelacjaSysref"),
    allEmployees=Boolean,
    targetSystem=Unicode,
)
GetDocumentsResponse = _model(
    PULL, "GetDocumentsResponse", documentsCount=Integer, document=_many(_of_channel(Document))
)
