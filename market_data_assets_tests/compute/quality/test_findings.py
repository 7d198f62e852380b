from market_data_assets.compute.quality.findings import FINDINGS, Finding, any_wrong, findings_table, wrong_as_a_whole


def wrong(*instruments: str) -> list[Finding]:
    return [Finding(instrument, "broken", 1, 2, wrong=True) for instrument in instruments]


def test_frame_begins_with_what_is_wrong_then_with_the_largest_share() -> None:
    findings = [Finding("A", "thin", 9, 10, first_at=1_000_000), Finding("B", "broken", 1, 10, wrong=True), Finding("C", "thin", 1, 10)]
    table = findings_table(findings)
    assert table.schema == FINDINGS
    assert table["instrument_id"].to_pylist() == ["B", "A", "C"]
    assert table["first_at"].null_count == 2


def test_no_findings_are_an_empty_frame() -> None:
    assert findings_table([]).num_rows == 0
    assert not any_wrong([], 3)
    assert not wrong_as_a_whole([], 3)


def test_one_bad_instrument_of_several_does_not_make_the_day_wrong() -> None:
    assert not wrong_as_a_whole(wrong("A"), 2)
    assert not wrong_as_a_whole(wrong("A", "B"), 9)
    assert not wrong_as_a_whole([Finding("A", "thin", 1, 1)], 1)


def test_a_quarter_of_them_or_all_or_the_day_itself_do() -> None:
    assert wrong_as_a_whole(wrong("A", "B"), 8)
    assert wrong_as_a_whole(wrong("A", "B"), 2)
    assert wrong_as_a_whole(wrong("A"), 1)
    assert wrong_as_a_whole(wrong(""), 100)


def test_any_fault_of_our_own_is_one_of_the_day() -> None:
    assert any_wrong(wrong("A"), 100)
    assert not any_wrong([Finding("A", "thin", 1, 1)], 1)
