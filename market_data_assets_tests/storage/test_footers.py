"""Parsed footers: kept up to so many bytes, the last used longest."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from market_data_assets.storage.footers import Footers


def footer(columns: int) -> pq.FileMetaData:
    file = io.BytesIO()
    pq.write_table(pa.table({f"column_{number}": [1] for number in range(columns)}), file)
    return pq.read_metadata(file)


def test_footer_used_longest_ago_goes_first():
    found = {name: footer(2) for name in "abc"}
    footers = Footers(kept_bytes=found["a"].serialized_size * 2)
    footers.keep("a", found["a"])
    footers.keep("b", found["b"])
    assert footers.get("a") is found["a"]
    footers.keep("c", found["c"])
    assert (footers.get("a"), footers.get("b"), footers.get("c")) == (found["a"], None, found["c"])


def test_footer_larger_than_all_that_may_be_kept_is_kept_alone():
    footers, small, large = Footers(kept_bytes=1), footer(1), footer(50)
    footers.keep("small", small)
    footers.keep("large", large)
    footers.keep("large", small)
    assert (footers.get("small"), footers.get("large")) == (None, large)
