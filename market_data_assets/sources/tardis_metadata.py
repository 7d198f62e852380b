"""What Tardis says of an exchange's symbols, parsed: dataset listings (public) and instrument definitions (with a key)."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from market_data_assets.domain.days import day_end, day_start, to_datetime
from market_data_assets.domain.instruments import InstrumentType, OptionType
from market_data_assets.domain.symbols.definition import dataset_symbol
from market_data_assets.domain.symbols.listing import Listing
from market_data_assets.errors import SchemaDrift, UnknownInstrument

_OPTION_TYPES = {"call": OptionType.CALL, "put": OptionType.PUT}


@dataclass(frozen=True, slots=True)
class DatasetSymbol:
    """One symbol that datasets exist for.

    Attributes:
        symbol: As Tardis names the dataset.
        available_from, available_to: UTC, ``[from, to)``; None where Tardis does not say.
    """

    symbol: str
    kind: str | None
    data_types: tuple[str, ...]
    available_from: dt.datetime | None = None
    available_to: dt.datetime | None = None

    def is_available(self, day: dt.date) -> bool:
        """At any moment of the UTC ``day``."""
        begins = self.available_from is None or self.available_from < to_datetime(day_end(day))
        return begins and (self.available_to is None or self.available_to > to_datetime(day_start(day)))


@dataclass(frozen=True, slots=True)
class ExchangeDatasets:
    """The datasets of one exchange, exported for ``[exported_from, exported_until)``.

    Attributes:
        symbols: What files exist for, groups among them.
        members: Every symbol that the exchange has had. They have no data types of their own here: those of many are
            only in the files of their group.
    """

    symbols: tuple[DatasetSymbol, ...]
    exported_from: dt.datetime | None = None
    exported_until: dt.datetime | None = None
    members: tuple[DatasetSymbol, ...] = ()
    _by_name: dict[str, list[DatasetSymbol]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            self._by_name.setdefault(dataset_symbol(symbol.symbol), []).append(symbol)

    def has_files(self, name: str, data_type: str, day: dt.date) -> bool:
        """Whether there are files of this name, a symbol's or a group's, for the data type on the day."""
        return any(data_type in symbol.data_types and symbol.is_available(day) for symbol in self._by_name.get(name, ()))


def parse_exchange(what: str, document: bytes) -> ExchangeDatasets:
    """The answer of ``/v1/exchanges/{exchange}``.

    Raises:
        SchemaDrift: not JSON, or not in the documented shape.
    """
    content = _parse_json(what, document)
    try:
        datasets = content["datasets"]
        symbols = tuple(_dataset_symbol(entry, tuple(entry["dataTypes"])) for entry in datasets["symbols"])
        members = tuple(_dataset_symbol(entry, ()) for entry in content.get("availableSymbols") or ())
        exported = _parse_time(datasets.get("exportedFrom")), _parse_time(datasets.get("exportedUntil"))
        return ExchangeDatasets(symbols, *exported, members)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaDrift(f"{what}: not the documented exchange object: {type(error).__name__} {error}") from None


def parse_instruments(what: str, document: bytes) -> dict[str, Mapping[str, Any]]:
    """The answer of ``/v1/instruments/{exchange}`` by dataset symbol.

    Raises:
        SchemaDrift: not JSON, or not in the documented shape.
    """
    content = _parse_json(what, document)
    try:
        return {dataset_symbol(str(entry.get("datasetId") or entry["id"])): entry for entry in content}
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaDrift(f"{what}: not the documented list of instruments: {type(error).__name__} {error}") from None


def defined_symbol(definition: Mapping[str, Any]) -> DatasetSymbol:
    """The symbol that a definition is of, without data types: definitions name none.

    Raises:
        SchemaDrift: a definition that is not in the documented shape.
    """
    try:
        return _dataset_symbol(definition, ())
    except (KeyError, TypeError, ValueError) as error:
        raise SchemaDrift(f"{definition.get('id')}: not the documented instrument object: {type(error).__name__} {error}") from None


def as_of(definition: Mapping[str, Any], instant: dt.datetime) -> dict[str, Any]:
    """A definition with the values that held at ``instant``.

    Each of its ``changes`` gives the values that held until a moment, exclusive; a field's value is that of the first
    change after ``instant`` that has it, else the current one. (docs.tardis.dev/api/instruments-metadata-api)
    """
    values = {name: value for name, value in definition.items() if name != "changes"}
    changes = [(_parse_time(change["until"]), change) for change in definition.get("changes") or ()]
    later = sorted(((until, change) for until, change in changes if until and until > instant), key=lambda item: item[0])
    # The latest change first, so that the earliest, which is nearest to the instant, has the last word.
    for _, change in reversed(later):
        values.update({name: value for name, value in change.items() if name != "until"})
    return values


def listing_of(exchange: str, symbol: DatasetSymbol, definition: Mapping[str, Any] | None) -> Listing:
    """The listing that symbol rules read, with the definition's metadata where there is one.

    Raises:
        UnknownInstrument: a type or an option type that is not known.
        SchemaDrift: a definition that is not in the documented shape.
    """
    if definition is None:
        return Listing(exchange, symbol.symbol, instrument_type=_parse_type(exchange, symbol.symbol, symbol.kind))
    try:
        expiry = _parse_time(definition.get("expiry"))
        strike = definition.get("strikePrice")
        option = definition.get("optionType")
        return Listing(
            exchange,
            str(definition["id"]),
            instrument_type=_parse_type(exchange, symbol.symbol, definition["type"]),
            base=definition.get("baseCurrency"),
            quote=definition.get("quoteCurrency"),
            settle=definition.get("settlementCurrency"),
            expiry=expiry.date() if expiry else None,
            strike=None if strike is None else Decimal(str(strike)),
            option_type=None if option is None else _OPTION_TYPES[option],
            inverse=definition.get("inverse"),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise SchemaDrift(f"{exchange} {symbol.symbol}: not the documented instrument object: {type(error).__name__} {error}") from None


def definition_details(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What a definition says beyond the id, as arguments of ``define``."""
    return {
        "contract_multiplier": _positive(definition.get("contractMultiplier")),
        "tick_size": _positive(definition.get("priceIncrement")),
        "lot_size": _positive(definition.get("amountIncrement")),
        "min_size": _positive(definition.get("minTradeAmount")),
        "min_notional": _positive(definition.get("minNotional")),
        "expiry": _parse_time(definition.get("expiry")),
        "listed_at": _parse_time(definition.get("listing")),
    }


def status_on(symbol: DatasetSymbol, expiry: dt.datetime | None, day: dt.date) -> str:
    """``active``, ``expired`` or ``delisted`` at the end of the UTC ``day``, from what ended by then."""
    end = to_datetime(day_end(day))
    if expiry is not None and expiry <= end:
        return "expired"
    return "delisted" if symbol.available_to is not None and symbol.available_to <= end else "active"


def _dataset_symbol(entry: Mapping[str, Any], data_types: tuple[str, ...]) -> DatasetSymbol:
    return DatasetSymbol(
        symbol=str(entry["id"]),
        kind=entry.get("type"),
        data_types=data_types,
        available_from=_parse_time(entry.get("availableSince")),
        available_to=_parse_time(entry.get("availableTo")),
    )


def _parse_json(what: str, document: bytes) -> Any:
    try:
        return json.loads(document)
    except ValueError as error:
        raise SchemaDrift(f"{what}: expected JSON, got {document[:80]!r} ({error})") from None


def _parse_time(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    parsed = dt.datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone")
    return parsed.astimezone(dt.UTC)


def _parse_type(exchange: str, symbol: str, kind: str | None) -> InstrumentType | None:
    try:
        return None if kind is None else InstrumentType.parse(kind)
    except UnknownInstrument:
        raise UnknownInstrument.symbol(exchange, symbol, f"a known instrument type, not {kind!r}") from None


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None
