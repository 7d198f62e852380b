"""The surface of one underlying at given instants, as arrays and as tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.compute.features import Components
from market_data_assets.compute.options.chain import Chain
from market_data_assets.compute.options.registry import EXPIRIES, UNDERLYING
from market_data_assets.compute.options.sampling import EXPIRY, memory_of, sample
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.errors import QueryError

Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    """What the chain was at each instant.

    Attributes:
        instants: µs UTC, ascending.
        expirations: µs UTC, ascending.
        expiries: One record of dtype EXPIRY per instant and expiry; ``years`` is NaN where the expiry has passed.
        arrivals: Latest arrival of the quotes that count at each instant, µs UTC; 0 where none does.
    """

    instants: Int64s
    expirations: Int64s
    expiries: npt.NDArray[np.void]
    arrivals: Int64s

    def of_underlying(self) -> dict[str, Doubles]:
        """The features of :data:`~.registry.UNDERLYING`, one value per instant; NaN for null."""
        parts: Components = {name: self.expiries[name] for name in EXPIRY.names or ()}
        with np.errstate(all="ignore"):
            return {feature.name: np.asarray(feature.value(parts), np.float64) for feature in UNDERLYING if feature.value is not None}

    def underlying_table(self) -> pa.Table:
        """One row per instant: ``sampled_at``, ``available_at`` and the features of the underlying."""
        columns: dict[str, pa.Array[Any]] = {
            "sampled_at": _times(self.instants),
            "available_at": _times(np.maximum(self.instants, self.arrivals)),
        }
        return pa.table(columns | {name: _nullable(values) for name, values in self.of_underlying().items()})

    def expiry_table(self) -> pa.Table:
        """One row per instant and expiry that is still to come and has been quoted: ``sampled_at``, ``expiration`` and its features."""
        at, of = np.nonzero((self.expiries["contracts"] > 0) & ~np.isnan(self.expiries["years"]))
        chosen = self.expiries[at, of]
        parts: dict[str, npt.NDArray[np.float64]] = {name: chosen[name] for name in EXPIRY.names or ()}
        columns: dict[str, pa.Array[Any]] = {"sampled_at": _times(self.instants[at]), "expiration": _times(self.expirations[of])}
        with np.errstate(all="ignore"):
            for feature in EXPIRIES:
                values = parts[feature.name] if feature.value is None else feature.value(parts)
                columns[feature.name] = _nullable(values).cast(feature.type)
        return pa.table(columns)


def surface_at(chain: Chain, instants: Int64s) -> Surface:
    """The surface at each instant, from the last quote per contract at or before it that is at most 60 s old.

    Args:
        instants: µs UTC, ascending. A quote of the instant itself counts; none after it changes anything.

    Raises:
        QueryError: instants that do not ascend.
    """
    if (np.diff(instants) < 0).any():
        raise QueryError("option surface: expected ascending instants")
    shape = (len(instants), len(chain.layout.expirations))
    expiries = np.zeros(shape, EXPIRY)
    for name in EXPIRY.names or ():
        if EXPIRY[name].kind == "f":
            expiries[name] = np.nan
    arrivals = np.zeros(len(instants), np.int64)
    moments = np.ascontiguousarray(instants, np.int64)
    sample(chain.quotes, chain.layout, memory_of(chain.layout), moments, chain.inverse, expiries, arrivals)
    return Surface(instants, chain.layout.expirations, expiries, arrivals)


def _times(values: Int64s) -> "pa.Array[Any]":
    return pa.array(values, pa.int64()).cast(TIMESTAMP)


def _nullable(values: npt.NDArray[Any]) -> "pa.Array[Any]":
    """NaN becomes null."""
    unknown = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)
    return pa.Array.from_pandas(values, mask=unknown)
