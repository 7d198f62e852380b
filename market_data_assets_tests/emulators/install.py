"""Installs the BigQuery emulator into the folder that is given, with whatever Python 3.13 or newer this machine has."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_VERSIONS = ("3.13", "3.14", "3.15")
_LOCK = Path(__file__).with_name("requirements.lock")


def main() -> None:
    target = Path(sys.argv[1])
    python = next((found for found in _candidates() if _is_new_enough(found)), None)
    if python is None:
        print("no Python 3.13 or newer: tests against BigQuery will be skipped; set EMULATOR_PYTHON to one", file=sys.stderr)  # noqa: T201
        return
    subprocess.run([python, "-m", "venv", "--clear", target], check=True)
    inside, wanted = target / "bin" / "python", ["--quiet", "--no-deps", "--require-hashes", "--requirement", _LOCK]
    # As in the Makefile: where only pip knows the index, pip does it.
    if subprocess.run([sys.executable, "-m", "uv", "pip", "install", "--python", inside, *wanted], check=False).returncode:
        subprocess.run([inside, "-m", "pip", "install", "--disable-pip-version-check", *wanted], check=True)


def _candidates() -> Iterator[str]:
    if chosen := os.environ.get("EMULATOR_PYTHON"):
        yield chosen
    yield sys.executable
    for version in _VERSIONS:
        if found := shutil.which(f"python{version}"):
            yield found
        # Of pyenv's versions only those that are switched on are on the path.
        root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
        yield from map(str, sorted(root.glob(f"versions/{version}.*/bin/python")))


def _is_new_enough(python: str) -> bool:
    check = "import sys, venv; sys.exit(sys.version_info < (3, 13))"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
