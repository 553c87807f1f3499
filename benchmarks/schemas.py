"""Schemas: validation against bare lxml, what an explanation costs, and loading the catalogue.

CPU milliseconds, the best of several rounds: other work on the machine only ever adds.
"""

import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from time import process_time

from lxml import etree

from benchmarks.workshop import EXAMPLE, Workshop
from gateway.clock import now, signature_id, warsaw_day
from schemas.catalogue import load_builtin
from schemas.model import MessageType
from schemas.validation import Validator
from signing.parsing import ParseLimits, parse
from signing.sign import sign_enveloped

__all__ = ["measure_schemas"]

_SIZES = (5_000, 130_000)  # bytes of a message
_ROUNDS = 7
_EXPLANATIONS = 3
_LOADING = """
from time import process_time
from schemas.catalogue import load_builtin
from schemas.validation import Validator
catalogue = load_builtin()
loaded = process_time()
Validator(catalogue).warm_up()
print(loaded * 1000, process_time() * 1000)
"""


def measure_schemas(workshop: Workshop) -> dict[str, object]:
    """Validation at both sizes, explanation of a fault, the catalogue in a new process."""
    catalogue = load_builtin()
    message_type = catalogue.recognise(_grown(0), on=warsaw_day(now()))
    validator = Validator(catalogue)
    sizes = {str(size): _measure(workshop, validator, message_type, size) for size in _SIZES}
    return {"by_size": sizes, "catalogue_ms": _loading()}


def _measure(
    workshop: Workshop, validator: Validator, message_type: MessageType, size: int
) -> dict[str, float]:
    root = _grown(size)
    signed = sign_enveloped(deepcopy(root), workshop.key, at=now(), ids=signature_id)
    document = parse(signed, ParseLimits())
    bare = etree.XMLSchema(etree.parse(message_type.folder / message_type.schema))
    times = 4_000_000 // len(signed)
    assert bare.validate(root)
    assert validator.validate(document, message_type).valid
    floor = _best(lambda: bare.validate(root), times)
    plain = _best(lambda: validator.validate(root, message_type), times)
    with_signature = _best(lambda: validator.validate(document, message_type), times)
    return {
        "bytes": len(etree.tostring(root)),
        "bare_lxml": round(floor, 4),
        "validator": round(plain, 4),
        "ratio": round(plain / floor, 2),
        "validator_signed": round(with_signature, 4),
        "ratio_signed": round(with_signature / floor, 2),
        "explanation": round(_explanation(validator, message_type, root), 2),
    }


def _explanation(validator: Validator, message_type: MessageType, root: etree._Element) -> float:
    faulty = deepcopy(root)
    lrn = next(faulty.iter("LRN"))
    lrn.text = "X" * 40
    assert [one.code for one in validator.validate(faulty, message_type).findings] == ["XSD_LENGTH"]
    return _best(lambda: validator.validate(faulty, message_type), _EXPLANATIONS)


def _grown(size: int) -> etree._Element:
    """The example with so many goods items that it has a size in bytes."""
    root = parse(EXAMPLE.read_bytes(), ParseLimits())
    items = list(root.iter("ConsignmentItem"))
    one = len(etree.tostring(items[-1]))
    for number in range(len(items) + 1, len(items) + 1 + max(0, size - len(etree.tostring(root))) // one):
        item = deepcopy(items[-1])
        for name in ("goodsItemNumber", "declarationGoodsItemNumber"):
            next(item.iter(name)).text = str(number)
        items[-1].addnext(item)
        items.append(item)
    return root


def _loading() -> dict[str, float]:
    """A new process: importing and reading the whole catalogue, then compiling all that declarants send."""
    told = subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, text=True, check=True).stdout
    loaded, warm = (float(each) for each in told.split())
    return {"loaded": round(loaded, 1), "all_inbound_compiled": round(warm, 1)}


def _best(action: Callable[[], object], times: int) -> float:
    """CPU milliseconds of one execution in the best of several rounds."""
    action()
    rounds = []
    for _ in range(_ROUNDS):
        started = process_time()
        for _ in range(times):
            action()
        rounds.append((process_time() - started) * 1000 / times)
    return min(rounds)
