"""Splitting symbols that join base and quote without a separator, by the quote assets that a market is known to have."""

from collections.abc import Mapping


class QuoteAssets:
    """The quote assets of one market, tried longest first, so that ``BTCTUSD`` is not read as ``BTCT`` in ``USD``.

    Args:
        names: The quote assets, separated by spaces.
        exceptions: Symbols → quote asset, where one quote asset ends in another and the longer one is the rarer.
    """

    def __init__(self, names: str, *, exceptions: Mapping[str, str] | None = None) -> None:
        self._longest_first = tuple(sorted(set(names.split()), key=lambda name: (-len(name), name)))
        self._exceptions = dict(exceptions or {})

    def split(self, symbol: str) -> tuple[str, str] | None:
        """Base and quote of an upper-case symbol; None where no known quote asset ends it or nothing is left as base.

        A symbol that is a quote asset as a whole (``TUSD``) is no pair, even if a shorter one ends it.
        """
        if symbol in self._longest_first or not symbol.isalnum():
            return None
        quote = self._exceptions.get(symbol) or next((name for name in self._longest_first if symbol.endswith(name)), None)
        return None if quote is None else (symbol.removesuffix(quote), quote)
