import pytest

from market_data_assets.compute.quality.findings import Finding
from market_data_assets.compute.quality.record import KEPT_FINDINGS, QUALITY_REPORTS, STEPS, Verdict, kept, report_table, verdicts_of
from market_data_assets.compute.quality.wording import summary_of

BTC, ETH = "BINANCE:PERP:BTC-USDT", "BINANCE:PERP:ETH-USDT"


def verdict(check: str, *findings: Finding, notes: dict[str, object] | None = None) -> Verdict:
    return Verdict(
        table="raw_tick_data/trades",
        check=check,
        stops=any(each.wrong for each in findings),
        looked_at_rows=100,
        looked_at_instruments=2,
        failed_instruments=len({each.instrument for each in findings}),
        findings=len(findings),
        notes=notes or {},
        worst=kept(findings),
        summary=summary_of(2, 100, findings),
    )


def test_reading_a_report_gives_the_verdicts_that_were_written() -> None:
    verdicts = [
        verdict("has_rows"),
        verdict(
            "ids_unique", Finding(BTC, "duplicate_ids", 1, 50), Finding(ETH, "conflicting_ids", 3, 50, True, 1_723_075_200_000_001, "x")
        ),
        verdict("schema_as_declared", Finding("", "other_columns", 0, 0, True, detail="materialize again")),
        verdict("matches_exchange_candles", notes={"null_share": 0.1, "by_reason": [{"reason": "simulated", "instruments": 2}]}),
    ]
    table = report_table(verdicts)
    assert table.schema == QUALITY_REPORTS[STEPS[0]].schema
    assert len(table) == 5
    assert list(verdicts_of(table)) == verdicts


def test_report_keeps_the_worst_and_says_how_many_there_were() -> None:
    many = [Finding(f"BINANCE:PERP:A{number}-USDT", "crossed", number, 1_000) for number in range(KEPT_FINDINGS + 50)]
    (found,) = verdicts_of(report_table([verdict("book_not_crossed", *many)]))
    assert (found.findings, found.failed_instruments, len(found.worst)) == (250, 250, KEPT_FINDINGS)
    assert min(each.found for each in found.worst) == 50


def test_report_of_no_checks_is_empty() -> None:
    assert list(verdicts_of(report_table([]))) == []


@pytest.mark.parametrize(
    ("instruments", "findings", "sentence"),
    [
        (412, [], "Nothing found in 412 instruments, 1,000 rows."),
        (1, [], "Nothing found in 1 instrument, 1,000 rows."),
        (0, [], "Nothing to look at."),
        (
            412,
            [Finding(BTC, "crossed", 51, 1_000), Finding(ETH, "locked", 2, 1_000)],
            f"2 of 412 instruments: crossed, locked; worst {BTC}, crossed 5.1 %.",
        ),
        (3, [Finding("", "no_rows", 3, 3, detail="no row of any")], "The whole day: no rows; no row of any."),
        (
            2,
            [Finding(BTC, "unlike_exchange:volume", 1, 1_440, True)],
            f"1 of 2 instruments: unlike exchange volume; worst {BTC}, unlike exchange volume 0.0694 %.",
        ),
    ],
)
def test_verdict_is_a_sentence(instruments: int, findings: list[Finding], sentence: str) -> None:
    assert summary_of(instruments, 1_000, findings) == sentence
