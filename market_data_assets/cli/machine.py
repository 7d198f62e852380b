"""`market-data ui`, `market-data sweep-runs` and `market-data warm-up`: what this machine needs."""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from market_data_assets.cli.console import DEFAULT_HOME, MACHINE, AsJson, Home, app, err, examples, out
from market_data_assets.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from market_data_assets.defs.boot_sweep import SweptRun


@app.command("warm-up", rich_help_panel=MACHINE)
def warm_up() -> None:
    """Compile the numerical code once, so that the first day does not wait for it."""
    from market_data_assets.warm_up import warm_up  # noqa: PLC0415

    with err.status("compiling the numerical code, once"):
        warm_up()


@app.command(rich_help_panel=MACHINE, epilog=examples("market-data ui", "market-data ui --port 3001"))
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start the Dagster web server and daemon on this machine; Ctrl-C stops both.

    Runs whose process is gone, after a reboot or a kill, are reported failed first. A home has one daemon: a second one is refused.
    """
    from market_data_assets.defs.instance import has_runs, hold_home, prepare_home  # noqa: PLC0415

    _require_free(port)
    prepare_home(home)
    hold_home(home)
    if has_runs(home):
        _print(_sweep(home))
    # Dagster says of `dagster dev` that `dg dev` is its new name; that is no news for who runs this command.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning:click.core"
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    # A shell without job control starts what is in its background deaf to SIGINT, which Dagster also makes of a SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = ["dagster", "dev", "--module-name", "market_data_assets.definitions", "--host", "127.0.0.1", "--port", str(port)]
    out.print(f"starting; the UI will be at http://127.0.0.1:{port}, Ctrl-C stops it", highlight=False)
    os.execv(Path(sys.executable).with_name("dagster"), arguments)


@app.command("sweep-runs", rich_help_panel=MACHINE, epilog=examples("market-data sweep-runs --dagster-home /var/lib/dagster"))
def sweep_runs(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Report runs failed whose process is gone, and free what they held of the pools; a line for each.

    For a unit that starts before the daemon does. Queued runs stay, and so does every run whose process is there.
    """
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    swept = _sweep(home)
    if as_json:
        for run in swept:
            typer.echo(json.dumps(asdict(run)))
    else:
        _print(swept)


def _sweep(home: Path) -> "Sequence[SweptRun]":
    import datetime as dt  # noqa: PLC0415

    # Dagster takes seconds to import.
    from market_data_assets.defs.boot_sweep import sweep_runs  # noqa: PLC0415
    from market_data_assets.defs.instance import open_instance  # noqa: PLC0415

    with open_instance(home) as instance:
        return sweep_runs(instance, dt.datetime.now(dt.UTC))


def _print(swept: "Sequence[SweptRun]") -> None:
    for run in swept:
        out.print(str(run), highlight=False, soft_wrap=True, markup=False)


def _require_free(port: int) -> None:
    """Dagster would say so with a traceback, and only once its other services are up.

    Raises:
        SettingsError: something listens on the port, or may not be listened on by this user.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); choose another one with --port") from None
