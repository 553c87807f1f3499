"""Settings that may be used, and seldom are meant."""

from collections.abc import Collection, Iterator

from gateway.diagnosis.lines import Line, Page, ok, warning
from gateway.routes import simulated_unasked
from gateway.settings import Settings
from routing.routes import RouteTable

__all__ = ["look_at_choices"]


def look_at_choices(settings: Settings, routes: RouteTable) -> Iterator[Line]:
    """Tell of settings that weaken something, or have no effect."""
    told = [*_weak(settings), *_idle(settings, routes.served), *_made_up(settings, routes)]
    if not told:
        yield ok("choices", "nothing is weakened or left as it came")
    for found, remedy in told:
        yield warning("choices", found, remedy, Page.SETTINGS)


def _weak(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.revocation.stale_grace_hours:
        hours = settings.revocation.stale_grace_hours
        yield (
            f"signatures pass on revocation data {hours:g} hours old",
            "set revocation.stale_grace_hours = 0",
        )
    for exemption in settings.trust.cbtd_exemptions:
        found = f"weak CBTD signatures of {exemption.issuer} pass until {exemption.until}"
        yield found, "take the exemption out of trust.cbtd_exemptions as soon as it may go"


def _idle(settings: Settings, served: Collection[str]) -> Iterator[tuple[str, str]]:
    for system in sorted(settings.signers.accepted.keys() - set(served)):
        found = f"signers.accepted names {system}, which is no system served here: it has no effect"
        yield found, f"name one of {', '.join(sorted(served))}"
    if "operator" not in settings.model_fields_set:
        yield f"receipts name the operator {settings.operator!r}", "set operator to the name of your office"
    if not settings.web.public_url:
        yield "the WSDL names whatever host each request was sent to", "set web.public_url"


def _made_up(settings: Settings, routes: RouteTable) -> Iterator[tuple[str, str]]:
    if simulated := simulated_unasked(settings, routes):
        found = f"beside real back ends {', '.join(simulated)} are simulated, and no setting says so"
        yield found, "give each a table of [routes], adapter = 'simulator' where it is meant"
