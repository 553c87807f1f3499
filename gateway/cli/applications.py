"""`sisc registry applications`: what waits for a clerk, and deciding on it."""

from typing import Annotated

import typer

from gateway.cli.context import open_configured, operator
from gateway.cli.groups import group
from gateway.cli.output import JsonFlag, print_json, print_rows, say, tell
from registry.applications.outcome import Approved, Outcome, Refusal, State, Waiting
from registry.applications.records import Application, ApplicationRecords

__all__ = ["app"]

app = group("Applications to the register that rules cannot decide.")

_COLUMNS = ("case", "filed", "form", "account", "state", "about", "waits for")
_Case = Annotated[str, typer.Argument(help="Number of the case: the sysRef of the application.")]


@app.command("list")
def list_applications(
    state: Annotated[State, typer.Option(help="State of the application.")] = State.WAITING,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    after: Annotated[str, typer.Option(help="Go on behind this case, the last one of the page before.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List applications by case; without options those that wait for a clerk."""
    with open_configured() as gateway, gateway.store.read() as work:
        found = ApplicationRecords(work.connection).list(state=state, limit=limit, after=after)
    if as_json:
        for application in found:
            print_json(_facts(application))
    else:
        print_rows("Applications", _COLUMNS, map(_row, found), as_json=False)


@app.command("show")
def show(case: _Case, as_json: JsonFlag = False) -> None:
    """Show an application: the form as filed, and what approving it would come to."""
    with open_configured() as gateway:
        application, opened, outcome = gateway.clerks_desk().review(case)
    form = opened.form.data()
    waiting = application.state is State.WAITING
    prospect = _prospect(outcome) if waiting else []
    if as_json:
        print_json(_facts(application) | {"form data": form, "approving": prospect if waiting else None})
        return
    rows = [*_facts(application).items(), *_flat("", form)]
    print_rows("Application", ("field", "value"), rows, as_json=False)
    for line in prospect:
        say(line)


@app.command("approve")
def approve(
    case: _Case,
    note: Annotated[str | None, typer.Option(help="Why, for the history.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Grant a waiting application; the decision goes to the applicant's mailbox."""
    with open_configured() as gateway:
        _told(gateway.clerks_desk().approve(case, clerk=operator(), note=note), as_json=as_json)


@app.command("refuse")
def refuse(
    case: _Case,
    reason: Annotated[str, typer.Option(help="Why; the applicant reads it.")],
    as_json: JsonFlag = False,
) -> None:
    """Refuse a waiting application; the decision goes to the applicant's mailbox."""
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    with open_configured() as gateway:
        _told(gateway.clerks_desk().refuse(case, clerk=operator(), why=reason.strip()), as_json=as_json)


def _told(application: Application, *, as_json: bool) -> None:
    text = f"{application.case}  {application.form}  {application.state}"
    tell(_facts(application), text, as_json=as_json)


def _facts(application: Application) -> dict[str, object]:
    return {
        "case": application.case,
        "filed": application.filed_at,
        "form": application.form,
        "account": application.login,
        "state": application.state.value,
        "about": application.subject,
        "waits for": application.waits_for,
        "decided": application.decided_at,
        "decided by": application.decided_by,
        "note": application.note,
    }


def _row(application: Application) -> list[object]:
    facts = _facts(application)
    return [facts[column] for column in _COLUMNS]


def _prospect(outcome: Outcome) -> list[str]:
    """What a clerk has to know before he decides."""
    match outcome:
        case Approved():
            return ["Nothing in the register stands against it."]
        case Refusal(reasons=reasons):
            return [f"{each.code}  {each.message_en}" for each in reasons]
        case Waiting(text_en=text):
            return [text]


def _flat(above: str, value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [row for name, below in value.items() for row in _flat(f"{above}/{name}".lstrip("/"), below)]
    if isinstance(value, list):
        return [row for place, below in enumerate(value, 1) for row in _flat(f"{above}[{place}]", below)]
    return [(above, value)]
