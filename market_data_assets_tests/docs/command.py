"""`market-data` for the documents' blocks: the real command on an instance of Dagster that is gone afterwards.

The SQLite files of a lasting one cost a run twice the time of its work, and no block reads them.
"""

import sys
from pathlib import Path


def main() -> None:
    """Run the command with this program's arguments."""
    if sys.argv[1:2] == ["run"]:
        import dagster as dg  # noqa: PLC0415

        from market_data_assets.defs import instance  # noqa: PLC0415

        def ephemeral(_home: Path) -> dg.DagsterInstance:
            return dg.DagsterInstance.ephemeral()

        instance.open_terminal_instance = ephemeral
    from market_data_assets.cli import main as market_data  # noqa: PLC0415

    market_data()


if __name__ == "__main__":
    main()
