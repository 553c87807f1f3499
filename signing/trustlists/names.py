"""XML names and identifiers of ETSI TS 119 612."""

from typing import Final

__all__ = [
    "CA_QC",
    "EU_GENERIC",
    "EU_LIST_OF_LISTS",
    "FOR_SEALS",
    "FOR_SIGNATURES",
    "FOR_WEBSITES",
    "LISTS_MEDIA_TYPE",
    "SERVICE_INFORMATION",
    "SIE",
    "TSL",
    "TSLX",
    "TSL_TAG",
    "sie",
    "tsl",
    "tslx",
]

TSL: Final = "http://uri.etsi.org/02231/v2#"
TSLX: Final = "http://uri.etsi.org/02231/v2/additionaltypes#"
SIE: Final = "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"

TSL_TAG: Final = "http://uri.etsi.org/19612/TSLTag"
EU_GENERIC: Final = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
EU_LIST_OF_LISTS: Final = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
LISTS_MEDIA_TYPE: Final = "application/vnd.etsi.tsl+xml"
CA_QC: Final = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"

SERVICE_INFORMATION: Final = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
FOR_SIGNATURES: Final = f"{SERVICE_INFORMATION}ForeSignatures"
FOR_SEALS: Final = f"{SERVICE_INFORMATION}ForeSeals"
FOR_WEBSITES: Final = f"{SERVICE_INFORMATION}ForWebSiteAuthentication"


def tsl(name: str) -> str:
    """The name in the namespace of the lists, in lxml's notation."""
    return f"{{{TSL}}}{name}"


def tslx(name: str) -> str:
    """The name in the namespace of additional types, in lxml's notation."""
    return f"{{{TSLX}}}{name}"


def sie(name: str) -> str:
    """The name in the namespace of service information extensions, in lxml's notation."""
    return f"{{{SIE}}}{name}"
