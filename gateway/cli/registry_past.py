"""`sisc registry history` and `who-could`: how a record became what it is, and who could act on a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import typer

from gateway.cli.context import open_registry
from gateway.cli.output import JsonFlag, print_json, print_rows
from gateway.errors import ConfigurationError
from gateway.flow.dates import parse_moment
from registry.errors import NotRegisteredError
from registry.history import Change, Subject
from registry.model import Granted
from registry.past import Answer, who_could

__all__ = ["history", "who_could_send"]

_Party = Annotated[str, typer.Argument(help="ID SISC, login, or id of a representation.")]
_LAST_INSTANT = timedelta(microseconds=1)


def history(key: _Party, as_json: JsonFlag = False) -> None:
    """Tell every version of a record: who changed what, when, why, and by which document."""
    with open_registry() as session:
        found = [change for subject in Subject for change in session.repository.history(subject, key)]
    if not found:
        raise NotRegisteredError(what="history of", key=key)
    if as_json:
        for change in found:
            print_json(_facts(change) | {"before": change.before, "after": change.after})
        return
    rows = [[*_facts(change).values(), _difference(change)] for change in found]
    print_rows("History", (*_facts(found[0]), "changed"), rows, as_json=False)


def who_could_send(
    entity: Annotated[str, typer.Option(help="ID SISC of the firm sent for.")],
    system: Annotated[str, typer.Option(help="Target system, e.g. AES.")],
    on: Annotated[str, typer.Option(help="Date (its end) or moment, Polish time.")],
    person: Annotated[
        str | None, typer.Option(help="ID SISC of one person; tells also why he could not.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell who could send to a system for a firm on a day, and by which version of which right."""
    moment = parse_moment(on)
    if moment is None:
        raise ConfigurationError(key="--on", reason=f"{on!r} is neither a date nor a time")
    with open_registry() as session:
        answers = who_could(
            session.repository,
            entity=entity,
            system=system.upper(),
            at=moment.after - _LAST_INSTANT,
            person=person,
        )
    wanted = [each for each in answers if person is not None or isinstance(each.decision, Granted)]
    rows = [_row(each) for each in wanted]
    columns = ("person", "name", "account", "could", "through", "rights", "why not")
    print_rows("Who could send", columns, rows, as_json=as_json)


def _row(answer: Answer) -> list[object]:
    decision = answer.decision
    granted = decision if isinstance(decision, Granted) else None
    links = granted.links if granted else ()
    return [
        answer.person.id_sisc,
        f"{answer.person.given_names} {answer.person.surname}",
        answer.account.login,
        "yes" if granted else "no",
        granted.context.middle if granted else None,
        ", ".join(f"{link.representation} v{link.version}" for link in links),
        None if isinstance(decision, Granted) else f"{decision.reason}  {decision.message_en}",
    ]


def _facts(change: Change) -> dict[str, object]:
    return {
        "version": change.version,
        "at": change.at,
        "who": change.operator,
        "record": change.subject.value,
        "action": change.action,
        "document": change.document,
        "reason": change.reason,
    }


def _difference(change: Change) -> str:
    before: Mapping[str, object] = change.before or {}
    after: Mapping[str, object] = change.after or {}
    names = [name for name in after if after[name] != before.get(name)]
    return ", ".join(f"{name}: {after[name]}" for name in names)
