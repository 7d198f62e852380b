"""The table of signals that downstream models write."""

import pyarrow as pa

from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Encoding

_TEXT = pa.string()

ML_SIGNALS = Dataset(
    tier="ml_signals",
    name="ml_signals",
    doc="Signals of models, written by downstream services through the package: one row per instrument, instant, signal and model version.",
    columns={
        "instrument_id": Column(_TEXT, "", "canonical id, VENUE:TYPE:SYMBOL", nullable=False, encoding=Encoding.DICTIONARY),
        "timestamp": Column(TIMESTAMP, "µs UTC", "instant that the signal is about", nullable=False, encoding=Encoding.DELTA),
        "signal": Column(_TEXT, "", "name of the signal", nullable=False, encoding=Encoding.DICTIONARY),
        "value": Column(pa.float64(), "as the model defines it", "the signal; null: the model ran and has no opinion"),
        "model_version": Column(_TEXT, "", "version of the model that gave it", nullable=False, encoding=Encoding.DICTIONARY),
        "available_at": Column(
            TIMESTAMP, "µs UTC", "when the signal could first be known, not before timestamp", nullable=False, encoding=Encoding.DELTA
        ),
    },
)
"""One file per instrument and day (DECISIONS, D07). Its rows are checked by :func:`.submissions.checked_rows`."""
