"""Vendor files that were refused: kept as they were delivered, for as long as the refusal stands."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import BadData, DamagedFile, PartitionIncomplete, Retryable, SchemaDrift, StorageFailed, Unusable
from market_data_assets.storage.manifest import QuarantinedEntry
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, names, remove_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, START, frame, frames
from market_data_assets_tests.storage.options import CALL, PUT

ASIDE = f"_quarantine/{PREFIX}"


@dataclass(frozen=True)
class Delivered:
    path: Path


@pytest.fixture
def delivered(tmp_path):
    def make(name: str, data: bytes = b"<html>") -> Delivered:
        (tmp_path / name).write_bytes(data)
        return Delivered(tmp_path / name)

    return make


def refused(file: Delivered, error: Unusable | None = None) -> Unusable:
    error = error or SchemaDrift("html")
    error.delivered = file
    return error


@pytest.mark.parametrize(
    ("name", "data", "suffix"),
    [
        ("BTCUSDT.csv.gz", b"x", ".csv.gz"),
        ("BTCUSDT-trades-2024-08-08.zip", b"x", ".zip"),
        ("XRP-0.625-C.CSV.GZ", b"x", ".csv.gz"),
        ("BTC-0.5-C", b"<html>", ".delivered"),
        ("download-ab12", b"\x1f\x8b\x08", ".gz"),
        ("download-ab12", b"PK\x03\x04", ".zip"),
        ("empty", b"", ".delivered"),
    ],
)
def test_refused_file_is_kept_as_delivered_under_the_name_of_its_instrument(lake, delivered, name, data, suffix):
    commit = lake.write_day(TRADES, frames({BTC: refused(delivered(name, data)), ETH: frame([START])}))
    assert commit.quarantined == (QuarantinedEntry(str(BTC), "schema_drift", 0),)
    kept = f"{ASIDE}{BTC}{suffix}"
    assert bytes(lake.store.get(kept).data) == data
    assert kept in [found for found, _ in commit.manifest.objects()]
    assert lake.recover(TRADES, DAY).damaged == []
    remove_by_hand(lake, kept)
    assert lake.recover(TRADES, DAY).damaged == [kept]


def test_refusal_without_a_file_keeps_none(lake):
    lake.write_day(TRADES, frames({BTC: SchemaDrift("html")}))
    assert not [name for name in names(lake) if name.startswith("_quarantine")]


def test_same_refusal_again_changes_nothing_and_another_file_replaces_the_first(lake, delivered):
    lake.write_day(TRADES, frames({BTC: refused(delivered("a.csv.gz"))}))
    assert lake.write_day(TRADES, frames({BTC: refused(delivered("b.csv.gz"))})).status == "noop"
    lake.write_day(TRADES, frames({BTC: refused(delivered("b.zip", b"other"), DamagedFile("cut"))}))
    assert [name for name in names(lake) if name.startswith(ASIDE)] == [f"{ASIDE}{BTC}.zip"]


def test_file_goes_with_a_good_run_and_stays_through_a_failed_one(lake, delivered):
    lake.write_day(TRADES, frames({BTC: refused(delivered("a.csv.gz")), ETH: frame([START])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({BTC: Retryable("reset"), ETH: frame([START])}))
    assert f"{ASIDE}{BTC}.csv.gz" in names(lake)
    lake.write_day(TRADES, frames({ETH: frame([START + 1])}), partial=True)
    assert f"{ASIDE}{BTC}.csv.gz" in names(lake)
    lake.write_day(TRADES, frames({BTC: frame([START])}), partial=True)
    assert not [name for name in names(lake) if name.startswith(ASIDE)]
    assert NAME in names(lake)


def test_file_of_many_instruments_is_kept_once_until_the_last_of_them_is_read(lake, delivered):
    group = delivered("OPTIONS.csv.gz", b"a whole group")
    lake.write_day(
        TRADES, frames({CALL: refused(group), PUT: refused(group, BadData("x", rows=2, rejected={"nan_price": 1})), SOL: frame([])})
    )
    kept = [name for name in names(lake) if name.startswith(ASIDE)]
    assert len(kept) == 1
    assert bytes(lake.store.get(kept[0]).data) == b"a whole group"
    lake.write_day(TRADES, frames({CALL: frame([START])}), partial=True)
    assert [name for name in names(lake) if name.startswith(ASIDE)] == kept
    lake.write_day(TRADES, frames({CALL: refused(group), PUT: refused(group)}), partial=True)
    assert lake.recover(TRADES, DAY).damaged == []
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START])}), partial=True)
    assert not [name for name in names(lake) if name.startswith(ASIDE)]


def test_file_that_is_gone_before_it_could_be_kept_is_an_error(lake, tmp_path):
    with pytest.raises(StorageFailed, match=r"gone.csv"):
        lake.write_day(TRADES, frames({BTC: refused(Delivered(tmp_path / "gone.csv"))}))
