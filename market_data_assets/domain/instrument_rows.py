"""What is known of one instrument on one day: a row of the instruments table."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market_data_assets.domain.assets import asset_name
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import Unusable


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is known of one instrument on one day: a row of the instruments table.

    Amounts are in the venue's own units. Times are aware datetimes; ``available_to`` is exclusive.

    Attributes:
        contract_multiplier: Size of one unit of amount: quote per unit for inverse perps and futures, base per unit
            for linear ones and for all options, 1 for spot. None where it is not known.

    Raises:
        Unusable: a naive time, an interval that ends before it begins, or a multiplier that is not positive.
    """

    instrument_id: InstrumentId
    native_symbol: str
    source: str
    data_types: tuple[str, ...]
    tardis_exchange: str | None = None
    tardis_symbol: str | None = None
    ccxt_symbol: str | None = None
    base_asset_canonical: str = ""
    base_multiplier: int = 1
    underlying: str | None = None
    contract_multiplier: float | None = 1.0
    expiry: dt.datetime | None = None
    tick_size: float | None = None
    lot_size: float | None = None
    min_size: float | None = None
    min_notional: float | None = None
    listed_at: dt.datetime | None = None
    available_from: dt.datetime | None = None
    available_to: dt.datetime | None = None
    status: str = "active"
    known_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        for name in ("expiry", "listed_at", "available_from", "available_to", "known_at"):
            instant = getattr(self, name)
            if instant is not None and instant.tzinfo is None:
                raise Unusable(f"{self.instrument_id}: {name} {instant} is naive, expected a time with its zone")
        if self.available_from is not None and self.available_to is not None and self.available_to < self.available_from:
            raise Unusable(f"{self.instrument_id}: available to {self.available_to}, before it is from {self.available_from}")
        size = self.contract_multiplier
        if size is not None and not (math.isfinite(size) and size > 0):
            raise Unusable(f"{self.instrument_id}: contract_multiplier is {size}, expected a positive number or None")

    def row(self) -> dict[str, object]:
        """The row of the instruments table, keyed by its columns."""
        instrument = self.instrument_id
        own = {name: getattr(self, name) for name in self.__slots__ if name not in {"instrument_id", "data_types"}}
        return {
            **own,
            "instrument_id": str(instrument),
            "data_types": list(self.data_types),
            "venue": instrument.venue,
            "instrument_type": str(instrument.instrument_type),
            "base_asset": asset_name(instrument.base),
            "quote_asset": None if instrument.quote is None else asset_name(instrument.quote),
            "settle_asset": None if instrument.settlement is None else asset_name(instrument.settlement),
            "base_asset_canonical": self.base_asset_canonical or asset_name(instrument.base),
            "inverse": instrument.is_inverse,
            "quanto": instrument.is_quanto,
            "strike": None if instrument.strike is None else float(instrument.strike),
            "option_type": None if instrument.option_type is None else str(instrument.option_type),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Instrument":
        """The instrument that :meth:`row` described; columns that follow from its id are not read."""
        own = {name: row[name] for name in cls.__slots__ if name not in {"instrument_id", "data_types"}}
        return cls(InstrumentId.parse(row["instrument_id"]), data_types=tuple(row["data_types"]), **own)
