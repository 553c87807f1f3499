"""Who appears in examples, samples and the sandbox; the numbers are right and belong to nobody here."""

from dataclasses import dataclass
from typing import Final

__all__ = ["ENTITY_EORI", "ENTITY_EXCISE", "ENTITY_NAME", "ENTITY_NIP", "STRANGER", "TESTER", "Signer"]

#: The firm that the examples are written for.
ENTITY_NAME: Final = "Przykładowa Firma Handlowa sp. z o.o."
ENTITY_NIP: Final = "5260213089"
ENTITY_EORI: Final = f"PL{ENTITY_NIP}00000"
ENTITY_EXCISE: Final = f"PL{ENTITY_NIP}0"
_SYSTEMS: Final = frozenset({"NCTS2", "AES", "AIS", "EMCSPL2", "SZPROT"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """A person to be enrolled with account, certificate and key file."""

    login: str
    given_names: str
    surname: str
    pesel: str
    systems: frozenset[str]  # in which the person may act for the sandbox's firm


#: The test account, and one without any right, to see that refused.
TESTER: Final = Signer(
    login="tester@sandbox.example",
    given_names="Teresa",
    surname="Testowa",
    pesel="80010112340",
    systems=_SYSTEMS,
)
STRANGER: Final = Signer(
    login="stranger@sandbox.example",
    given_names="Stefan",
    surname="Obcy",
    pesel="80010112333",
    systems=frozenset(),
)
