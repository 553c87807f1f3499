"""What the web server serves to clients: the channel and the self-service, put together."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from gateway import clock
from gateway.accounts import RegistryCredentials
from gateway.actions import Action
from gateway.bootstrap import Gateway
from gateway.observe import Observer
from gateway.self_service.service import SelfService
from gateway.settings import Settings
from gateway.soap.actions import EdgeAction
from gateway.soap.app import WSGIApplication, build_app, serve_port
from gateway.soap.names import endpoint_of, self_service_of
from gateway.soap.self_service import SelfServicePort
from gateway.soap.settings import EdgeSettings

__all__ = ["channel_application", "self_service_application", "self_service_settings"]

#: Room in a request for everything but the content: headers, names of files and systems.
_ENVELOPE_BYTES: Final = 64 * 1024
#: Of a request that asks or names something, without a document in it.
_FEW_LEVELS: Final = 16
_FEW_NODES: Final = 500
_SERVED: Final = frozenset({EdgeAction.ANSWERED, EdgeAction.CONTRACT_SERVED})


def channel_application(gateway: Gateway) -> WSGIApplication:
    """The channel as a WSGI application."""
    return build_app(
        service=gateway.channel,
        credentials=_credentials(gateway),
        settings=_edge_settings(gateway.settings),
        clock=gateway.store.clock,
        ids=clock.new_id,
        observe=_Teller(gateway.observe),
    )


def self_service_application(gateway: Gateway) -> WSGIApplication:
    """What registered persons see of themselves, as a WSGI application."""
    service = SelfService(store=gateway.store, clock=gateway.store.clock, observe=gateway.observe)
    settings = self_service_settings(gateway.settings)
    return serve_port(
        SelfServicePort(service, public_url=settings.public_url),
        credentials=_credentials(gateway),
        settings=settings,
        clock=gateway.store.clock,
        ids=clock.new_id,
        observe=_Teller(gateway.observe),
    )


def _credentials(gateway: Gateway) -> RegistryCredentials:
    return RegistryCredentials(
        store=gateway.store,
        vault=gateway.vault,
        wrong_digest_limit=gateway.settings.edge.wrong_digests,
        clock=gateway.store.clock,
    )


class _Teller:
    """Tells what the edge reports in the product's own list of actions."""

    def __init__(self, observe: Observer) -> None:
        self._observe = observe

    def __call__(self, action: str, facts: Mapping[str, object]) -> None:
        error = facts.get("exc_info")
        told = {key: value for key, value in facts.items() if key != "exc_info" and value is not None}
        if isinstance(error, BaseException):
            self._observe.failure(Action.INTERNAL_ERROR, error, **told)
        elif action in _SERVED:
            self._observe(Action.REQUEST_SERVED, detail=str(facts.get("operation") or action), **told)
        else:
            self._observe(Action.REQUEST_REFUSED, detail=action, **told)


def _edge_settings(settings: Settings) -> EdgeSettings:
    """The edge's part of the settings."""
    edge = settings.edge
    skew = timedelta(seconds=edge.clock_skew_seconds)
    return EdgeSettings(
        max_envelope_bytes=edge.content_bytes * 3 // 2 + _ENVELOPE_BYTES,
        max_content_bytes=edge.content_bytes,
        max_attachments=edge.attachments,
        clock_skew=skew,
        nonce_lifetime=2 * skew,
        max_concurrent_requests=edge.concurrent_requests,
        public_url=endpoint_of(settings.web.public_url) if settings.web.public_url else None,
    )


def self_service_settings(settings: Settings) -> EdgeSettings:
    """The limits of the self-service: whose requests are a few lines each."""
    url = settings.web.public_url
    return replace(
        _edge_settings(settings),
        max_envelope_bytes=_ENVELOPE_BYTES,
        max_content_bytes=_ENVELOPE_BYTES // 2,
        max_depth=_FEW_LEVELS,
        max_nodes=_FEW_NODES,
        public_url=self_service_of(url) if url else None,
    )
