"""What turns a venue's amounts into base and quote, and when the instrument was listed."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

from market_data_assets.domain.days import day_end, day_start, to_instant
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.errors import ContractSizeUnknown

_WITHOUT_CONTRACTS = {InstrumentType.SPOT_PAIR, InstrumentType.INDEX}


@dataclass(frozen=True, slots=True)
class Contract:
    """How one unit of amount converts, and the span in which the instrument existed.

    Attributes:
        inverse: One unit of amount is ``multiplier`` quote (base = quote / price); otherwise it is ``multiplier`` base.
        multiplier: Size of one unit of amount, quote (inverse) or base; 1 for spot. Greater than 0 and finite.
        listed_from: First instant, inclusive, µs UTC; None = before any data.
        listed_to: Last instant, exclusive, µs UTC; None = still listed.

    Raises:
        ContractSizeUnknown: a multiplier that is not finite or not above 0.
    """

    instrument_id: InstrumentId
    inverse: bool
    multiplier: float
    listed_from: int | None = None
    listed_to: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.multiplier) and self.multiplier > 0):
            raise ContractSizeUnknown(self.instrument_id)

    @property
    def has_full_grid(self) -> bool:
        """Whether every listed bucket of the day is stored; options store only those with events (CANDLES, rule 6)."""
        return self.instrument_id.instrument_type is not InstrumentType.OPTION

    def listed_within(self, day: dt.date) -> tuple[int, int]:
        """``[start, end)`` of the part of the UTC day in which it was listed, µs; empty (start = end) when it was not."""
        return _listed_within(day, self.listed_from, self.listed_to)


def listed_within(day: dt.date, available_from: object, available_to: object) -> tuple[int, int]:
    """``[start, end)`` of the part of the UTC day in which an instrument was listed, µs, from its row of the instruments table."""
    return _listed_within(day, _instant(available_from), _instant(available_to))


def _listed_within(day: dt.date, listed_from: int | None, listed_to: int | None) -> tuple[int, int]:
    start = max(day_start(day), day_start(day) if listed_from is None else listed_from)
    end = min(day_end(day), day_end(day) if listed_to is None else listed_to)
    return (start, end) if start < end else (start, start)


def contract_of(row: Mapping[str, object]) -> Contract:
    """The contract of one row of the instruments table.

    Options count in base whatever they settle in: one unit of a Deribit BTC option is BTC, not USD.

    Raises:
        ContractSizeUnknown: a derivative without a known multiplier.
    """
    instrument = InstrumentId.parse(str(row["instrument_id"]))
    kind = instrument.instrument_type
    multiplier = row.get("contract_multiplier")
    if multiplier is None:
        if kind not in _WITHOUT_CONTRACTS:
            raise ContractSizeUnknown(instrument)
        multiplier = 1.0
    return Contract(
        instrument_id=instrument,
        inverse=instrument.is_inverse and kind is not InstrumentType.OPTION,
        multiplier=float(multiplier),  # type: ignore[arg-type]
        listed_from=_instant(row.get("available_from")),
        listed_to=_instant(row.get("available_to")),
    )


def _instant(value: object) -> int | None:
    if value is None:
        return None
    return to_instant(value)  # type: ignore[arg-type]
