"""Made-up PDR records with right check digits, as many as wanted, written as CSV."""

from collections.abc import Iterator
from pathlib import Path

from registry.numbers import NIP_WEIGHTS, PESEL_WEIGHTS

__all__ = ["nip", "pesel", "write_pdr"]

_HEADER = "record,id,pesel,given_names,surname,name,nip,eori,representative,represented,systems,valid_to"
_FIRMS_A_PERSON = 4


def pesel(number: int) -> str:
    """A PESEL for each number below 28 million: born 1940 to 1994, on the 1st to 28th."""
    days, serial = divmod(number, 10_000)
    years, rest = divmod(days, 28)
    body = f"{40 + years // 12:02}{years % 12 + 1:02}{rest + 1:02}{serial:04}"
    total = sum(int(digit) * weight for digit, weight in zip(body, PESEL_WEIGHTS, strict=True))
    return f"{body}{-total % 10}"


def nip(number: int) -> str:
    """A NIP for each number: the next one up whose check digit exists."""
    body = 100_000_000 + 2 * number
    for candidate in (body, body + 1):
        total = sum(int(d) * weight for d, weight in zip(str(candidate), NIP_WEIGHTS, strict=True)) % 11
        if total < 10:  # noqa: PLR2004 - the one remainder that is no digit
            return f"{candidate}{total}"
    raise AssertionError(f"no NIP for {number}")


def write_pdr(file: Path, *, persons: int, authorisations: int, first: int = 0) -> int:
    """Write persons, four firms each, and authorisations between them; how many records.

    Args:
        file: where to.
        persons: how many.
        authorisations: how many.
        first: number from which the persons' and firms' own numbers are made.
    """
    records = 0
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEADER + "\n")
        for line in _records(persons, authorisations, first):
            out.write(line + "\n")
            records += 1
    return records


def _records(persons: int, authorisations: int, first: int) -> Iterator[str]:
    firms = persons * _FIRMS_A_PERSON
    for i in range(persons):
        yield f"person,P{i},{pesel(first + i)},Jan,Kowalski {i},,,,,,,"
    for i in range(firms):
        number = nip(first + i)
        yield f"entity,E{i},,,,Firma {i} sp. z o.o.,{number},PL{number}00000,,,,"
    for i in range(authorisations):
        yield f"authorisation,A{i},,,,,,,P{i % persons},E{i * 7 % firms},CELINA ECS,"
