"""SoftHSM: a PKCS#11 token made of files."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

PIN = "87654321"
_LIBRARIES = [
    Path(folder) / "libsofthsm2.so"
    for folder in (
        "/usr/lib/softhsm",
        "/usr/lib/x86_64-linux-gnu/softhsm",
        "/usr/lib/aarch64-linux-gnu/softhsm",
        "/usr/lib64/pkcs11",
        "/opt/homebrew/lib/softhsm",
    )
]


@dataclass(frozen=True, kw_only=True)
class SoftHsm:
    library: Path
    config: Path  # for SOFTHSM2_CONF, which the library reads once a process


def make_tokens(folder: Path, *labels: str) -> SoftHsm:
    """Empty tokens with the user PIN above; skips the test where SoftHSM or python-pkcs11 is missing."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    library = next((file for file in _LIBRARIES if file.is_file()), None)
    program = which("softhsm2-util")
    if library is None or program is None:
        pytest.skip("SoftHSM is not installed")
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    for label in labels:
        command = [program, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN]
        subprocess.run(
            command, check=True, capture_output=True, env={**os.environ, "SOFTHSM2_CONF": str(config)}
        )
    return SoftHsm(library=library, config=config)
