"""Compiling the schemas of a pack once, in a process of its own with little memory and time.

A schema that does not end or fills the memory takes only that process with it. Run as a program: paths of
schemas come in on standard input, a JSON line each goes out.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Final

from schemas.compiling import Engine, compile_fast, compile_slow
from schemas.errors import CatalogueError, PackError
from schemas.files import load_schema

__all__ = ["Budget", "Compiled", "compile_all"]

_GIB: Final = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What compiling all schemas of a pack may take. The largest official set needs 3 s and 0.1 GiB."""

    cpu_seconds: int = 120
    memory_bytes: int = 2 * _GIB


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A schema that can be used."""

    schema: str
    engine: Engine
    seconds: float  # CPU


def compile_all(folder: Path, schemas: Iterable[str], budget: Budget = Budget()) -> Iterator[Compiled]:
    """Compile schemas, told one by one.

    Args:
        folder: what they may refer to.
        schemas: paths below it.
        budget: what it may take.

    Raises:
        PackError: one cannot be compiled, or not within the budget.
    """
    wanted = list(schemas)
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", __name__, str(folder), str(budget.cpu_seconds), str(budget.memory_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield from _read(process, wanted, budget)
        finally:
            process.kill()


def _read(process: "subprocess.Popen[str]", wanted: list[str], budget: Budget) -> Iterator[Compiled]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("opened without pipes")
    process.stdin.write("\n".join(wanted))
    process.stdin.close()
    for schema in wanted:
        line = process.stdout.readline()
        if not line:
            reason = f"cannot be compiled within {budget.cpu_seconds} s and {budget.memory_bytes // _GIB} GiB"
            raise PackError(source=schema, reason=reason)
        told = json.loads(line)
        if "error" in told:
            raise PackError(source=schema, reason=told["error"])
        yield Compiled(schema=schema, engine=Engine(told["engine"]), seconds=told["seconds"])


def _main(folder: Path, budget: Budget) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (budget.cpu_seconds, budget.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (budget.memory_bytes, budget.memory_bytes))
    for schema in sys.stdin.read().splitlines():
        print(json.dumps(_try(folder, schema)), flush=True)  # noqa: T201 - the answer to the parent


def _try(folder: Path, schema: str) -> dict[str, object]:
    started = process_time()
    try:
        files = load_schema(folder, schema)
        engine = Engine.LIBXML2
        if compile_fast(files) is None:
            engine = Engine.XMLSCHEMA
            compile_slow(files, folder / schema)
    except CatalogueError as error:
        return {"error": error.reason}
    return {"engine": engine.value, "seconds": round(process_time() - started, 3)}


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Budget(cpu_seconds=int(sys.argv[2]), memory_bytes=int(sys.argv[3])))
