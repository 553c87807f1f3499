"""A process that drops documents into a folder is killed between any two of its steps."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

from routing.adapters.directory import DirectoryBackEnd
from routing.adapters.settings import DirectorySettings
from routing.model import Accepted
from tests.acceptance.running import PROJECT
from tests.integration.adapters.far_side import delivery

#: Delivers the same documents again and again, each time killed one step later, until it is through.
_DELIVER = """
import itertools, os, signal, sys
from pathlib import Path
from routing.adapters.directory import DirectoryBackEnd
from routing.adapters.settings import DirectorySettings
from tests.integration.adapters.far_side import delivery

base = Path(sys.argv[1])
documents = [delivery(sys_ref=ref) for ref in sys.argv[2:]]

def killed_at(step):
    passed = itertools.count()
    def watch(event, arguments):
        if event in {"open", "os.rename", "os.remove"} and next(passed) == step:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)

for step in itertools.count():
    folder = base / str(step)
    folder.mkdir()
    adapter = DirectoryBackEnd("NCTS2", DirectorySettings(outbox=folder, inbox=folder))
    child = os.fork()
    if child == 0:
        killed_at(step)
        adapter.deliver(documents)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(status, flush=True)
    if status == 0:
        break
"""
_STEPS = 10  # two documents, each with its sidecar: four files opened and renamed, the folder synced twice


def whole(folder: Path) -> set[str]:
    """The documents that a batch system would take from a folder; each must be whole."""
    found = set()
    for path in folder.glob("[!.]*.json"):
        told = json.loads(path.read_bytes())
        content = (folder / told["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == told["sha256"]
        found.add(told["sysRef"])
    return found


def test_a_delivery_killed_at_any_step_shows_whole_documents_only_and_is_finished_by_another(
    tmp_path: Path,
) -> None:
    refs = {"first", "second"}
    command = [sys.executable, "-c", _DELIVER, str(tmp_path), *sorted(refs)]
    ended = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert ended == [str(int(signal.SIGKILL))] * _STEPS + ["0"]

    for step in range(_STEPS + 1):
        folder = tmp_path / str(step)
        assert whole(folder) <= refs
        another = DirectoryBackEnd("NCTS2", DirectorySettings(outbox=folder, inbox=folder))
        assert another.deliver([delivery(sys_ref=ref) for ref in refs]) == [Accepted()] * len(refs)
        assert whole(folder) == refs
