"""Commands to try the gateway out: sandbox, demo."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gateway.cli.output import console, print_json, say
from gateway.observe import configure_logging
from gateway.sandbox.demo import run_demo
from gateway.sandbox.serving import Sandbox, only_sandbox, prepare_sandbox, serve_sandbox
from gateway.supervisor import SIGNAL_SECONDS, on_stop_signal, wait_for_stop

__all__ = ["demo", "sandbox"]

#: Columns that the demo's table needs to be read without pain; narrower terminals get it all the same.
_DEMO_WIDTH = 140
_INTERRUPTED = 130  # as shells tell Ctrl-C


def sandbox(
    folder: Annotated[Path, typer.Option("--dir", help="Folder for everything; made if needed.")] = Path(
        "sandbox"
    ),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0: any free one.")
    ] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="Once ready, print one JSON line.")] = False,
) -> None:
    """Serve a gateway with sandbox data and simulated back ends until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    on_stop_signal(stop)
    _on_hang_up(signal.getsignal(signal.SIGTERM))
    with only_sandbox(folder):
        prepared = prepare_sandbox(folder, port=port)
        with prepared.log.open("a", encoding="utf-8") as log:
            configure_logging("info", log)
            with serve_sandbox(prepared, stop):
                if not stop.is_set():
                    _greet(prepared, as_json=as_json)
                wait_for_stop(stop)
            configure_logging("warning")  # the log is closed now


def demo() -> None:
    """Run the whole tour against a gateway in a temporary folder, and leave nothing behind."""
    configure_logging("warning")
    stop = threading.Event()
    on_stop_signal(stop)
    _on_hang_up(signal.getsignal(signal.SIGTERM))
    shown = console()
    wide = shown if shown.width >= _DEMO_WIDTH else Console(width=_DEMO_WIDTH)
    # Signals are for this thread, which only waits: raised in the midst of work, an exception may be lost.
    with ThreadPoolExecutor(max_workers=1) as tour:
        ending = tour.submit(run_demo, wide, stop)
        while not ending.done():  # a signal that met another thread is seen at the next turn
            wait([ending], timeout=SIGNAL_SECONDS)
    good = ending.result()
    if good is None:
        raise typer.Exit(_INTERRUPTED)
    if not good:
        raise typer.Exit(1)


def _on_hang_up(handler: Any) -> None:  # noqa: ANN401 - what signal.signal takes
    """Act on a closed terminal too, unless started to survive it (nohup)."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def _greet(prepared: Sandbox, *, as_json: bool) -> None:
    if as_json:
        print_json(prepared.as_json())
        return
    profile = prepared.profile
    say("\nsisc-gateway sandbox with simulated NCTS2, AES, AIS and EMCSPL2", style="bold")
    say(f"""
  service   {prepared.endpoint}
  WSDL      {prepared.endpoint}?wsdl
  account   {profile.login}
  password  {profile.password}
  key       {profile.key}  (password {profile.key_password})
  firm      {prepared.entity}
  log       {prepared.log}

Try, in another terminal:

  {prepared.next_command}

Ctrl-C stops it.""")
