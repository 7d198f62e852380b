"""Deribit's own option chains: its volatilities from its prices, its forwards from parity, and surfaces in a sane band."""

import datetime as dt
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from market_data_assets.compute.options.chain import read_chain
from market_data_assets.compute.options.surface import Surface, surface_at
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.days import to_instant
from market_data_assets_tests.compute.options.chains import SECOND, YEAR, black

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NATIVE = re.compile(r"([A-Z]+)-([0-9]{1,2})([A-Z]{3})([0-9]{2})-([0-9]+)-([CP])")


@dataclass(frozen=True)
class Listed:
    """One option of a recorded chain; prices in base, volatility in decimals a year."""

    base: str
    expiry: dt.date
    strike: float
    kind: str
    mark_price: float | None
    mark_iv: float | None
    interest: float | None
    forward: float | None

    @property
    def expiration(self) -> int:
        return to_instant(dt.datetime.combine(self.expiry, dt.time(8), dt.UTC))


def _listed(native: str, row: dict[str, float | None]) -> Listed:
    match = _NATIVE.fullmatch(native)
    assert match is not None, native
    base, day, month, year, strike, side = match.groups()
    expiry = dt.date(2000 + int(year), _MONTHS.index(month) + 1, int(day))
    kind = "call" if side == "C" else "put"
    return Listed(
        base, expiry, float(strike), kind, row["mark_price"], row["mark_iv"], row.get("open_interest"), row.get("underlying_price")
    )


def _load(path: Path) -> dict[str, list[dict[str, float | None]]]:
    with gzip.open(path) as file:
        loaded: dict[str, list[dict[str, float | None]]] = json.load(file)
    return loaded


def _by_strike(options: list[Listed]) -> dict[tuple[dt.date, float], dict[str, Listed]]:
    pairs: dict[tuple[dt.date, float], dict[str, Listed]] = defaultdict(dict)
    for option in options:
        pairs[option.expiry, option.strike][option.kind] = option
    return pairs


def _parity_forwards(options: list[Listed]) -> Iterator[tuple[Listed, Listed, float]]:
    """Calls and puts of one strike, and the forward at which their premiums in base differ by 1 − K / F."""
    for pair in _by_strike(options).values():
        if len(pair) == 2:
            call, put = pair["call"], pair["put"]
            if call.mark_price is not None and put.mark_price is not None:
                yield call, put, call.strike / (1 - (call.mark_price - put.mark_price))


def _surface(options: list[Listed], at: int, forwards: dict[dt.date, float]) -> Surface:
    """The surface of marks: bid and ask are the mark, where there is one, and deltas are those of Black-Scholes."""
    options = [option for option in options if option.mark_iv and option.expiration > at + 3_600 * SECOND]
    deltas = [
        black(option.kind, forwards[option.expiry], option.strike, (option.expiration - at) / YEAR, option.mark_iv or 1)[1]
        for option in options
    ]
    ids = [f"DERIBIT:OPTION:{o.base}-USD-{o.strike:g}-{o.expiry:%y%m%d}-{o.kind.upper()}" for o in options]
    instants = pa.array([at] * len(options), pa.int64()).cast(TIMESTAMP)
    marks = pa.array([option.mark_price for option in options], pa.float64())
    rows = pa.table(
        {
            "instrument_id": ids,
            "timestamp": instants,
            "local_timestamp": instants,
            "expiration": pa.array([option.expiration for option in options], pa.int64()).cast(TIMESTAMP),
            "option_type": pa.array([option.kind for option in options]).cast(pa.dictionary(pa.int8(), pa.string())),
            "strike_price": [option.strike for option in options],
            "open_interest": pa.array([option.interest for option in options], pa.float64()),
            "bid_price": marks,
            "ask_price": marks,
            "mark_price": marks,
            "mark_iv": [100 * (option.mark_iv or 0) for option in options],
            "underlying_price": [forwards[option.expiry] for option in options],
            "delta": deltas,
            "gamma": pa.nulls(len(options), pa.float64()),
        }
    )
    return surface_at(read_chain(rows, "DERIBIT"), np.array([at]))


@pytest.fixture(scope="module")
def chain(samples: Path) -> list[Listed]:
    """Every option of BTC on 2026-04-20, about half a minute before 19:41:28 UTC, when the answer had been read."""
    return [
        _listed(str(row["instrument_name"]), row)
        for row in _load(samples / "options/deribit_btc_option_chain_20260420.json.gz")["contracts"]
    ]


_CHAIN_AT = to_instant("2026-04-20T19:40:58.758930")


def test_black_gives_deribits_volatilities_from_its_prices_to_the_printed_precision(chain: list[Listed]) -> None:
    """Printed are 0.01 % of volatility and 8 places of premium; the forward is the one of the pair's own parity."""
    within, total = 0, 0
    for call, put, forward in _parity_forwards(chain):
        years = (call.expiration - _CHAIN_AT) / YEAR
        for option in (call, put):
            assert option.mark_iv is not None
            assert option.mark_price is not None
            low, high = (black(option.kind, forward, option.strike, years, option.mark_iv + half)[0] / forward for half in (-5e-5, 5e-5))
            within += low - 1e-8 <= option.mark_price <= high + 1e-8
            total += 1
    assert total == 876
    # The two of a pair were not always marked at the same moment, and then parity gives a forward of neither.
    assert within / total > 0.97


def test_parity_of_marks_gives_the_forward_that_deribit_states(chain: list[Listed]) -> None:
    for call, put, forward in _parity_forwards(chain):
        if call.expiry >= dt.date(2026, 5, 1):
            assert call.forward is not None
            # Expiries of days to come are stated with the index in this answer, so only later ones are compared.
            assert forward == pytest.approx(call.forward, rel=3e-4)
            assert call.mark_iv == pytest.approx(put.mark_iv, abs=1e-4)


def test_the_surface_of_a_real_chain_is_sane(chain: list[Listed]) -> None:
    forwards = {call.expiry: forward for call, _, forward in _parity_forwards(chain)}
    surface = _surface(chain, _CHAIN_AT, forwards)
    of = {name: float(values[0]) for name, values in surface.of_underlying().items()}
    assert 0.30 < of["atm_iv_30d"] < of["atm_iv_7d"] < of["atm_iv_90d"] < 0.50
    assert of["skew_25d_put_call_ratio"] > 1
    assert of["risk_reversal_25d_30d"] < 0 < of["butterfly_25d_30d"] < 0.03
    # The strip weighs the wings, which cost more than the middle.
    assert of["atm_iv_30d"] < of["model_free_iv_30d"] < 1.15 * of["atm_iv_30d"]
    puts, calls = (sum(option.interest or 0 for option in chain if option.kind == kind) for kind in ("put", "call"))
    assert of["option_put_call_open_interest_ratio"] == pytest.approx(puts / calls, rel=1e-12)
    for row in surface.expiry_table().to_pylist():
        assert row["forward"] * 0.8 < row["max_pain"] < row["forward"] * 1.4
        nearest = sorted(abs(o.strike / row["forward"] - 1) for o in chain if o.expiry == row["expiration"].date())[0]
        smile = [o.mark_iv for o in chain if o.expiry == row["expiration"].date() and abs(o.strike / row["forward"] - 1) <= nearest + 1e-9]
        assert row["atm_iv"] == pytest.approx(smile[0], rel=0.06)


_SNAPSHOTS = [f"{asset}{month}-01" for month in ("2025-05", "2025-09", "2026-01", "2026-04") for asset in ("", "ETH_")]


@pytest.mark.parametrize("name", _SNAPSHOTS)
def test_snapshots_of_the_vendors_chains_keep_parity_and_give_sane_surfaces(samples: Path, name: str) -> None:
    snapshot = _load(samples / f"options/tardis_chain_snapshots/tardis_deribit_options_{name}.json.gz")
    at = to_instant(str(snapshot["timestamp_iso"])[:26])
    options = [_listed(str(row["instrument"]), row) for row in snapshot["options"]]
    implied: dict[dt.date, list[float]] = defaultdict(list)
    for call, _, forward in _parity_forwards(options):
        implied[call.expiry].append(forward)
    for expiry, forwards in implied.items():
        # Marks are printed to four places of the base asset here.
        assert max(forwards) / min(forwards) - 1 < 1e-3, expiry
    index = float(snapshot["underlying_price"])  # type: ignore[arg-type]
    assert all(0.95 * index < float(np.median(forwards)) < 1.15 * index for forwards in implied.values())
    medians = {expiry: float(np.median(forwards)) for expiry, forwards in implied.items()}
    of = _surface([option for option in options if option.expiry in medians], at, medians).of_underlying()
    assert 0.25 < of["atm_iv_30d"][0] < 0.95
    assert 0.6 < of["skew_25d_put_call_ratio"][0] < 1.5
    # No model-free variance: the cheap half of the strip rounds to nothing.


def test_the_vendors_own_rows_have_percent_and_black_scholes_deltas(samples: Path) -> None:
    with gzip.open(next((samples / "tardis/v1/deribit/options_chain").rglob("OPTIONS.csv.gz"))) as file:
        rows = csv.read_csv(file).to_pylist()[:2]
    for row in rows:
        years = (row["expiration"] - row["timestamp"]) / YEAR
        premium, delta = black(row["type"], row["underlying_price"], row["strike_price"], years, row["mark_iv"] / 100)
        assert delta == pytest.approx(row["delta"], abs=2e-5)
        assert premium / row["underlying_price"] == pytest.approx(row["mark_price"], abs=6e-6)
