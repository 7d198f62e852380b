"""The options by which the commands of upkeep are told which days and datasets to look at."""

from typing import Annotated

import typer

First = Annotated[str | None, typer.Option("--from", help="First UTC day, YYYY-MM-DD; the first that is stored when left out.")]
Last = Annotated[str | None, typer.Option("--to", help="Last UTC day, inclusive; the last that is stored when left out.")]
Datasets = Annotated[
    list[str] | None, typer.Option("--dataset", help="Dataset or tier, such as candles_1m or raw_tick_data; repeat for more.")
]
