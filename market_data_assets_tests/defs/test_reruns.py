"""Runs over what is stored already: what the vendor is asked again, which errors are tried again, and what the UI says of it."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from market_data_assets.defs.assets.instruments import instruments_asset
from market_data_assets.defs.assets.raw import raw_asset
from market_data_assets.defs.io_managers import LakeIOManager
from market_data_assets.defs.partitions import daily
from market_data_assets.defs.resources import LakeResource, Selection, TickSource
from market_data_assets.defs.retries import Retries
from market_data_assets.domain.datasets import Dataset, Frame
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import (
    AuthError,
    MarketDataError,
    NotListed,
    QuotaExhausted,
    Retryable,
    SchemaDrift,
    SettingsError,
)
from market_data_assets.sources.base import Listings
from market_data_assets_tests.defs.runs import DAY
from market_data_assets_tests.storage.days import BTC, ETH, SOL, START, frame

Found = Frame | MarketDataError


@dataclass
class Vendor:
    """A source that answers as it is told, one answer after the other; the last one repeats.

    Attributes:
        listed: Errors come before the list.
        asked: Whose files were asked for.
    """

    answers: dict[InstrumentId, list[Found]] = field(default_factory=dict)
    listed: list[MarketDataError] = field(default_factory=list)
    asked: list[InstrumentId] = field(default_factory=list)
    name: str = "vendor"

    def instruments(self, day: dt.date) -> Listings:
        if self.listed:
            raise self.listed.pop(0)
        return Listings([Instrument(each, each.base, "vendor", ("trades",)) for each in sorted(self.answers)])

    def fetch(self, dataset: Dataset, instrument: Instrument, day: dt.date) -> Frame:
        self.asked.append(instrument.instrument_id)
        answers = self.answers[instrument.instrument_id]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, MarketDataError):
            raise found
        return found

    def asked_since(self) -> set[InstrumentId]:
        asked, self.asked = set(self.asked), []
        return asked


_VENDORS: dict[str, Vendor] = {}


class Told(TickSource):
    """Opens the vendor of a test."""

    def open(self, limits: object = None) -> Vendor:
        return _VENDORS[self.cache]


class Runs:
    """Runs of the instruments and the trades of one day, on one instance."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance, retries: int = 0) -> None:
        self.vendor = _VENDORS[str(folder)] = Vendor()
        self.storage = LakeResource(root=(folder / "lake").as_uri(), workers=1)
        self._instance, self._folder, self._retries = instance, folder, retries

    def __call__(self, instruments: Sequence[str] = (), *, refresh: bool = False) -> dg.ExecuteInProcessResult:
        partitions, days = daily(dt.date(2024, 1, 1)), LakeIOManager(lake=self.storage, retries=self._retries)
        assets = [instruments_asset(partitions, "pool", Retries(self._retries)), raw_asset(TRADES, partitions, "pool")]
        ticks = Told(
            source="tardis",
            venues=[],
            instruments=[],
            data_types=[],
            tardis_datasets_url="",
            tardis_api_url="",
            tardis_api_key=None,
            binance_vision_url="",
            cache=str(self._folder),
        )
        selection = Selection(instruments=list(instruments), refresh=refresh)
        resources = {"storage": self.storage, "lake": days, "io_manager": days, "ticks": ticks, "selection": selection}
        return dg.materialize(assets, partition_key=str(DAY), instance=self._instance, resources=resources, raise_on_error=False)

    def stored(self) -> set[InstrumentId]:
        return set(self.storage.open().instruments(TRADES, DAY))


def of(result: dg.ExecuteInProcessResult, event: str) -> list[str | None]:
    return [each.step_key for each in result.all_events if each.event_type_value == event]


def shown(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    [event] = result.asset_materializations_for_node("raw_tick_data__trades")
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Callable[[int], Runs]]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda retries=0: Runs(tmp_path, instance, retries)


def test_what_is_stored_is_not_asked_for_again_unless_it_is_to_be_refreshed(runs: Callable[..., Runs]) -> None:
    run = runs()
    empty = frame([])
    run.vendor.answers = {BTC: [frame([START])], ETH: [empty]}
    first = shown(run())
    assert (first["status"], first["dagster/partition_row_count"]) == ("committed", 1)
    assert run.vendor.asked_since() == {BTC, ETH}
    again = shown(run())
    assert run.vendor.asked_since() == set()
    assert again == {**first, "status": "unchanged"}
    assert run([str(ETH)], refresh=True).success
    assert run.vendor.asked_since() == {ETH}
    run(refresh=True)
    assert run.vendor.asked_since() == {BTC, ETH}


def test_absent_and_refused_files_are_asked_for_again_and_an_instrument_that_was_added_is(runs: Callable[..., Runs]) -> None:
    run = runs()
    run.vendor.answers = {BTC: [frame([START])], ETH: [NotListed("no file"), frame([START])], SOL: [SchemaDrift("html"), frame([START])]}
    assert run().success
    assert run.vendor.asked_since() == {BTC, ETH, SOL}
    assert run([str(SOL)]).success
    assert run.vendor.asked_since() == {SOL}
    assert run().success
    assert run.vendor.asked_since() == {ETH}
    assert run.stored() == {BTC, ETH, SOL}
    assert shown(run())["status"] == "unchanged"


def test_instrument_that_is_not_listed_any_more_goes_without_asking_for_the_others(runs: Callable[..., Runs]) -> None:
    run = runs()
    run.vendor.answers = {BTC: [frame([START])], ETH: [frame([START])]}
    run()
    del run.vendor.answers[ETH]
    run.vendor.asked_since()
    assert run([str(BTC)]).success
    assert run.stored() == {BTC, ETH}
    assert run().success
    assert (run.vendor.asked_since(), run.stored()) == (set(), {BTC})


def test_another_attempt_fetches_just_what_failed(runs: Callable[..., Runs]) -> None:
    run = runs(2)
    run.vendor.answers = {BTC: [frame([START])], ETH: [Retryable("reset"), Retryable("reset"), frame([START])]}
    result = run()
    assert result.success
    assert of(result, "STEP_UP_FOR_RETRY") == ["raw_tick_data__trades"] * 2
    assert run.vendor.asked.count(BTC) == 1
    assert run.vendor.asked.count(ETH) == 3
    assert run.stored() == {BTC, ETH}


def test_attempts_are_bounded_and_the_error_is_told_in_the_end(runs: Callable[..., Runs]) -> None:
    run = runs(2)
    run.vendor.answers = {BTC: [Retryable("reset by peer")]}
    result = run()
    assert (result.success, run.vendor.asked) == (False, [BTC] * 3)
    [failure] = [each for each in result.all_events if each.event_type_value == "STEP_FAILURE"]
    error = failure.step_failure_data.error
    while error.cause is not None:
        error = error.cause
    assert error.message.startswith(
        "market_data_assets.errors.PartitionIncomplete: raw_tick_data/trades 2024-08-08: 1 instrument(s) failed"
    )


@pytest.mark.parametrize("error", [AuthError("401"), QuotaExhausted("vendor", 3600), SettingsError("no such key")])
def test_what_waiting_cannot_mend_is_not_tried_again(runs: Callable[..., Runs], error: MarketDataError) -> None:
    run = runs(2)
    run.vendor.answers = {BTC: [error]}
    result = run()
    assert (result.success, of(result, "STEP_UP_FOR_RETRY"), run.vendor.asked) == (False, [], [BTC])


def test_list_of_instruments_is_asked_for_again_when_the_vendor_did_not_answer(runs: Callable[..., Runs]) -> None:
    run = runs(1)
    run.vendor.answers, run.vendor.listed = {BTC: [frame([START])]}, [Retryable("503")]
    assert run().success
    run.vendor.listed = [AuthError("401")]
    assert of(run(), "STEP_UP_FOR_RETRY") == []
