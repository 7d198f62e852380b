"""Exit codes: what each means, and which one an error has."""

from market_data_assets.errors import MarketDataError, QueryError, SettingsError, UnknownInstrument, UnsafeName

EXIT_FAILED, EXIT_USAGE, EXIT_IMPOSSIBLE, EXIT_INTERRUPTED, EXIT_CLOSED = 1, 2, 3, 130, 141

EXIT_CODES = {
    0: "done",
    EXIT_FAILED: "done, and something failed, is damaged or is out of date",
    EXIT_USAGE: "wrong use: an option, a setting, a name or a day that does not exist",
    EXIT_IMPOSSIBLE: "not possible now: not stored, out of reach, refused",
    EXIT_INTERRUPTED: "stopped by Ctrl-C",
    EXIT_CLOSED: "whoever read the output closed it, such as head",
}
"""Every exit code of the command line, and what it means."""

_WRONG_USE = (QueryError, SettingsError, UnknownInstrument, UnsafeName)


def exit_code(error: MarketDataError) -> int:
    """Wrong use is the caller's to mend; with anything else the same command may work later."""
    return EXIT_USAGE if isinstance(error, _WRONG_USE) else EXIT_IMPOSSIBLE
