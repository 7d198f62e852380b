import pyarrow as pa
import pytest

from market_data_assets.compute.quality.identities import judge_ids
from market_data_assets.domain.datasets import TIMESTAMP


def rows(ids: list[object], amounts: list[float]) -> pa.Table:
    count = len(ids)
    return pa.table({"timestamp": pa.array(range(count), TIMESTAMP), "id": pa.array(ids), "price": [1.0] * count, "amount": amounts})


@pytest.mark.parametrize("ids", [[7, 8, 7, 7, None, None], ["a", "b", "a", "a", None, None]])
def test_same_id_warns_with_the_same_values_and_is_wrong_with_others(ids: list[object]) -> None:
    found = {each.problem: each for each in judge_ids("A", rows(ids, [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]))}
    assert {problem: (each.found, each.wrong, each.first_at) for problem, each in found.items()} == {
        "duplicate_ids": (1, False, 2),
        "conflicting_ids": (1, True, 3),
    }


def test_rows_without_ids_are_never_duplicates() -> None:
    assert list(judge_ids("A", rows([None, None], [1.0, 1.0]))) == []
    assert list(judge_ids("A", rows([1, 2], [1.0, 1.0]))) == []
