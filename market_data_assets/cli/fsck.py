"""`market-data fsck`: what is stored, compared with what its manifests say."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market_data_assets.cli.console import LOOK_AFTER, AsJson, app, err, examples, load_settings, out
from market_data_assets.cli.exits import EXIT_FAILED
from market_data_assets.cli.scoping import Datasets, First, Last

if TYPE_CHECKING:
    from market_data_assets.upkeep.findings import Finding
    from market_data_assets.upkeep.fsck import Report

_SHOWN = 40
_COLOURS = {"damage": "red", "history": "magenta", "unfinished": "yellow", "leftover": "cyan", "note": "dim"}


@app.command(
    rich_help_panel=LOOK_AFTER,
    epilog=examples("market-data fsck --dataset raw_tick_data --from 2024-08-01", "market-data fsck --deep --json"),
)
def fsck(
    *,
    first: First = None,
    last: Last = None,
    datasets: Datasets = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read and decode every file too: rows, columns, times, SHA-256.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Publish what a killed writer had committed.")] = False,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Delete staged files, probes and scratch folders older than 48 h, in the whole lake.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every stored object, and the warehouse, with the manifests. Nothing damaged is ever deleted.

    Exit code 0 when nothing but notes was found, 1 when something remains, 2 for wrong use, 3 when the store could not be asked.
    """
    from market_data_assets.deployment import open_lake, open_warehouse  # noqa: PLC0415
    from market_data_assets.upkeep.fsck import Options, fsck  # noqa: PLC0415
    from market_data_assets.upkeep.scope import Scope  # noqa: PLC0415

    scope = Scope.parse(first, last, datasets or [])
    settings = load_settings()
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        tasks = {what: progress.add_task(what, total=None) for what in ("lake", "warehouse")}
        report = fsck(
            open_lake(settings),
            open_warehouse(settings),
            scope,
            now=dt.datetime.now(dt.UTC),
            options=Options(deep, repair, sweep),
            progress=lambda what, done, of: progress.update(tasks[what], completed=done, total=of),
        )
    (_print_json if as_json else _show)(report)
    if not report.is_clean:
        raise typer.Exit(EXIT_FAILED)


def _print_json(report: "Report") -> None:
    """A line for each finding, then one with the counts."""
    from market_data_assets.upkeep.findings import count_kinds  # noqa: PLC0415

    for each in report.findings:
        typer.echo(json.dumps(each.as_json()))
    counts = {str(kind): count for kind, count in count_kinds(report.findings).items()}
    summary = {"partitions": report.partitions, "counts": counts, "repaired": list(report.repaired), "swept": report.swept}
    typer.echo(json.dumps({"summary": summary}))


def _show(report: "Report") -> None:
    from market_data_assets.upkeep.findings import count_kinds  # noqa: PLC0415

    wrong = [each for each in report.findings if each.severity != "note"]
    for each in wrong[:_SHOWN]:
        _show_finding(each)
    if len(wrong) > _SHOWN:
        out.print(f"… and {len(wrong) - _SHOWN:,} more; --json prints all\n")
    counts = Table("found", "how bad", "count", box=None, header_style="bold", padding=(0, 2, 0, 0))
    counts.columns[2].justify = "right"
    for kind, count in count_kinds(report.findings).items():
        colour = _COLOURS[kind.severity]
        counts.add_row(f"[{colour}]{kind}[/{colour}]", str(kind.severity), f"{count:,}")
    if counts.row_count:
        out.print(counts)
        out.print()
    done = [f"{report.partitions:,} partitions looked at"]
    done += [f"{len(report.repaired):,} published"] if report.repaired else []
    done += [f"{report.swept:,} leftovers deleted"] if report.swept else []
    verdict = "[green]clean[/green]" if report.is_clean else "[red]not clean[/red]"
    out.print(f"{', '.join(done)}: {verdict}", highlight=False)


def _show_finding(finding: "Finding") -> None:
    colour = _COLOURS[finding.severity]
    about = [finding.dataset, "" if finding.day is None else str(finding.day), finding.instrument or ""]
    out.print(f"[{colour}]{finding.kind}[/{colour}]  {escape('  '.join(part for part in about if part))}", highlight=False, soft_wrap=True)
    for name, text in (("where", finding.where), ("expected", finding.expected), ("found", finding.found), ("remedy", finding.remedy)):
        if text:
            out.print(f"    {name:<9} {escape(text)}", highlight=False, soft_wrap=True)
    out.print()
