import pytest

from tests.unit.soap.soap_kit import Edge


@pytest.fixture
def edge() -> Edge:
    return Edge()
