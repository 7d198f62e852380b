"""The only reader of the environment and of ``market_data.toml``. Nothing is read before ``Settings.load`` is called.

Every key has one name in the file and one in the environment, which wins: ``[tardis] api_url`` is ``MDA_TARDIS_API_URL``.
"""

import datetime as dt
import difflib
import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from market_data_assets.domain.days import parse_day
from market_data_assets.domain.universe import Universe, id_pattern
from market_data_assets.domain.venues import find_markets
from market_data_assets.errors import SettingsError

CONFIG_FILE = "market_data.toml"
_PREFIX = "MDA_"
_CONFIG = "MDA_CONFIG"
# Read by the tests alone, and allowed here so that a shell set up for the tests can run the platform too.
_TEST_VARIABLES = (
    *("MDA_SAMPLES", "MDA_REQUIRE_SAMPLES", "MDA_REQUIRE_EMULATORS"),
    *("MDA_CHROMIUM", "MDA_REQUIRE_BROWSER", "MDA_SCREENSHOTS"),
)
_ROOT_SCHEMES = ("file", "memory", "gs")
_SOURCE_SCHEMES = ("https", "http", "file")

Key = tuple[str, ...]
"""Where a value stands in the file: ``("root",)``, or ``("tardis", "api_url")`` in the table ``[tardis]``."""


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("no such user, whose home folder could be meant") from None


def _url(text: str, schemes: tuple[str, ...]) -> str:
    """``text`` as a URL without a final slash; a plain path becomes an absolute ``file://`` URL."""
    if not text.strip():
        raise ValueError("expected a path or a URL, found nothing")
    if "://" not in text:
        return _absolute(Path(text)).as_uri()
    parts = urlsplit(text)
    if parts.scheme not in schemes:
        raise ValueError(f"expected a plain path or a URL that starts with {', '.join(f'{scheme}://' for scheme in schemes)}")
    if parts.scheme == "file" and (parts.netloc or not parts.path.startswith("/")):
        raise ValueError("expected three slashes and an absolute path after file:")
    if parts.scheme in {"gs", "http", "https"} and not parts.netloc:
        raise ValueError(f"expected a name after {parts.scheme}://")
    return text.rstrip("/") if parts.netloc or parts.path.strip("/") else text


def _root(text: str) -> str:
    """``text`` as it is shown: an absolute path, or a URL."""
    url = _url(text, _ROOT_SCHEMES)
    return url if "://" in text else str(_local_folder(url))


def _web_url(text: str) -> str:
    """``text`` as an ``http(s)://`` URL without a final slash; it is in no message."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("expected a URL that starts with https:// or http:// and names a host")
    return text.rstrip("/")


def _secret_url(secret: SecretStr) -> SecretStr:
    # A final slash may be part of an address that nobody may guess.
    _web_url(secret.get_secret_value())
    return secret


def _local_folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _venue(name: str) -> str:
    find_markets(name)
    return name


def _data_type(name: str) -> str:
    Universe(data_types=(name,))
    return name


_Root = Annotated[str, AfterValidator(_root)]
_SourceUrl = Annotated[str, AfterValidator(lambda text: _url(text, _SOURCE_SCHEMES))]
_WebUrl = Annotated[str, AfterValidator(_web_url)]
_SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
_Folder = Annotated[Path, AfterValidator(_absolute)]
_Venue = Annotated[str, AfterValidator(_venue)]
_Pattern = Annotated[str, AfterValidator(id_pattern)]
_DataType = Annotated[str, AfterValidator(_data_type)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


class TardisSettings(_Table):
    """Where Tardis is: its own servers, a mirror, or a folder in the same layout (``file://`` or a plain path)."""

    datasets_url: _SourceUrl = "https://datasets.tardis.dev"
    api_url: _SourceUrl = "https://api.tardis.dev"
    api_key: SecretStr | None = None


class BinanceVisionSettings(_Table):
    """Where the public Binance files are: its own server, a mirror, or a folder in the same layout."""

    url: _SourceUrl = "https://data.binance.vision"


class BigQuerySettings(_Table):
    """Which BigQuery dataset holds the analytics tables, and what a query may cost.

    Attributes:
        location: Region of the dataset when the migration creates it, such as ``EU``; BigQuery's own default without one.
        max_bytes_billed: A query that would scan more is refused before it runs.
        endpoint: URL of an emulator's REST API; Google's without one. With an emulator no credentials are needed.
        storage_endpoint: Host and port of the emulator's Storage API.
    """

    project: str | None = None
    dataset: str = Field(default="market_data_analytics", pattern=r"^[A-Za-z0-9_]{1,1024}$")
    location: str | None = None
    max_bytes_billed: int = Field(default=100 * 1024**3, ge=10 * 1024**2)
    endpoint: _SourceUrl | None = None
    storage_endpoint: str | None = Field(default=None, pattern=r"^[^/:]+:\d+$")


def _default_warehouse_root(known: Mapping[str, Any]) -> Path:
    return (_local_folder(_url(known["root"], _ROOT_SCHEMES)) or Path("data").absolute()) / "market_data_analytics"


def _default_cache(known: Mapping[str, Any]) -> Path:
    root = _local_folder(_url(known["root"], _ROOT_SCHEMES))
    return root / "_downloads" if root else Path(tempfile.gettempdir()) / "market_data_assets_downloads"


def _default_read_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "market_data_assets"


class Settings(_Table):
    """What a deployment chose. Frozen; secrets do not show in its repr.

    Attributes:
        root: Where the lake is: an absolute path, or a URL without a final slash.
        venues: As given, known to exist; :attr:`universe` resolves them. Empty = all.
        instruments: Patterns of ids in canonical case. Empty = all.
        data_types: Names of raw data types. Empty = all.
        warehouse_root: Folder of the embedded warehouse's tables.
        first_day: First UTC day that is a partition, inclusive.
        retries: How often a step that asks the vendor or loads the warehouse is tried again after an error that may be gone by then.
        retry_seconds: The pauses before those attempts are about 1, 3, 7, … times as long.
        automation: Whether schedules and sensors are on from the start.
        notify_url: Where a failed run is told, as JSON with a ``text`` such as Slack takes; the URL is a secret. None tells nobody.
        ui_url: Where people reach the UI, for the links in what they are told.
        workers: How many instruments are worked on side by side.
        cache: Folder of downloaded files.
        read_cache: Folder where readers of a bucket keep the ranges they have fetched.
        read_cache_bytes: Most bytes kept there; 0 keeps nothing.
    """

    root: _Root = "data"
    source: Literal["simulated", "tardis", "binance_vision"] = "simulated"
    venues: tuple[_Venue, ...] = ()
    instruments: tuple[_Pattern, ...] = ()
    data_types: tuple[_DataType, ...] = ()
    warehouse: Literal["embedded", "bigquery"] = "embedded"
    warehouse_root: _Folder = Field(default_factory=_default_warehouse_root)
    first_day: Annotated[dt.date, BeforeValidator(parse_day)] = dt.date(2019, 3, 30)
    retries: int = Field(default=3, ge=0, le=20)
    retry_seconds: float = Field(default=30.0, ge=0, le=3_600)
    automation: bool = False
    notify_url: _SecretUrl | None = None
    ui_url: _WebUrl = "http://127.0.0.1:3000"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    cache: _Folder = Field(default_factory=_default_cache)
    read_cache: _Folder = Field(default_factory=_default_read_cache)
    read_cache_bytes: int = Field(default=10 * 1024**3, ge=0)
    tardis: TardisSettings = TardisSettings()
    binance_vision: BinanceVisionSettings = BinanceVisionSettings()
    bigquery: BigQuerySettings = BigQuerySettings()

    @property
    def root_url(self) -> str:
        """Where the lake is, always as a URL: ``file://``, ``memory://`` or ``gs://``."""
        return _url(self.root, _ROOT_SCHEMES)

    @property
    def universe(self) -> Universe:
        """The chosen markets, instruments and data types."""
        return Universe(self.venues, self.instruments, self.data_types)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.warehouse == "bigquery" and not self.bigquery.project:
            raise ValueError("MDA_WAREHOUSE bigquery needs MDA_BIGQUERY_PROJECT ([bigquery] project)")
        return self

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, file: Path | None = None) -> "Settings":
        """The settings of a file, overridden by the environment. An empty variable counts as not set.

        Args:
            environ: The process's environment unless given.
            file: ``MDA_CONFIG``, else ``market_data.toml`` in the working directory where there is one. Relative
                paths in a file start at its folder, those in the environment at the working directory.

        Raises:
            SettingsError: an unknown key or a value that is not allowed; one line that lists what is.
        """
        environ = os.environ if environ is None else environ
        variables = {name: text for name, text in environ.items() if name.startswith(_PREFIX) and text.strip()}
        _refuse_unknown_variables(variables)
        file = file or _config_file(variables)
        values = {} if file is None else _read_file(file)
        labels = {}
        for key in KEYS:
            variable = variable_name(key)
            labels[key] = variable if variable in variables or file is None else f"{file.name}: {'.'.join(key)}"
            if variable in variables:
                _put(values, key, variables[variable], variable)
        return _validate(values, labels, file)

    @classmethod
    def at(cls, root: str | Path) -> "Settings":
        """The defaults, with the lake at ``root``: a path or a URL. Neither file nor environment is read."""
        return _validate({"root": str(root)}, {key: ".".join(key) for key in KEYS}, None)


def _keys() -> dict[Key, Any]:
    """Every key with its type, as the model declares them."""
    keys: dict[Key, Any] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Table):
            keys |= {(name, inner): declared.annotation for inner, declared in field.annotation.model_fields.items()}
        else:
            keys[(name,)] = field.annotation
    return keys


KEYS = _keys()
_LISTS = {key for key, annotation in KEYS.items() if getattr(annotation, "__origin__", None) is tuple}
_SECRETS: tuple[Key, ...] = (("tardis", "api_key"), ("notify_url",))
_PATHS = {
    ("root",),
    ("warehouse_root",),
    ("cache",),
    ("read_cache",),
    ("tardis", "datasets_url"),
    ("tardis", "api_url"),
    ("binance_vision", "url"),
}


def variable_name(key: Key) -> str:
    """The environment variable of a key."""
    return _PREFIX + "_".join(key).upper()


def _hint(name: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(allowed), n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _refuse_unknown_variables(variables: Iterable[str]) -> None:
    allowed = [*map(variable_name, KEYS), _CONFIG, *_TEST_VARIABLES]
    for name in variables:
        if name not in allowed:
            raise SettingsError(f"environment variable {name} is not known; allowed are {', '.join(allowed)}{_hint(name, allowed)}")


def _config_file(variables: Mapping[str, str]) -> Path | None:
    if _CONFIG in variables:
        return Path(variables[_CONFIG])
    default = Path(CONFIG_FILE)
    return default if default.is_file() else None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {file}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings file {file}: not TOML ({error})") from None
    for key in _SECRETS:
        if key[-1] in ((values if len(key) == 1 else values.get(key[0])) or {}):
            raise SettingsError(f"settings file {file}: {key[-1]} is a secret, it belongs in the environment, as {variable_name(key)}")
    for key in _PATHS:
        table = values if len(key) == 1 else values.get(key[0])
        if isinstance(table, dict) and isinstance(text := table.get(key[-1]), str) and "://" not in text and text.strip():
            table[key[-1]] = text if text.startswith("~") else str(file.absolute().parent / text)
    return values


def _put(values: dict[str, Any], key: Key, text: str, variable: str) -> None:
    table = values if len(key) == 1 else values.setdefault(key[0], {})
    if not isinstance(table, dict):
        raise SettingsError(f"{variable} cannot be set: {key[0]} in the settings file is not a table")
    table[key[-1]] = [part.strip() for part in text.split(",") if part.strip()] if key in _LISTS else text


def _validate(values: Mapping[str, Any], labels: Mapping[Key, str], file: Path | None) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as refused:
        complaints = [_complaint(dict(error), labels, file) for error in refused.errors() if error["type"] != "default_factory_not_called"]
    raise SettingsError("; ".join(complaints))


def _complaint(error: Mapping[str, Any], labels: Mapping[Key, str], file: Path | None) -> str:
    place = tuple(part for part in error["loc"] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        allowed = [key[-1] for key in KEYS if key[:-1] == place[:-1]]
        allowed += [] if place[:-1] else sorted({key[0] for key in KEYS if len(key) == 2})
        where = f"{file.name if file else 'settings'}: {'.'.join(place)}"
        return f"{where} is not known; allowed are {', '.join(allowed)}{_hint(place[-1], allowed)}"
    if place not in labels:
        # A whole table of the wrong shape, or values that do not go together. What was given may hold the key: not shown.
        return f"{'.'.join(place)}: {error['msg']}" if place else _plain(error["msg"])
    shown = "" if place in _SECRETS else f" {error['input']!r}"
    if error["type"] == "literal_error":
        allowed = list(get_args(KEYS[place]))
        return f"{labels[place]}{shown}: expected one of {', '.join(allowed)}{_hint(str(error['input']), allowed)}"
    return f"{labels[place]}{shown}: {_plain(error['msg'])}"


def _plain(message: str) -> str:
    """Pydantic's words without its own prefix and without line breaks."""
    return " ".join(message.removeprefix("Value error, ").split())
