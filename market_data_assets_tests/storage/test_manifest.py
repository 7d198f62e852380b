"""Manifests: what is written is read, and what is not exactly a manifest is refused."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Finality
from market_data_assets.errors import CorruptPartition, UnsupportedFormat
from market_data_assets.storage.manifest import (
    FORMAT,
    AbsentEntry,
    DayContent,
    FailedEntry,
    FileEntry,
    Manifest,
    Part,
    QuarantinedEntry,
)
from market_data_assets.storage.manifest_json import decode_manifest, encode_manifest

PREFIX = "raw_tick_data/by_date/day-2024-08-08/data_type-trades/"
FILE = FileEntry("A.parquet", "A", 3, 100, 7, "ab" * 32, 1, 300, 10, 20, "etag", f"_staging/{PREFIX}tx/A.parquet")
SHARD = replace(FILE, name="O.parquet", sha256="12" * 32, staged=f"_staging/{PREFIX}tx/O.parquet")
PARTS = (
    replace(SHARD, instrument_id="O-1", row_groups=2, part=Part(0, "34" * 32, 70)),
    replace(SHARD, instrument_id="O-2", rows=0, row_groups=0, min_timestamp=None, max_timestamp=None, part=Part(2, "56" * 32, 0)),
)
CONTENT = DayContent(
    files=(FILE, *PARTS),
    absent=(AbsentEntry("B", "not_listed"),),
    quarantined=(QuarantinedEntry("A", "nan_price", 2), QuarantinedEntry("C", "nan_price", 3)),
    failed=(FailedEntry("D", "Retryable: reset"),),
    quarantine_files=(replace(FILE, min_timestamp=None, staged=f"_staging/{PREFIX}tx/quarantine-A.parquet"),),
    finality=Finality.PROVISIONAL,
    inputs={"raw_tick_data/trades/2024-08-08": "hash"},
    schema_fingerprint="print",
)
MANIFEST = Manifest(PREFIX, 4, "tx", "run", "1.0", CONTENT, committed_at=1_723_104_000_000_000)
BODY = json.loads(encode_manifest(MANIFEST))

texts = st.text(max_size=5)
counts = st.integers(0, 2**63 - 1)
names = st.text("ABC:-", min_size=1, max_size=6).filter(lambda name: not name.startswith("."))
files = st.builds(
    lambda name, rows, instant, version: replace(
        FILE,
        name=f"{name}.parquet",
        instrument_id=name,
        rows=rows,
        min_timestamp=instant,
        source_version=version,
        staged=f"_staging/{PREFIX}t/{name}",
    ),
    names,
    counts,
    st.none() | st.integers(-(2**62), 2**62),
    texts,
)
contents = st.builds(
    DayContent,
    files=st.lists(files, max_size=3, unique_by=lambda entry: entry.name).map(tuple),
    absent=st.lists(st.builds(AbsentEntry, texts, texts), max_size=2).map(tuple),
    quarantined=st.lists(st.builds(QuarantinedEntry, texts, texts, st.integers(0, 1000)), max_size=2).map(tuple),
    failed=st.lists(st.builds(FailedEntry, texts, texts), max_size=2).map(tuple),
    finality=st.sampled_from(Finality),
    inputs=st.dictionaries(texts, texts, max_size=2),
)


@given(contents, counts)
def test_reading_gives_back_what_was_written(content, version):
    manifest = Manifest(PREFIX, version, "tx", "run", "code", content, committed_at=version)
    assert decode_manifest(encode_manifest(manifest), PREFIX) == manifest


def test_equal_manifests_are_equal_bytes():
    assert encode_manifest(MANIFEST) == encode_manifest(decode_manifest(encode_manifest(MANIFEST), PREFIX))


def test_quality_counts_rows_set_aside_by_reason():
    assert CONTENT.quality == {"nan_price": 5}


@pytest.mark.parametrize(
    "change",
    [
        {"files": ()},
        {"absent": ()},
        {"quarantined": ()},
        {"failed": ()},
        {"quarantine_files": ()},
        {"finality": Finality.FINAL},
        {"inputs": {}},
        {"files": (replace(FILE, sha256="cd" * 32), *PARTS)},
        {"files": (FILE, PARTS[0])},
        {"files": (FILE, PARTS[0], replace(PARTS[1], instrument_id="O-3"))},
        {"files": (FILE, PARTS[0], replace(PARTS[1], part=Part(1, "56" * 32, 0)))},
        {"files": (FILE, replace(PARTS[0], row_groups=1), PARTS[1])},
    ],
)
def test_content_hash_covers_what_readers_could_notice(change):
    assert replace(CONTENT, **change).content_hash != CONTENT.content_hash


def test_content_hash_ignores_where_and_in_which_order_files_were_staged():
    other = replace(FILE, name="B.parquet", instrument_id="B")
    one = replace(CONTENT, files=(FILE, other))
    assert replace(CONTENT, files=(other, replace(FILE, staged="elsewhere"))).content_hash == one.content_hash


@pytest.mark.parametrize("found", [FORMAT + 1, 10**6])
def test_newer_format_asks_for_an_upgrade(found):
    with pytest.raises(UnsupportedFormat, match="upgrade"):
        decode_manifest(json.dumps({**BODY, "format": found, "anything": "else"}).encode(), PREFIX)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_corrupt(data):
    with pytest.raises(CorruptPartition):
        decode_manifest(data, PREFIX)


def test_every_truncation_is_corrupt():
    data = encode_manifest(MANIFEST)
    for length in range(len(data)):
        with pytest.raises(CorruptPartition):
            decode_manifest(data[:length], PREFIX)


def test_no_flipped_bit_changes_what_is_stored():
    """A flip is noticed, or falls into a note beside the content, such as the run id."""
    data, source = encode_manifest(MANIFEST), random.Random(1)
    for _ in range(3_000):
        position = source.randrange(len(data))
        flipped = bytearray(data)
        flipped[position] ^= 1 << source.randrange(8)
        try:
            found = decode_manifest(bytes(flipped), PREFIX)
        except (CorruptPartition, UnsupportedFormat):
            continue
        assert [_where(entry) for entry in found.content.files] == [_where(entry) for entry in CONTENT.files]
        assert found.content.content_hash == CONTENT.content_hash


def _where(entry: FileEntry) -> tuple[object, ...]:
    return (entry.name, entry.sha256, entry.part, entry.part and (entry.instrument_id, entry.row_groups))


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.lists(st.integers(), max_size=2) | st.just({"a": 1})
)


@given(st.sampled_from(sorted(BODY)), values)
def test_value_of_another_kind_is_corrupt(key, value):
    body = {**BODY, key: value}
    try:
        found = decode_manifest(json.dumps(body).encode(), PREFIX)
    except (CorruptPartition, UnsupportedFormat):
        return
    assert json.loads(encode_manifest(found)) == body


@given(st.sampled_from(sorted(BODY["files"][0])), values)
def test_value_of_another_kind_in_a_file_is_corrupt(key, value):
    body = {**BODY, "files": [{**BODY["files"][0], key: value}]}
    try:
        found = decode_manifest(json.dumps(body).encode(), PREFIX)
    except CorruptPartition:
        return
    assert json.loads(encode_manifest(found)) == body


@given(st.sampled_from(sorted(BODY["shards"][0])), values)
def test_value_of_another_kind_in_a_shard_is_corrupt(key, value):
    body = {**BODY, "shards": [{**BODY["shards"][0], key: value}]}
    try:
        found = decode_manifest(json.dumps(body).encode(), PREFIX)
    except CorruptPartition:
        return
    assert json.loads(encode_manifest(found)) == body


@given(st.sampled_from(sorted(BODY["shards"][0]["contracts"][0])), values)
def test_value_of_another_kind_in_a_contract_is_corrupt(key, value):
    first, second = BODY["shards"][0]["contracts"]
    body = {**BODY, "shards": [{**BODY["shards"][0], "contracts": [{**first, key: value}, second]}]}
    try:
        found = decode_manifest(json.dumps(body).encode(), PREFIX)
    except CorruptPartition:
        return
    assert json.loads(encode_manifest(found)) == body


def test_objects_of_a_partition_are_named_once():
    shared = replace(FILE, name="shared.csv.gz", rows=0)
    manifest = replace(MANIFEST, content=replace(CONTENT, quarantine_files=(shared, replace(shared, instrument_id="C"))))
    names = [name for name, _ in manifest.objects()]
    assert names == [f"{PREFIX}A.parquet", f"{PREFIX}O.parquet", f"_quarantine/{PREFIX}shared.csv.gz"]
    assert decode_manifest(encode_manifest(manifest), PREFIX) == manifest


@pytest.mark.parametrize("key", sorted(BODY))
def test_missing_key_is_corrupt(key):
    body = {name: value for name, value in BODY.items() if name != key}
    with pytest.raises(CorruptPartition):
        decode_manifest(json.dumps(body).encode(), PREFIX)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps({**BODY, "more": 1}), "more"),
        (json.dumps({**BODY, "partition": "other/"}), "belongs to 'other/'"),
        (json.dumps(BODY)[:-1] + ', "tx": "tx"}', "twice"),
        (json.dumps({**BODY, "version": float("nan")}), "NaN"),
        (json.dumps({**BODY, "version": True}), "version"),
        (json.dumps({**BODY, "content_hash": "0" * 64}), "content_hash"),
        (json.dumps({**BODY, "quality": {}}), "quality"),
        (json.dumps({**BODY, "files": BODY["files"] * 2}), "twice"),
        (json.dumps({**BODY, "files": [{**BODY["files"][0], "name": "../x"}]}), "dot"),
        (json.dumps({**BODY, "files": [{**BODY["files"][0], "staged": "_staging/other/tx/A"}]}), "another partition"),
        (json.dumps({**BODY, "shards": BODY["shards"] * 2}), "twice"),
        (json.dumps({**BODY, "shards": [{**BODY["shards"][0], "contracts": []}]}), "no instrument"),
        (json.dumps({**BODY, "shards": [{**BODY["shards"][0], "name": "A.parquet"}]}), "a file is named twice"),
        (json.dumps({**BODY, "shards": [{**BODY["shards"][0], "contracts": BODY["shards"][0]["contracts"] * 2}]}), "instrument"),
        (
            json.dumps({**BODY, "quarantine_files": [BODY["files"][0], {**BODY["files"][0], "instrument_id": "B", "size": 1}]}),
            "other bytes",
        ),
        ("[" * 100_000, "not valid JSON"),
        ("9" * 10_000, "not valid"),
    ],
)
def test_near_misses_are_corrupt_and_say_why(text, why):
    with pytest.raises(CorruptPartition, match=why):
        decode_manifest(text.encode(), PREFIX)
