"""Which value an element of a sample gets: what is known of its place, then of its name, then of its type."""

import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gateway.samples.numbers import MAKERS, filled
from schemas.plausibility import kind_of

__all__ = ["Data", "Place", "Values", "load_data"]

Record = Mapping[str, str]

#: Tried where nothing is known of a value.
_ANYTHING: Final = (
    "1", "0", "12", "123", "1234", "A", "AB", "ABC", "ABCD", "A1B2C", "ABCDE", "123456", "12345678", "2.5",
    "PL", "pl", "T1", "T", "N", "Bez uwag", "wzor@firma.example", "AAECAw==", "2026", "ABC12345", "123456789",
)  # fmt: skip
#: Forms of a date or time; the schema takes one of them.
_FORMS: Final = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%d", "%H:%M:%S",
    "%y%m%d", "%Y%m%d", "%Y%m%d%H%M", "%H%M",
)  # fmt: skip
_TIME_TYPES: Final = frozenset({"date", "dateTime", "time"})
_TIME_NAMES: Final = ("dat", "tim", "exp", "decdat")  # how names of dates and times of other types begin
_AHEAD: Final = ("limit", "exp", "estimated", "arrival", "datado", "validity", "waznosci", "zakonczenia")
_GROSS: Final = Decimal("1.06")


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """Things that several values tell together: a trader, a person, goods."""

    at: Sequence[str]  # patterns of elements one is chosen for
    names: Mapping[str, Sequence[str]]  # field → patterns of the elements that tell it
    choices: Sequence[Record]

    def field_of(self, place: "Place") -> str | None:
        """The field that an element tells."""
        return next((name for name, patterns in self.names.items() if place.fits(*patterns)), None)


@dataclass(frozen=True, kw_only=True)
class Data:
    """What `values.toml` says."""

    unwanted: Sequence[str]
    ours: Sequence[str]
    totals: Sequence[Mapping[str, str]]
    ordinals: Sequence[str]
    running: Sequence[str]
    records: Mapping[str, RecordKind]
    prefixes: Mapping[str, str]  # pattern of a namespace → prefix
    values: Mapping[str, Sequence[str]]


@cache
def load_data() -> Data:
    """Read `values.toml` of this package."""
    read = tomllib.loads(files(__package__).joinpath("values.toml").read_text(encoding="utf-8"))
    records = {name: RecordKind(**one) for name, one in read.pop("records").items()}
    return Data(**read, records=records)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a value stands."""

    path: tuple[str, ...]  # local names from the document element on
    ordinal: int = 1  # among brothers of the same name, or of the parent's for values inside

    @property
    def name(self) -> str:
        """Local name, with @ for an attribute."""
        return self.path[-1]

    def fits(self, *patterns: str) -> bool:
        """Whether one of the patterns, `name` or `Parent/name`, is that of the place."""
        both = "/".join(self.path[-2:])
        return any(fnmatchcase(both if "/" in pattern else self.name, pattern) for pattern in patterns)


@dataclass(kw_only=True)
class Values:
    """Chooses the values of one sample.

    Args:
        data: of `values.toml`.
        source: of randomness.
        on: the day the sample is written.
        known: values by path below the document element, and special ones by name (`$principal`).
        ours: records of elements in which something is known.
        kinds: of `MessageType.values`.
    """

    data: Data
    source: random.Random
    on: date
    known: Mapping[str, str]
    ours: Mapping[str, Record]
    kinds: Sequence[Any]
    _running: dict[str, int] = field(default_factory=dict)
    _records: list[dict[str, Record]] = field(default_factory=list)

    def enter(self, place: Place) -> None:
        """An element with elements begins: choose the records that it tells."""
        inherited = self._records[-1] if self._records else {}
        begun = {
            name: kind
            for name, kind in self.data.records.items()
            if not self._records or place.fits(*kind.at)
        }
        ours = self.ours if self._knows(place) and self._records else {}
        chosen = {name: ours.get(name) or self._record(kind) for name, kind in begun.items()}
        self._records.append({**inherited, **chosen})

    def leave(self) -> None:
        """The element ends."""
        self._records.pop()

    def of(self, place: Place, simple: Any) -> str:  # noqa: ANN401 - a simple type of xmlschema
        """A value that the schema allows.

        Raises:
            LookupError: nothing known fits.
        """
        for value in self._candidates(place, simple):
            if simple.is_valid(value):
                return value
        raise LookupError("/".join(place.path))

    def _candidates(self, place: Place, simple: Any) -> Iterator[str]:  # noqa: ANN401 - as above
        below = "/".join(place.path[1:])
        if below in self.known:
            yield self.known[below]
        if place.fits("messageType", "MesTypMES20"):
            yield place.path[0]
        yield from self._counted(place)
        kind = kind_of(self.kinds, place.path)
        yield from self._recorded(place)
        if kind in MAKERS:
            yield from self._made(str(kind))
        yield from self._listed(place)
        yield from self._shuffled([str(one) for one in simple.enumeration or ()])
        if _tells_time(place, simple):
            yield from self._dated(place, ahead=kind != "past")
        yield from self._shuffled(_ANYTHING)
        yield from (letter * length for letter in "1A" for length in range(1, 36))

    def _counted(self, place: Place) -> Iterator[str]:
        if place.fits(*self.data.running):
            self._running[place.name] = self._running.get(place.name, 0) + 1
            yield str(self._running[place.name])
        if place.fits(*self.data.ordinals):
            yield str(place.ordinal)

    def _recorded(self, place: Place) -> Iterator[str]:
        for name, kind in self.data.records.items():
            told = kind.field_of(place)
            if told is not None and told in self._records[-1][name]:
                yield self._records[-1][name][told]

    def _listed(self, place: Place) -> Iterator[str]:
        found = [pattern for pattern in self.data.values if place.fits(pattern)]
        for pattern in sorted(found, key=lambda one: ("*" in one, "/" not in one)):
            for value in self._shuffled(self.data.values[pattern]):
                yield from self._special(value) if value.startswith("$") else [filled(value, self.source)]

    def _special(self, value: str) -> Iterable[str]:
        return [self.known[value]] if value in self.known else self._made(value[1:])

    def _made(self, kind: str) -> Iterator[str]:
        for make in self._shuffled(MAKERS[kind]):
            yield make(self.source, self.on)

    def _dated(self, place: Place, *, ahead: bool) -> Iterator[str]:
        later = ahead and any(word in place.name.lower() for word in _AHEAD)
        days = self.source.randint(3, 9) if later else -self.source.randint(0, 2)
        if place.fits("DataUrodzenia"):
            days = -self.source.randint(25 * 365, 60 * 365)
        moment = datetime.combine(
            self.on + timedelta(days=days),
            time(self.source.randint(7, 17), self.source.randint(0, 59), self.source.randint(0, 59)),
        )
        yield from (moment.strftime(form) for form in _FORMS)

    def _knows(self, place: Place) -> bool:
        inside = "/".join(place.path[1:]) + "/"
        return place.fits(*self.data.ours) or any(path.startswith(inside) for path in self.known)

    def _record(self, kind: RecordKind) -> Record:
        record = self.source.choice(kind.choices)
        return {**record, **_weighed(record, self.source.randint(2, 40))} if "unit_kg" in record else record

    def _shuffled(self, values: Iterable[Any]) -> list[Any]:
        all_ = list(values)
        self.source.shuffle(all_)
        return all_


def _weighed(record: Record, count: int) -> Record:
    """What a number of packages weighs and costs."""
    net = Decimal(record["unit_kg"]) * count
    return {
        "count": str(count),
        "net": f"{net.quantize(Decimal('0.01')).normalize():f}",
        "gross": f"{(net * _GROSS).quantize(Decimal('0.01')).normalize():f}",
        "amount": f"{Decimal(record['unit_value']) * count:.2f}",
    }


def _tells_time(place: Place, simple: Any) -> bool:  # noqa: ANN401 - as above
    primitive = getattr(getattr(simple, "primitive_type", None), "local_name", "")
    return primitive in _TIME_TYPES or place.name.lower().startswith(_TIME_NAMES)
