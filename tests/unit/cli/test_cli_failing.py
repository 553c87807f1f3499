"""What a command says when something is not there: what to do stands in the same line."""

import pytest

from gateway.cli.failing import tell
from gateway.errors import NotFoundError
from registry.errors import NotRegisteredError
from routing.errors import UnknownSystemError
from schemas.errors import UnknownTypeError
from signing.errors import UnknownCertificateError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NotFoundError(what="answer", key="7"), "no answer 7; sisc answers list --all lists what was held"),
        (
            NotRegisteredError(what="request", key="3"),
            "no request 3; sisc helpdesk request list finds requests",
        ),
        (NotRegisteredError(what="person", key="1"), "no person 1; sisc registry lists what is registered"),
        (
            UnknownSystemError(system="X", served=("AES", "AIS")),
            "Target system 'X' is not served; Name one of the systems served: AES, AIS.",
        ),
        (
            UnknownCertificateError(serial="99"),
            "no certificate 99 in the register; sisc ca list lists certificates",
        ),
        (
            UnknownTypeError(code="ABC", systems=()),
            "ABC is no active message type; sisc schemas list has all types with their systems",
        ),
    ],
)
def test_the_remedy_belongs_to_what_is_missing(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(error) == 1
    assert capsys.readouterr().err == f"error: {line}\n"
