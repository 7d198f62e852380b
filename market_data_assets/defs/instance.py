"""The Dagster instance of one machine: a folder that is made ready the first time it is used."""

import fcntl
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from market_data_assets.errors import SettingsError

if TYPE_CHECKING:
    import dagster as dg


def prepare_home(home: Path) -> None:
    """Create ``home`` with our ``dagster.yaml`` unless it already has one of its own."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_bytes(files("market_data_assets.defs").joinpath("dagster.yaml").read_bytes())


def hold_home(home: Path) -> None:
    """Keep ``home`` for this process, and for what it becomes by ``exec``, until that ends: two daemons would each start what one should.

    Raises:
        SettingsError: another process keeps it.
    """
    descriptor = os.open(home / "ui.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SettingsError(f"market-data ui runs already on {home}; stop it, or choose another folder with --dagster-home") from None
    os.set_inheritable(descriptor, True)


def has_runs(home: Path) -> bool:
    """Whether ``home`` may hold runs: it has a database of them, or keeps them in a server of its own choice."""
    return (home / "history").is_dir() or "\nstorage:" in "\n" + (home / "dagster.yaml").read_text(encoding="utf-8")


def open_instance(home: Path) -> "dg.DagsterInstance":
    """The instance whose runs the UI shows when it is started with the same ``DAGSTER_HOME``."""
    # Dagster takes seconds to import, which the command that only prepares a home should not pay.
    from dagster import DagsterInstance  # noqa: PLC0415

    prepare_home(home)
    return DagsterInstance.from_config(str(home))


def open_terminal_instance(home: Path) -> "dg.DagsterInstance":
    """As :func:`open_instance`, for runs in this process, whose output is the terminal's.

    Capturing it would take four processes a run, which Ctrl-C ends with a traceback of their own. What ``home`` says of logs holds.
    """
    from dagster import DagsterInstance  # noqa: PLC0415
    from dagster._core.instance.ref import InstanceRef  # noqa: PLC0415

    prepare_home(home)
    if "\ncompute_logs:" in "\n" + (home / "dagster.yaml").read_text(encoding="utf-8"):
        return open_instance(home)
    nowhere = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides={"compute_logs": nowhere}))
