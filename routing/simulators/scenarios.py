"""What a tester can ask of a simulated back end: by the first letters of the LRN, or for a party."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "DEFAULT",
    "DOWN_ATTEMPTS",
    "SCENARIOS",
    "Behaviour",
    "Later",
    "Point",
    "Scenario",
    "scenario_named",
    "scenario_of",
]

#: How many attempts find the back end down in scenario DOWN.
DOWN_ATTEMPTS = 2


class Behaviour(StrEnum):
    """How a document is met."""

    NORMAL = "normal"
    REJECT = "reject"  # taken in, then rejected with a functional error
    REFUSE = "refuse"  # not taken in: OdrzucenieKomunikatu
    DOWN = "down"  # the back end is down for the first attempts
    FUNCTIONAL_FAULT = "functional_fault"  # CC906C
    XML_FAULT = "xml_fault"  # CC917C


class Point(StrEnum):
    """Turning points of a procedure; a scenario says what the system does next."""

    PRELODGED = "prelodged"  # declared before the goods are presented
    ACCEPTED = "accepted"  # MRN given
    RELEASED = "released"
    PRESENTED_AT_DESTINATION = "presented_at_destination"  # arrival with unloading permission wanted
    ARRIVED_SIMPLIFIED = "arrived_simplified"  # arrival without unloading permission
    UNLOADED = "unloaded"  # unloading remarks without differences
    UNLOADED_WITH_DIFFERENCES = "unloaded_with_differences"
    ENQUIRED = "enquired"  # proof of exit asked for
    VALIDATED = "validated"  # e-AD with a consignee in Poland
    VALIDATED_ABROAD = "validated_abroad"  # e-AD with a consignee in another Member State
    VALIDATED_EXPORT = "validated_export"  # e-AD for an export


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """Something the system does of its own accord."""

    event: str
    after: timedelta = timedelta()  # of simulated time; zero: at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A way things go."""

    prefix: str  # of the LRN; letter case does not matter
    title: str  # for the reference page
    systems: frozenset[str]  # that know it; in the others all goes well
    behaviour: Behaviour = Behaviour.NORMAL
    plan: Mapping[str, tuple[Later, ...]] = field(default_factory=dict)
    against_proof: frozenset[str] = frozenset()  # types handed out against a signed UPD only


def _now(event: str) -> Later:
    return Later(event=event)


def _after(event: str, **time: int) -> Later:
    return Later(event=event, after=timedelta(**time))


_NCTS, _AES, _AIS, _EMCS = "NCTS2", "AES", "AIS", "EMCSPL2"
_ALL = frozenset({_NCTS, _AES, _AIS, _EMCS})
_CUSTOMS = frozenset({_NCTS, _AES, _AIS})

#: What happens where a scenario has nothing of its own. Periods follow law and practice: presentation within
#: 30 days of lodging (Union Customs Code, Article 171); the rest is what one meets.
_USUAL: Mapping[str, tuple[Later, ...]] = MappingProxyType(
    {
        Point.PRELODGED: (_after("lapse", days=30),),
        Point.ACCEPTED: (_now("release"),),
        Point.RELEASED: (),
        Point.PRESENTED_AT_DESTINATION: (_now("permit_unloading"),),
        Point.ARRIVED_SIMPLIFIED: (_now("release_goods"),),
        Point.UNLOADED: (_now("release_goods"),),
        Point.UNLOADED_WITH_DIFFERENCES: (
            _now("tell_differences"),
            _after("release_goods", hours=2),
        ),
        Point.ENQUIRED: (_after("close_enquiry", days=60),),
        Point.VALIDATED: (),
        Point.VALIDATED_ABROAD: (_after("receive", days=3),),
        Point.VALIDATED_EXPORT: (_after("accept_export", days=1), _after("exit", days=3)),
    }
)


def _scenario(
    prefix: str,
    title: str,
    systems: frozenset[str],
    behaviour: Behaviour = Behaviour.NORMAL,
    **points: tuple[Later, ...],
) -> Scenario:
    plan = MappingProxyType({**_USUAL, **points})
    return Scenario(prefix=prefix, title=title, systems=systems, behaviour=behaviour, plan=plan)


_PROOF = Scenario(
    prefix="UPD",
    title="all goes well; the release is handed out against a signed UPD",
    systems=_CUSTOMS,
    plan=_USUAL,
    against_proof=frozenset({"CC029C", "CC529C", "ZC429"}),
)

#: For every other LRN.
DEFAULT = _scenario("", "all goes well; a broken rule gives a functional rejection", _ALL)

#: Looked through in order.
SCENARIOS = (
    _scenario(
        "REJ",
        "taken in, then rejected with a functional error",
        _ALL,
        Behaviour.REJECT,
    ),
    _scenario("NUP", "not taken in: OdrzucenieKomunikatu", _ALL, Behaviour.REFUSE),
    _scenario(
        "DOWN",
        f"the back end is unavailable for {DOWN_ATTEMPTS} attempts, then all goes well",
        _ALL,
        Behaviour.DOWN,
    ),
    _scenario(
        "FERR",
        "functional fault outside of any procedure",
        frozenset({_NCTS, _AES}),
        Behaviour.FUNCTIONAL_FAULT,
    ),
    _scenario("XERR", "the back end finds an XML error", frozenset({_NCTS, _AES}), Behaviour.XML_FAULT),
    _scenario("SLOW", "released after two hours", _CUSTOMS, accepted=(_after("release", hours=2),)),
    _scenario(
        "CTRL",
        "control, released two hours later; excise: control report on the way",
        _ALL,
        accepted=(_now("control"), _after("release", hours=2)),
        validated=(_after("inspect", hours=6),),
        validated_abroad=(_after("inspect", hours=6), _after("receive", days=3)),
    ),
    _scenario(
        "NREL",
        "control, then no release",
        _CUSTOMS,
        accepted=(_now("control"), _after("refuse", hours=2)),
    ),
    _scenario(
        "GUA",
        "guarantee not valid: released once amended, refused after a day",
        frozenset({_NCTS}),
        accepted=(_now("question_guarantee"), _after("refuse", days=1)),
    ),
    _scenario(
        "AMND",
        "an amendment is asked for: released once amended, refused after a day",
        frozenset({_NCTS}),
        accepted=(_now("ask_amendment"), _after("refuse", days=1)),
    ),
    _scenario(
        "INC",
        "incident on the way, a day after the release",
        frozenset({_NCTS}),
        released=(_after("report_incident", days=1),),
    ),
    _scenario(
        "AUTO",
        "goes to its end without messages of others: arrival abroad or exit after two days",
        frozenset({_NCTS, _AES}),
        released=(_after("finish_abroad", days=2),),
    ),
    _scenario(
        "LOST",
        "no arrival: recovery after 60 days; export: proof of exit asked for after 60 days; "
        "excise: no report of receipt, only reminders",
        frozenset({_NCTS, _AES, _EMCS}),
        released=(_after("miss", days=60),),
        unloaded_with_differences=(_now("tell_differences"), _after("miss", days=60)),
        validated_abroad=(),
    ),
    _scenario(
        "SHORT",
        "the consignee abroad reports a shortage",
        frozenset({_EMCS}),
        validated_abroad=(_after("receive_short", days=3),),
    ),
    _scenario(
        "BACK",
        "the consignee abroad refuses the goods",
        frozenset({_EMCS}),
        validated_abroad=(_after("refuse_goods", days=3),),
    ),
    _scenario(
        "ALERT",
        "the consignee abroad rejects the e-AD before the goods arrive",
        frozenset({_EMCS}),
        validated_abroad=(_after("reject_abroad", hours=6),),
    ),
    _PROOF,
    _scenario(
        "STOP",
        "an authority interrupts the movement after a day",
        frozenset({_EMCS}),
        validated=(_after("interrupt", days=1),),
        validated_abroad=(_after("interrupt", days=1),),
        validated_export=(_after("interrupt", days=1),),
    ),
    _scenario(
        "EVENT",
        "an accident on the way is reported after 12 hours; the goods go on",
        frozenset({_EMCS}),
        validated=(_after("report_event", hours=12),),
        validated_abroad=(_after("report_event", hours=12), _after("receive", days=3)),
    ),
    _scenario(
        "HAND",
        "no report of receipt: the office of dispatch closes the movement by hand after 30 days",
        frozenset({_EMCS}),
        validated=(_after("close", days=30),),
        validated_abroad=(_after("close", days=30),),
    ),
    _scenario(
        "EXNO",
        "export refused by customs after a day",
        frozenset({_EMCS}),
        validated_export=(_after("refuse_export", days=1),),
    ),
)


def scenario_of(lrn: str | None, system: str) -> Scenario:
    """The scenario that a document's LRN asks for."""
    wanted = (lrn or "").upper()
    return next((one for one in _known_to(system) if wanted.startswith(one.prefix)), DEFAULT)


def scenario_named(prefix: str, system: str) -> Scenario:
    """The scenario with this prefix; the usual one for any that the system does not know."""
    return next((one for one in _known_to(system) if one.prefix == prefix.upper()), DEFAULT)


def _known_to(system: str) -> tuple[Scenario, ...]:
    return tuple(one for one in SCENARIOS if system in one.systems)
