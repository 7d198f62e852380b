"""`market-data` for the documents' blocks: the real command, but a run has no checks, and an instance of Dagster that is gone afterwards.

The checks and the SQLite files of a lasting instance cost a run thrice the time of its work, and no block reads them.
"""

import sys
from pathlib import Path


def main() -> None:
    """Run the command with this program's arguments."""
    if sys.argv[1:2] == ["run"]:
        import dagster as dg  # noqa: PLC0415

        from market_data_assets import definitions  # noqa: PLC0415
        from market_data_assets.defs import instance  # noqa: PLC0415
        from market_data_assets.settings import Settings  # noqa: PLC0415

        whole = definitions.build_definitions

        def unchecked(settings: Settings) -> dg.Definitions:
            made = whole(settings)
            return dg.Definitions(made.assets, jobs=made.jobs, resources=made.resources)

        def ephemeral(_home: Path) -> dg.DagsterInstance:
            return dg.DagsterInstance.ephemeral()

        definitions.build_definitions = unchecked
        instance.open_terminal_instance = ephemeral
    from market_data_assets.cli import main as market_data  # noqa: PLC0415

    market_data()


if __name__ == "__main__":
    main()
