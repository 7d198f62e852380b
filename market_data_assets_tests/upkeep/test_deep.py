"""What only reading a file can show: the checksum is right, and what is in it is not what the manifest says."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from market_data_assets.domain.schemas import OPTIONS_CHAIN, TRADES
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import partition_prefix
from market_data_assets.storage.manifest import FileEntry
from market_data_assets.storage.manifest_json import encode_manifest
from market_data_assets.storage.partition import Partition
from market_data_assets.upkeep.findings import Kind
from market_data_assets_tests.storage.by_hand import NAME, PREFIX, put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, frame, frames
from market_data_assets_tests.upkeep.lakes import check, kinds, only


def forge(lake: Lake, prefix: str, change: Callable[[FileEntry], FileEntry]) -> None:
    """A manifest that is valid and says something else of its files."""
    current = Partition(lake.store, prefix).current().manifest
    forged = replace(current.content, files=tuple(change(entry) for entry in current.content.files))
    body = encode_manifest(replace(current, content=forged))
    put_by_hand(lake, prefix + "_manifest.json", body)


def replace_file(lake: Lake, data: bytes, sha256: str | None = None) -> None:
    """Other bytes under a name, and a manifest that names them."""
    put_by_hand(lake, NAME, data)

    def change(entry: FileEntry) -> FileEntry:
        if entry.instrument_id != str(BTC):
            return entry
        return replace(entry, size=len(data), crc32c=crc32c(data), sha256=sha256 or entry.sha256)

    forge(lake, PREFIX, change)


def wrong(lake: Lake, tmp_path) -> str:
    assert check(lake, tmp_path).findings == []
    report = check(lake, tmp_path, deep=True)
    assert set(kinds(report)) == {Kind.CONTENT_WRONG}
    return "; ".join(f"expected {each.expected}, found {each.found}" for each in report.findings)


def test_other_bytes_with_a_forged_checksum_are_found_by_their_sha256(lake, tmp_path):
    replace_file(lake, b"not what was committed")
    assert "sha256" in wrong(lake, tmp_path)


def test_file_that_is_no_parquet_is_found(lake, tmp_path):
    data = b"PAR1 and nothing else"
    replace_file(lake, data, hashlib.sha256(data).hexdigest())
    assert "cannot be decoded" in wrong(lake, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": 7}, "expected 7 rows, found 2 rows"),
        ({"row_groups": 3}, "expected 3 row groups, found 1 row groups"),
        ({"max_timestamp": 1}, "to 1 µs"),
    ],
)
def test_manifest_that_says_something_else_of_a_file_is_found(lake, tmp_path, change, said):
    forge(lake, PREFIX, lambda entry: replace(entry, **change) if entry.instrument_id == str(BTC) else entry)
    assert said in wrong(lake, tmp_path)


def test_rows_of_each_instrument_of_a_shard_are_counted(lake, tmp_path):
    prefix = partition_prefix(OPTIONS_CHAIN, DAY)
    forge(lake, prefix, lambda entry: replace(entry, rows=entry.rows + 1) if entry.instrument_id.endswith("PUT") else entry)
    found = only(check(lake, tmp_path, deep=True))
    assert (found.instrument[-3:], found.expected, found.found) == ("PUT", "3 rows", "2 rows")


def test_columns_are_compared_with_the_record_while_the_manifest_says_they_are_those(lake, tmp_path):
    table = pq.read_table(io.BytesIO(bytes(lake.store.get(NAME).data))).drop_columns("price")
    file = io.BytesIO()
    pq.write_table(table, file)
    data = file.getvalue()
    replace_file(lake, data, hashlib.sha256(data).hexdigest())
    assert "missing columns ['price']" in wrong(lake, tmp_path)
    older = json.loads(bytes(lake.store.get(PREFIX + "_manifest.json").data)) | {"schema_fingerprint": "of older columns"}
    put_by_hand(lake, PREFIX + "_manifest.json", json.dumps(older).encode())
    # Out of date, then, and not damaged.
    assert check(lake, tmp_path, deep=True).findings == []


def test_day_without_rows_is_sound(lake, tmp_path):
    lake.write_day(TRADES, frames({BTC: frame([])}))
    assert check(lake, tmp_path, deep=True).findings == []
