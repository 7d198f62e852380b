"""A verdict in a sentence."""

from collections import Counter
from collections.abc import Sequence

from market_data_assets.compute.quality.findings import Finding, worst_first

_NAMED = 3


def summary_of(instruments: int, rows: int, findings: Sequence[Finding]) -> str:
    """What an operator wants to read first, such as ``3 of 412 instruments: crossed; worst BINANCE:PERP:BTC-USDT, 5.1 %``.

    Args:
        instruments, rows: How many were looked at.
    """
    if not findings:
        return f"Nothing found in {_counted(instruments, 'instrument')}, {_counted(rows, 'row')}." if instruments else "Nothing to look at."
    worst = worst_first(findings)[0]
    failed = {each.instrument for each in findings if each.instrument}
    if not failed:
        return f"The whole day: {_problems(findings)}" + (f"; {worst.detail}." if worst.detail else ".")
    named = f"worst {worst.instrument}, {_words(worst.problem)} {_percent(worst.share)}"
    return f"{len(failed):,} of {_counted(max(instruments, len(failed)), 'instrument')}: {_problems(findings)}; {named}."


def _problems(findings: Sequence[Finding]) -> str:
    """The problems by the number of findings."""
    counts = Counter(_words(each.problem) for each in findings)
    ordered = sorted(counts, key=lambda problem: (-counts[problem], problem))
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(ordered[:_NAMED]) + more


def _words(problem: str) -> str:
    """A problem as it is said; what it is about, such as a column, keeps its name."""
    kind, colon, about = problem.partition(":")
    return kind.replace("_", " ") + (f" {about}" if colon else "")


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
