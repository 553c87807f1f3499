"""A gateway to try things on: one folder with settings, keys, a signer with rights in every system."""

import contextlib
import fcntl
import json
import re
import secrets
import shutil
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from gateway import clock
from gateway.bootstrap import open_gateway
from gateway.client.profile import ClientProfile, load_profile
from gateway.errors import ConfigurationError, UnavailableError
from gateway.keys import write_secret_file
from gateway.listening import find_port
from gateway.observe import Observer, share_metrics
from gateway.pki.authority import init_authority, init_seal
from gateway.pki.publishing import Publisher
from gateway.sandbox.cast import ENTITY_EORI, STRANGER, TESTER, Signer
from gateway.sandbox.people import OPERATOR, enrol, firm
from gateway.settings import CONFIG_VARIABLE, load_settings
from gateway.soap.names import PATH
from gateway.store.sql_store import SqlStore
from gateway.supervisor import Supervisor, command
from registry.repository import RegistryRepository
from signing.authority import KeyType
from signing.keys import KeyPair, write_pkcs12

__all__ = ["ENTITY_EORI", "Sandbox", "Signer", "enrol", "only_sandbox", "prepare_sandbox", "serve_sandbox"]

_READY_SECONDS: Final = 60.0
_PORT_SECONDS: Final = 5.0  # a sandbox that was killed has left its port by then
_LOCK: Final = ".sandbox-lock"
#: First line of the settings file: tells a sandbox from anything else.
_MARK: Final = "# Made by sisc sandbox."
#: What a sandbox consists of.
_OWN_FILES: Final = (
    "client.p12",
    "client.toml",
    "data",
    "gateway.log",
    "keys",
    "stranger.p12",
    "stranger.toml",
    "sisc.toml",  # last: it vouches for the others
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A prepared sandbox."""

    folder: Path
    port: int
    profile: ClientProfile
    entity: str  # EORI

    @property
    def config(self) -> Path:
        """Its settings file."""
        return self.folder / "sisc.toml"

    @property
    def log(self) -> Path:
        """Where its processes write their log records."""
        return self.folder / "gateway.log"

    @property
    def endpoint(self) -> str:
        """Where the channel answers."""
        return f"{self.profile.url}{PATH}"

    @property
    def next_command(self) -> str:
        """What to try first."""
        program = Path(sys.executable).with_name("sisc")
        shown = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
        profile = (
            ""
            if self.folder.absolute() == Path("sandbox").absolute()
            else f" --profile {self.folder}/client.toml"
        )
        return f"{shown} send examples/CC015C.xml --to NCTS2 --wait{profile}"

    def as_json(self) -> dict[str, object]:
        """What a program needs to use it."""
        return {
            "url": self.profile.url,
            "wsdl": f"{self.endpoint}?wsdl",
            "login": self.profile.login,
            "password": self.profile.password,
            "key": str(self.profile.key),
            "key_password": self.profile.key_password,
            "entity": self.entity,
        }


@contextmanager
def only_sandbox(folder: Path) -> Iterator[None]:
    """Keep others from serving the same folder while the block runs; a killed holder keeps nobody out.

    Raises:
        ConfigurationError: the folder cannot be used, or a sandbox is running in it.
    """
    with contextlib.ExitStack() as stack:
        with _usable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((folder / _LOCK).open("ab"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            reason = f"a sandbox is running in {folder} already; end it or name another folder"
            raise ConfigurationError(key="--dir", reason=reason) from error
        yield


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise ConfigurationError(key="--dir", reason=f"{error.filename} is no folder") from error
    except OSError as error:
        raise ConfigurationError(
            key="--dir", reason=f"{error.filename or folder}: {error.strerror}"
        ) from error


def prepare_sandbox(folder: Path, *, port: int) -> Sandbox:
    """Make or reopen a sandbox. One whose making was interrupted is begun anew.

    Args:
        folder: where everything is kept; an existing sandbox keeps its data, accounts and keys.
        port: TCP port on 127.0.0.1; 0 takes any free one.

    Raises:
        ConfigurationError: the folder cannot be used or holds what no sandbox has made, or the port is taken.
    """
    chosen = find_port("127.0.0.1", port, option="--port", patience_seconds=_PORT_SECONDS)
    with _usable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return _prepare(folder.absolute(), chosen)


def _prepare(folder: Path, chosen: int) -> Sandbox:
    profiles = [folder / "client.toml", folder / "stranger.toml"]
    if not all(file.exists() for file in profiles):
        _make(folder, chosen)
    for file in profiles:
        _set_url(file, chosen)
    _set_port(folder / "sisc.toml", chosen)
    _migrate(folder)
    profile = load_profile(profiles[0], url=None, login=None, password_file=None)
    return Sandbox(folder=folder, port=chosen, profile=profile, entity=ENTITY_EORI)


@contextmanager
def serve_sandbox(sandbox: Sandbox, stop: threading.Event) -> Iterator[None]:
    """Serve a sandbox while the block runs; entered once it is ready.

    Args:
        sandbox: from `prepare_sandbox`.
        stop: set at the end, to end its processes.

    Raises:
        UnavailableError: it did not become ready.
    """
    with sandbox.log.open("ab") as log:
        supervisor = Supervisor(
            commands={"web": command("web"), "worker": command("worker")},
            observe=Observer("sandbox"),
            environment={
                CONFIG_VARIABLE: str(sandbox.config),
                **share_metrics(sandbox.folder / "data" / "metrics"),
            },
            log=log,
            stop=stop,
        )
        threads = [
            threading.Thread(target=supervisor.run, name="supervisor"),
            threading.Thread(target=_publish, args=(sandbox, stop), name="publisher"),
        ]
        try:  # an interrupt may come at any line from here on
            for thread in threads:
                thread.start()
            _wait_until_ready(sandbox, stop)
            yield
        finally:
            stop.set()
            for thread in threads:
                if thread.ident is not None:  # it was started
                    thread.join()


def _publish(sandbox: Sandbox, stop: threading.Event) -> None:
    """Keep the authority's CRL and OCSP responder current, as `sisc ca publish --watch` does elsewhere."""
    settings = load_settings(sandbox.config)
    store = SqlStore.open(settings.store_url)
    try:
        Publisher.open(settings, store, clock=clock.now, observe=Observer("publisher")).run(stop)
    finally:
        store.close()


def _make(folder: Path, port: int) -> None:
    _clear(folder)
    _write_settings(folder / "sisc.toml", port)
    _migrate(folder)
    settings = load_settings(folder / "sisc.toml")
    at = clock.now()
    authority = init_authority(settings, name="Sandbox SC CA", key_type=KeyType.P256, at=at)
    init_seal(settings, authority, at=at)
    gateway = open_gateway(settings, component="sandbox")
    with gateway.store.begin() as work:
        RegistryRepository(work.connection).add_entity(firm(), operator=OPERATOR, at=at)
        enrolled = {
            name: (signer, *enrol(gateway, work, authority, signer))
            for name, signer in (("client", TESTER), ("stranger", STRANGER))
        }
        work.commit()
    gateway.store.close()
    for name, (signer, password, key) in enrolled.items():
        _write_profile(folder, name, signer, password, key)


def _write_profile(folder: Path, name: str, signer: Signer, password: str, key: KeyPair) -> None:
    """Key and profile of an account; the profile last, since it marks the sandbox as complete."""
    key_password = secrets.token_urlsafe(12)
    write_secret_file(folder / f"{name}.p12", write_pkcs12(key, name=signer.login, password=key_password))
    values = {
        "url": "",
        "login": signer.login,
        "password": password,
        "key": f"{name}.p12",
        "key_password": key_password,
    }
    write_secret_file(folder / f"{name}.toml", _toml(values).encode())


def _write_settings(file: Path, port: int) -> None:
    write_secret_file(
        file,
        f"""{_MARK}
data = "data"
operator = "Sandbox"

[keys]
authority_password = "{secrets.token_urlsafe(18)}"
responder_password = "{secrets.token_urlsafe(18)}"
seal_password = "{secrets.token_urlsafe(18)}"

[web]
public_url = "{_url(port)}"
port = {port}
""".encode(),
    )


def _set_port(file: Path, port: int) -> None:
    text = file.read_text("utf-8")
    text = re.sub(r'(?m)^public_url = ".*"$', f'public_url = "{_url(port)}"', text)
    _replace(file, re.sub(r"(?m)^port = \d+$", f"port = {port}", text))


def _set_url(file: Path, port: int) -> None:
    values = tomllib.loads(file.read_text("utf-8")) | {"url": _url(port)}
    _replace(file, _toml(values))


def _replace(file: Path, text: str) -> None:
    """Rewrite a file whole or not at all, keeping its permissions narrow."""
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    write_secret_file(temporary, text.encode())
    temporary.replace(file)


def _toml(values: dict[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _migrate(folder: Path) -> None:
    settings = load_settings(folder / "sisc.toml")
    settings.path(settings.data).mkdir(parents=True, exist_ok=True)
    store = SqlStore.open(settings.store_url)
    try:
        store.migrate()
    finally:
        store.close()


def _clear(folder: Path) -> None:
    """Remove what an interrupted making left; files of anybody else are never touched."""
    for draft in [draft for name in _OWN_FILES for draft in folder.glob(f".{name}.*")]:
        draft.unlink()
    present = [folder / name for name in _OWN_FILES if (folder / name).exists()]
    if not present:
        return
    config = folder / "sisc.toml"
    if not (config.is_file() and config.read_bytes().startswith(_MARK.encode())):
        names = ", ".join(file.name for file in present)
        raise ConfigurationError(key="--dir", reason=f"{folder} holds {names}, which no sandbox has made")
    for file in present:
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()


def _wait_until_ready(sandbox: Sandbox, stop: threading.Event) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not stop.wait(0.05):
        if _is_ready(sandbox):
            return
        if time.monotonic() > deadline:
            raise UnavailableError(what="the sandbox", reason=f"not ready in time; see {sandbox.log}")


def _is_ready(sandbox: Sandbox) -> bool:
    try:
        return httpx.get(f"{sandbox.profile.url}/health/ready", timeout=5).is_success
    except httpx.HTTPError:
        return False
