"""Peak memory for the largest document, from SOAP request to receipt, in a process of its own."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from lxml import etree

from benchmarks.whole import run_once
from benchmarks.workshop import EXAMPLE, Workshop, resident_peak_mib, signed
from gateway.observe import configure_logging
from signing.parsing import ParseLimits, parse

__all__ = ["peak_of_largest_document"]

_LARGEST = 15 * 2**20 - 16 * 1024  # leaves room for the signature
_ITEMS_A_HOUSE = 999


def peak_of_largest_document(folder: Path) -> dict[str, float]:
    """MiB of resident memory before and at the peak; the document is just below 15 MiB."""
    workshop = Workshop.open(folder / "sandbox")
    content = signed(workshop.key, _large_declaration())
    request = folder / "request.xml"
    request.write_bytes(workshop.requests().accept_document(content, filename="large.xml", system="NCTS2"))
    workshop.close()
    arguments = [str(folder / "sandbox"), str(request)]
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *arguments], stdout=subprocess.PIPE, check=True, text=True
    )
    figures: dict[str, float] = json.loads(told.stdout)
    return {"document_mib": round(len(content) / 2**20, 1), **figures}


def _large_declaration() -> bytes:
    """The example, still valid: many house consignments with as many goods items as allowed."""
    root = parse(EXAMPLE.read_bytes(), ParseLimits())
    house = next(root.iter("HouseConsignment"))
    _repeat(next(house.iter("ConsignmentItem")), times=_ITEMS_A_HOUSE - len(house.findall("ConsignmentItem")))
    houses = _LARGEST // len(etree.tostring(house))
    _repeat(house, times=houses - 1)
    total = next(root.iter("Consignment")).find("grossMass")
    assert total is not None
    total.text = str(Decimal(total.text or "0") * houses)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _repeat(element: etree._Element, *, times: int) -> None:
    parent = element.getparent()
    assert parent is not None
    copy = etree.tostring(element, with_tail=False)
    for _ in range(times):
        parent.insert(parent.index(element), etree.fromstring(copy))


def _main(folder: Path, file: Path) -> None:
    configure_logging("error")
    workshop = Workshop.open(folder)
    request = file.read_bytes()
    before = resident_peak_mib()
    run_once(workshop, request)
    peak = resident_peak_mib()
    figures = {
        "request_mib": round(len(request) / 2**20, 1),
        "before_mib": round(before, 1),
        "peak_mib": round(peak, 1),
        "above_before_mib": round(peak - before, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
