"""`sisc samples`: messages to test with."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final

import typer
from lxml import etree

from gateway.cli.files import write_output
from gateway.cli.groups import group
from gateway.cli.output import AnySystem, JsonFlag, print_rows
from gateway.errors import ConfigurationError
from gateway.plausibility import GatewayPlausibility
from gateway.samples.breaking import RULES, Breaker, Broken
from gateway.samples.making import DAY, SampleMaker, written
from schemas.catalogue import Catalogue, load_builtin
from schemas.codelists import CodeList
from schemas.errors import UnknownTypeError
from schemas.model import Direction, MessageType
from schemas.paths import local_name
from schemas.validation import Validator

__all__ = ["app"]

app = group("Messages to test with: valid ones, and ones with a single known fault.")

_SAMPLES: Final = 8  # that are made to find a place for a fault
_NO_OTHER_SEED: Final = 2**32  # beyond what people type
_NO_LISTS: Final[dict[str, CodeList]] = {}


@app.command("list")
def list_(
    system: AnySystem = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell which types there are samples of: all that declarants send."""
    rows = [
        (one.code, one.version, one.system, one.title_pl, one.title_en)
        for one in load_builtin().types()
        if one.direction is Direction.INBOUND and system in {None, one.system}
    ]
    print_rows("Samples", ("type", "version", "system", "title (pl)", "title (en)"), rows, as_json=as_json)


@app.command("show")
def show(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="Code of the type, e.g. CC015C.")],
    seed: Annotated[int, typer.Option(min=0, help="Another number, another sample.")] = 0,
    broken: Annotated[
        str | None, typer.Option("--break", metavar="RULE", help="Break this rule, and no other.")
    ] = None,
    breaks: Annotated[bool, typer.Option("--breaks", help="List the rules this sample can break.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Give all elements of a name a value."),
    ] = None,
    on: Annotated[str, typer.Option(help="Day the sample is written.")] = DAY.isoformat(),
    version: Annotated[str | None, typer.Option(help="Of the schema, e.g. 3.13; else the newest.")] = None,
    system: AnySystem = None,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output without it.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print a sample: the same for the same seed. With --break, standard error tells what is wrong where."""
    catalogue = load_builtin()
    day = _day(on)
    kind = _chosen(catalogue, type_, version, system)
    maker = SampleMaker(validator=Validator(catalogue))
    breaker = Breaker(validator=maker.validator, plausibility=GatewayPlausibility(lambda: _NO_LISTS), on=day)
    samples = (_set(maker.make(kind, seed=one, on=day), set_ or ()) for one in _seeds(seed))
    if breaks:
        _list_breaks(breaker, next(samples), kind, seed, as_json=as_json)
    elif broken is None:
        write_output(out, written(next(samples)))
    else:
        write_output(out, written(_told(_break(breaker, samples, kind, broken, seed))))


def _seeds(seed: int) -> Iterator[int]:
    """Of the sample asked for, and of others where that one has no place to break a rule."""
    yield from (seed + further * _NO_OTHER_SEED for further in range(_SAMPLES))


def _chosen(catalogue: Catalogue, code: str, version: str | None, system: str | None) -> MessageType:
    found = [
        one
        for one in catalogue.types()
        if one.code == code and version in {None, one.version} and system in {None, one.system}
    ]
    if not found:
        raise ConfigurationError(key=code, reason="is no type; sisc samples list names them")
    try:
        kind = catalogue.get(code, system=system) if version is None else found[0]
    except UnknownTypeError as error:
        raise ConfigurationError(key="--system", reason=str(error)) from error
    if kind.direction is not Direction.INBOUND:
        raise ConfigurationError(
            key=code, reason="comes from the system; samples are of what declarants send"
        )
    return kind


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(key="--on", reason=f"{text!r} is no date YYYY-MM-DD") from error


def _set(sample: etree._Element, assignments: Sequence[str]) -> etree._Element:
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigurationError(key="--set", reason=f"{assignment!r} is not of the form NAME=VALUE")
        for element in _values(sample, name):
            element.text = value
    return sample


def _values(sample: etree._Element, name: str) -> Sequence[etree._Element]:
    values = [one for one in sample.iter("*") if not len(one)]
    found = [one for one in values if local_name(one) == name]
    if not found:
        near = get_close_matches(name, map(local_name, values), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ConfigurationError(key="--set", reason=f"the sample has no value {name!r}{meant}")
    return found


def _break(
    breaker: Breaker, samples: Iterable[etree._Element], kind: MessageType, rule: str, seed: int
) -> Broken:
    if rule not in RULES:
        raise ConfigurationError(key="--break", reason=f"{rule} is no rule; rules are {', '.join(RULES)}")
    tried = (breaker.broken(sample, kind, rule, seed) for sample in samples)
    found = next((one for one in tried if one), None)
    if found is None:
        raise ConfigurationError(key="--break", reason=f"{rule} has no place in a {kind.code}; see --breaks")
    return found


def _told(found: Broken) -> etree._Element:
    finding = found.finding
    sys.stderr.write(f"{finding.code} line {finding.line} {finding.xpath}: {finding.message_en}\n")
    return found.document


def _list_breaks(
    breaker: Breaker, sample: etree._Element, kind: MessageType, seed: int, *, as_json: bool
) -> None:
    tried = (breaker.broken(sample, kind, rule, seed) for rule in RULES)
    rows: list[Sequence[object]] = [
        (one.finding.code, one.finding.line, one.finding.xpath, one.finding.message_en)
        for one in tried
        if one
    ]
    print_rows(f"{kind.code}, seed {seed}", ("rule", "line", "xpath", "message"), rows, as_json=as_json)
