"""The SOAP edge: guard, WS-Security, WS-Addressing, operations, faults."""

from gateway.soap.actions import EdgeAction, Observer
from gateway.soap.app import build_app
from gateway.soap.names import PATH
from gateway.soap.settings import EdgeSettings
from gateway.soap.token import channel_digest

__all__ = ["PATH", "EdgeAction", "EdgeSettings", "Observer", "build_app", "channel_digest"]
