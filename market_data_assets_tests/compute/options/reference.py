"""The surface again, slowly and from the definitions: one instant at a time, from lists of rows."""

import math
from collections.abc import Sequence

from market_data_assets_tests.compute.options.chains import MIDNIGHT, SECOND, YEAR, Quote

_MAX_AGE = 60 * SECOND
Values = dict[str, float | None]


def at(quotes: Sequence[Quote], instant: int) -> dict[int, Values]:
    """By expiration, what each expiry that has been quoted is at an instant in µs since 00:00; ``total_variance`` is σ²T, model-free."""
    last: dict[str, Quote] = {}
    for quote in sorted(quotes, key=lambda quote: quote.at):
        if quote.at <= instant and quote.expiration > MIDNIGHT + instant:
            last[quote.instrument_id] = quote
    expirations = {quote.expiration for quote in last.values()}
    return {of: _expiry([quote for quote in last.values() if quote.expiration == of], instant) for of in sorted(expirations)}


def _expiry(seen: list[Quote], instant: int) -> Values:
    live = sorted((quote for quote in seen if instant - quote.at <= _MAX_AGE), key=lambda quote: (quote.strike, quote.kind))
    calls, puts = ([quote for quote in live if quote.kind == kind] for kind in ("call", "put"))
    stated = [quote for quote in live if quote.forward is not None]
    forward = max(stated, key=lambda quote: (quote.at, quote.strike, quote.kind)).forward if stated else None
    out: Values = {
        "stale_share": 1 - len(live) / len(seen),
        "years": (seen[0].expiration - MIDNIGHT - instant) / YEAR,
        "forward": forward,
        "call_open_interest": _sum([quote.interest for quote in calls]),
        "put_open_interest": _sum([quote.interest for quote in puts]),
        "open_interest_weighted_strike": _weighted(live),
        "max_pain": _max_pain(live),
    }
    if forward is not None:
        lowest = max((quote.strike for quote in calls if _has_delta(quote) and quote.strike < forward), default=0)
        highest = min((quote.strike for quote in puts if _has_delta(quote) and quote.strike > forward), default=math.inf)
        out["iv_25c"] = _at_delta([quote for quote in calls if quote.strike >= lowest], 0.25)
        out["iv_25p"] = _at_delta([quote for quote in puts if quote.strike <= highest], -0.25)
        smile = _smile(live, forward)
        out["n_strikes"] = len(smile)
        out["atm_iv"] = _at_the_money(smile, forward)
        out["total_variance"] = _model_free(live, forward, sorted({quote.strike for quote in seen}))
        gammas = [(1 if q.kind == "call" else -1) * q.gamma * q.interest for q in live if q.gamma is not None and q.interest is not None]
        out["gamma_exposure"] = sum(gammas) * forward**2 / 100 if gammas else None
    return out


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _has_delta(quote: Quote) -> bool:
    return quote.delta is not None and bool(quote.iv)


def _at_delta(options: list[Quote], target: float) -> float | None:
    known = [(quote.delta, quote.iv / 100) for quote in options if quote.delta is not None and quote.iv]
    below = max((pair for pair in known if pair[0] <= target), key=lambda pair: pair[0], default=None)
    above = min((pair for pair in known if pair[0] >= target), key=lambda pair: pair[0], default=None)
    if below is None or above is None:
        return None
    if below[0] == above[0]:
        return below[1]
    return below[1] + (target - below[0]) / (above[0] - below[0]) * (above[1] - below[1])


def _smile(live: list[Quote], forward: float) -> dict[float, float]:
    smile: dict[float, float] = {}
    for strike in sorted({quote.strike for quote in live}):
        by_kind = {quote.kind: quote.iv / 100 for quote in live if quote.strike == strike and quote.iv}
        preferred = ("put", "call") if strike < forward else ("call", "put")
        for kind in preferred:
            if kind in by_kind:
                smile[strike] = by_kind[kind]
                break
    return smile


def _at_the_money(smile: dict[float, float], forward: float) -> float | None:
    below, above = [strike for strike in smile if strike <= forward], [strike for strike in smile if strike >= forward]
    if not below or not above:
        return None
    low, high = max(below), min(above)
    if low == high:
        return smile[low]
    x, y = math.log(low / forward), math.log(high / forward)
    return math.sqrt((smile[low] ** 2 * y - smile[high] ** 2 * x) / (y - x))


def _weighted(live: list[Quote]) -> float | None:
    total = sum(quote.interest or 0 for quote in live)
    return sum((quote.interest or 0) * quote.strike for quote in live) / total if total else None


def _max_pain(live: list[Quote]) -> float | None:
    if not sum(quote.interest or 0 for quote in live):
        return None

    def paid(price: float) -> float:
        return sum((q.interest or 0) * max(price - q.strike if q.kind == "call" else q.strike - price, 0) for q in live)

    return min(sorted({quote.strike for quote in live if quote.interest is not None}), key=paid)


def _model_free(live: list[Quote], forward: float, strikes: list[float]) -> float | None:
    """``strikes``: those quoted so far, ascending."""
    mids: dict[str, dict[float, float]] = {"call": {}, "put": {}}
    for quote in live:
        if quote.bid and quote.ask and quote.ask >= quote.bid:
            mids[quote.kind][quote.strike] = (quote.bid + quote.ask) / 2 * forward
    both = [strike for strike in mids["call"] if strike in mids["put"] and strike <= forward]
    if not both:
        return None
    middle = max(both)
    strip = {middle: (mids["call"][middle] + mids["put"][middle]) / 2}
    for kind, side in (("put", [k for k in reversed(strikes) if k < middle]), ("call", [k for k in strikes if k > middle])):
        taken, missing = 0, 0
        for strike in side:
            if missing == 2:
                break
            missing = 0 if strike in mids[kind] else missing + 1
            if strike in mids[kind]:
                strip[strike] = mids[kind][strike]
                taken += 1
        if taken < 2:
            return None
    ordered = sorted(strip)
    total = 0.0
    for number, strike in enumerate(ordered):
        left, right = ordered[max(number - 1, 0)], ordered[min(number + 1, len(ordered) - 1)]
        width = (right - left) / (1 if number in {0, len(ordered) - 1} else 2)
        total += 2 * width / strike**2 * strip[strike]
    total -= (forward / middle - 1) ** 2
    return total if total > 0 else None
