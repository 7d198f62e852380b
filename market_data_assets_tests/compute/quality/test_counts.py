from market_data_assets.compute.quality.counts import judge_counts


def test_counts_that_differ_in_any_place_are_wrong() -> None:
    found = list(judge_counts({"manifest": {"A": 3, "B": 2}, "warehouse": {"A": 3, "C": 1}}))
    assert [(each.instrument, each.found, each.looked_at, each.wrong) for each in found] == [("B", 2, 2, True), ("C", 1, 1, True)]
    assert found[0].detail == "manifest 2, warehouse 0"


def test_instrument_without_rows_need_not_be_known_everywhere() -> None:
    assert list(judge_counts({"manifest": {"A": 0, "B": 1}, "warehouse": {"B": 1}})) == []
