"""One door to the rules: which form is judged by which of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from registry.applications import entities, mandates, persons
from registry.applications.facts import Facts
from registry.applications.form import Form
from registry.applications.outcome import Outcome

__all__ = ["FORMS", "examine"]


class _Rule(Protocol):
    def __call__(self, form: Form, facts: Facts, *, confirmed: bool) -> Outcome: ...


#: Forms the register decides on.
FORMS: Mapping[str, _Rule] = MappingProxyType(
    {
        "WRR0001": persons.register,
        "WRR0002": persons.update,
        "WRP0001": entities.register,
        "WRP0002": entities.update,
        "WRP0003": entities.deactivate,
        "WPE0001": mandates.decide,
    }
)


def examine(form: Form, facts: Facts, *, confirmed: bool = False) -> Outcome:
    """Judge an application by the rules of its form. Pure: the same facts give the same outcome.

    Args:
        form: one of FORMS, valid against its schema.
        facts: what the register says, see `registry.applications.facts.gather`.
        confirmed: a clerk has looked at what rules cannot decide, so nothing waits any more.
    """
    return FORMS[form.code](form, facts, confirmed=confirmed)
