"""Checks of this machine: settings and where each comes from, Python, packages, disk space."""

import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

import market_data_assets
from market_data_assets.settings import CONFIG_FILE, KEYS, Key, variable_name
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.subject import Subject

_PACKAGE = "market-data-assets"
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+) *(;?)", re.MULTILINE)
_BOUND = re.compile(r"(>=|<)(\d+)\.(\d+)")
_NOT_INSTALLED = "not installed"
_SHOWN = 5
_LITTLE, _TOO_LITTLE = 5 << 30, 500 << 20


def settings(subject: Subject) -> Outcome:
    """Every setting that is not a default, with where it was set. Secrets are not shown."""
    origins = _origins(subject)
    shown = [f"{'.'.join(key)} = {_shown(_value(subject, key))} ({origin})" for key, origin in origins.items()]
    where = f"lake {subject.settings.root_url}, warehouse {subject.settings.warehouse}, source {subject.settings.source}"
    return Outcome(Status.OK, "; ".join([where, *shown, "all others are defaults"]))


def python(_subject: Subject) -> Outcome:
    """Whether the package supports this Python."""
    found, supported = sys.version.split(maxsplit=1)[0], metadata(_PACKAGE)["Requires-Python"]
    bounds = {sign: (int(major), int(minor)) for sign, major, minor in _BOUND.findall(supported)}
    if bounds[">="] <= sys.version_info[:2] < bounds["<"]:
        return Outcome(Status.OK, f"Python {found}")
    return Outcome(Status.FAIL, f"Python {found}", f"use a Python {supported}")


def packages(_subject: Subject) -> Outcome:
    """Whether the installed packages are those of the lock file."""
    lock = Path(market_data_assets.__file__).parents[1] / "requirements.lock"
    if not lock.is_file():
        return Outcome(Status.SKIPPED, "no requirements.lock beside the package: it was not installed from a checkout")
    pinned: dict[str, set[str]] = {}
    for name, wanted, marker in _PINNED.findall(lock.read_text(encoding="utf-8")):
        # With a marker it is for some Pythons or systems only, and there may be another line for this one, or none.
        pinned.setdefault(name, set()).update([wanted, *([_NOT_INSTALLED] if marker else [])])
    other = [
        f"{name} {found}, locked {' or '.join(sorted(wanted))}"
        for name, wanted in pinned.items()
        if (found := _installed(name)) not in wanted
    ]
    if not other:
        return Outcome(Status.OK, f"{len(pinned)} packages as locked")
    more = f" and {len(other) - _SHOWN} more" if len(other) > _SHOWN else ""
    return Outcome(Status.WARN, "; ".join(other[:_SHOWN]) + more, "make setup, which installs from the lock")


def disk_space(subject: Subject) -> Outcome:
    """Whether there is room for scratch files, caches and what is stored on this machine."""
    folders = {"scratch": Path(tempfile.gettempdir()), "downloads": subject.settings.cache, "read cache": subject.settings.read_cache}
    if subject.settings.root_url.startswith("file://"):
        folders["lake"] = Path(subject.settings.root)
    if subject.settings.warehouse == "embedded":
        folders["warehouse"] = subject.settings.warehouse_root
    free = {name: shutil.disk_usage(_existing(folder)).free for name, folder in folders.items()}
    found = ", ".join(f"{name} {size / 1e9:,.1f} GB free" for name, size in free.items())
    if min(free.values()) < _TOO_LITTLE:
        return Outcome(Status.FAIL, found, "make room: writing a day fails when the disk is full")
    if min(free.values()) < _LITTLE:
        return Outcome(Status.WARN, found, "less than 5 GB: a day of many instruments may not fit")
    return Outcome(Status.OK, found)


def _origins(subject: Subject) -> dict[Key, str]:
    given = _file_values(subject)
    origins = {key: "environment" for key in KEYS if subject.environ.get(variable_name(key), "").strip()}
    return {key: origins.get(key) or f"{given[0]}" for key in KEYS if key in origins or key in given[1]}


def _file_values(subject: Subject) -> tuple[str, frozenset[Key]]:
    """The settings file and the keys that stand in it; the settings were read from it, so it is valid."""
    file = Path(subject.environ.get("MDA_CONFIG") or CONFIG_FILE)
    if not file.is_file():
        return "", frozenset()
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    return file.name, frozenset(_keys_in(values))


def _keys_in(values: dict[str, Any]) -> Iterator[Key]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((name, inner) for inner in value)
        else:
            yield (name,)


def _value(subject: Subject, key: Key) -> object:
    value: object = subject.settings
    for name in key:
        value = getattr(value, name)
    return value


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(hidden)"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    parts = urlsplit(text)
    # A user and a password may stand in a URL.
    return text if "@" not in parts.netloc else parts._replace(netloc=f"(hidden)@{parts.netloc.rpartition('@')[2]}").geturl()


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _NOT_INSTALLED


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
