"""Commands to try the gateway out: sandbox, demo."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from gateway.cli.output import console, print_json, say
from gateway.observe import configure_logging
from gateway.sandbox.demo import run_demo
from gateway.sandbox.serving import Sandbox, only_sandbox, prepare_sandbox, serve_sandbox
from gateway.supervisor import on_stop_signal

__all__ = ["demo", "sandbox"]

#: Columns that the demo's table needs to be read without pain; narrower terminals get it all the same.
_DEMO_WIDTH = 140


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
                stop.wait()
            configure_logging("warning")  # the log is closed now


def demo() -> None:
    """Run the whole tour against a gateway in a temporary folder, and leave nothing behind."""
    configure_logging("warning")
    signal.signal(signal.SIGTERM, _interrupt)
    _on_hang_up(_interrupt)
    shown = console()
    if not run_demo(shown if shown.width >= _DEMO_WIDTH else Console(width=_DEMO_WIDTH)):
        raise typer.Exit(1)


def _on_hang_up(handler: Any) -> None:  # noqa: ANN401 - what signal.signal takes
    """Act on a closed terminal too, unless started to survive it (nohup)."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End like Ctrl-C, which cleans up."""
    raise KeyboardInterrupt


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
