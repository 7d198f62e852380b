from pathlib import Path

from market_data_assets.catalog import DATASETS
from market_data_assets.report.dictionary import data_dictionary

DICTIONARY = Path(__file__).parents[1] / "docs" / "data_dictionary.md"


def test_the_data_dictionary_in_docs_is_what_the_records_say() -> None:
    assert DICTIONARY.read_text(encoding="utf-8") == data_dictionary(DATASETS), "it is stale; run make docs"


def test_every_visible_column_has_a_meaning_and_every_number_a_unit() -> None:
    unnamed = [
        f"{dataset}.{name}" for dataset in DATASETS for name, column in dataset.columns.items() if not column.hidden and not column.doc
    ]
    unitless = [
        f"{dataset}.{name}"
        for dataset in DATASETS
        for name, column in dataset.columns.items()
        if not column.hidden
        and str(column.type) in {"double", "int64"}
        and not column.unit
        and name not in {"id", "strike", "base_multiplier"}
    ]
    assert unnamed == []
    assert unitless == []
