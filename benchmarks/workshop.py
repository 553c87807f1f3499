"""What is measured with: a sandbox opened in this process, signed documents, SOAP requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time

from gateway import clock
from gateway.bootstrap import Gateway, open_gateway, settle
from gateway.channel import Caller, Content, Submission
from gateway.client.profile import ClientProfile
from gateway.client.requests import Requests
from gateway.sandbox.serving import prepare_sandbox
from gateway.settings import load_settings
from gateway.soap.names import PATH, endpoint_of
from signing.keys import KeyPair, load_pkcs12
from signing.parsing import ParseLimits, parse
from signing.sign import sign_enveloped

__all__ = ["EXAMPLE", "Cost", "Workshop", "measure", "resident_peak_mib", "signed", "wsgi_environ"]

EXAMPLE = Path(__file__).parents[1] / "examples" / "CC015C.xml"
#: Milliseconds for one execution.
Cost = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """An open gateway and the means to send to it, all in this process."""

    gateway: Gateway
    profile: ClientProfile
    key: KeyPair

    @classmethod
    def open(cls, folder: Path) -> "Workshop":
        """Prepare a sandbox without serving it."""
        sandbox = prepare_sandbox(folder, port=0)
        if sandbox.profile.key is None:
            raise SystemExit("the sandbox has no key")
        return cls(
            gateway=open_gateway(load_settings(sandbox.config), component="bench"),
            profile=sandbox.profile,
            key=load_pkcs12(sandbox.profile.key.read_bytes(), sandbox.profile.key_password),
        )

    def signed(self) -> bytes:
        """A signed declaration with an LRN of its own."""
        return signed(self.key)

    def request(self) -> bytes:
        """A SOAP request that sends such a declaration."""
        return self.requests().accept_document(self.signed(), filename="CC015C.xml", system="NCTS2")

    def requests(self) -> Requests:
        """Writes requests of the sandbox's account."""
        profile = self.profile
        return Requests(endpoint_of(profile.url), login=profile.login, password=profile.password)

    def accept(self, content: bytes) -> str:
        """Send a document past HTTP and SOAP; its sysRef."""
        expires = clock.now() + timedelta(minutes=10)
        caller = Caller(login=self.login, nonce=clock.new_id(), nonce_expires=expires)
        document = Content(data=content, mime="application/xml", filename="CC015C.xml")
        submission = Submission(content=document, target_systems=())
        return self.gateway.channel.accept_document(caller, submission)

    @property
    def login(self) -> str:
        """Of the sandbox's account."""
        return self.profile.login or ""

    def close(self) -> None:
        """Release the store."""
        self.gateway.store.close()


def signed(key: KeyPair, content: bytes | None = None) -> bytes:
    """A declaration with an LRN of its own, signed; the example unless another is given."""
    root = parse(content or EXAMPLE.read_bytes(), ParseLimits())
    lrn = next(root.iter("LRN"))
    lrn.text = clock.new_id().replace("-", "").upper()[:20]
    return sign_enveloped(root, key, at=clock.now(), ids=clock.signature_id)


def wsgi_environ(body: bytes) -> dict[str, object]:
    """A POST of the channel as a WSGI server gives it to us."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }


def measure(action: Callable[[], object], *, times: int) -> dict[str, float]:
    """CPU and wall milliseconds of one execution, after a warm-up and a garbage collection."""
    action()
    settle()
    cpu, wall = process_time(), perf_counter()
    for _ in range(times):
        action()
    return {
        "cpu": round((process_time() - cpu) * 1000 / times, 4),
        "wall": round((perf_counter() - wall) * 1000 / times, 4),
    }


def resident_peak_mib(pid: int | str = "self") -> float:
    """The most a process has had so far: VmHWM of Linux, which a parent's own memory does not count in."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024
