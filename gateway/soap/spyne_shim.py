"""Makes spyne 2.14 importable on every supported Python; import spyne's names from here only.

spyne carries an old copy of six whose import hook Python 3.12 no longer calls, so the real six takes its
place before spyne is first imported. Its import also warns about the cgi module and about its own escape
sequences: known, harmless and not ours to mend, hence silenced for the import alone.
"""

import sys
import warnings
from importlib import import_module
from operator import attrgetter
from types import ModuleType

__all__ = [
    "Application",
    "Boolean",
    "ComplexModel",
    "Date",
    "DateTime",
    "Fault",
    "Integer",
    "MethodContext",
    "ServerBase",
    "Service",
    "Soap11",
    "Unicode",
    "Wsdl11",
    "XmlAttribute",
    "rpc",
]

_MOVES = ("collections_abc", "http_cookies", "urllib", "urllib.error", "urllib.parse", "urllib.request")


def _install_six() -> None:
    six = ModuleType("spyne.util.six")
    vars(six).update(vars(import_module("six")))
    vars(six)["get_function_name"] = attrgetter("__name__")  # spyne's only addition to six
    sys.modules["spyne.util.six"] = six
    sys.modules["spyne.util.six.moves"] = vars(six)["moves"]
    for name in _MOVES:
        sys.modules[f"spyne.util.six.moves.{name}"] = import_module(f"six.moves.{name}")


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    _install_six()
    from spyne import (
        Application,
        Boolean,
        ComplexModel,
        Date,
        DateTime,
        Fault,
        Integer,
        MethodContext,
        ServerBase,
        Service,
        Unicode,
        rpc,
    )
    from spyne.interface.wsdl import Wsdl11
    from spyne.model.complex import XmlAttribute
    from spyne.protocol.soap import Soap11
