"""`market-data manual`: the reference of the command line as Markdown, from the commands themselves."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import typer

from market_data_assets.cli.console import LOOK_AFTER, app
from market_data_assets.cli.exits import EXIT_CODES

_HEAD = """# The command line

Every command and option of `market-data`, generated from the commands by `make docs`; a test fails when it is stale.

Days are UTC, `YYYY-MM-DD`; `--to` of a command that works on days is inclusive. Instants are ISO 8601, UTC when they name no zone;
`--to` of a command that reads rows is exclusive. Ids are `VENUE:TYPE:SYMBOL`, in any case. Settings are those of the environment and
of `market_data.toml`, as the README lists them.

Results are on standard output, progress and remarks on standard error. `--json` prints a JSON document per line and `--csv` plain
CSV, with times such as `2024-08-08T12:00:00.000000Z`, so that both can be piped into other programs. `NO_COLOR=1` takes the colours away,
and tables fit the width of the terminal (or `COLUMNS`).

An error is one line on standard error that names what it was and what was expected.

| exit code | meaning |
|---|---|
"""

_COMPLETION = """
## Completion

`market-data --install-completion` teaches the shell (bash, zsh, fish, PowerShell) to complete commands, options, names of datasets,
venues and data types, and the days that are stored; it takes effect in the next shell. `market-data --show-completion` prints what
it would install.
"""


@app.command(hidden=True, rich_help_panel=LOOK_AFTER)
def manual() -> None:
    """Print the reference of the command line as Markdown."""
    typer.echo(reference(), nl=False)


def reference() -> str:
    """The whole reference: exit codes, completion, then every command by panel."""
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, info_name="market-data")
    names = [name for name in root.list_commands(context) if not root.commands[name].hidden]
    parts = [_HEAD + codes + _COMPLETION]
    for panel, of_panel in groupby(names, lambda name: root.commands[name].rich_help_panel):
        parts.append(f"## {panel}\n")
        for name in of_panel:
            parts += _sections(root.commands[name], context, name)
    return "\n".join(parts)


def _sections(command: Any, parent: typer.Context, name: str) -> Iterator[str]:
    """The section of a command, then those of the commands below it."""
    context = typer.Context(command, info_name=name, parent=parent)
    lines = [
        f"### `{context.command_path}`\n",
        f"```text\n{' '.join(_usage(command, context))}\n```\n",
    ]
    lines += [f"{paragraph}\n" for paragraph in command.help.split("\n\n")]
    rows = [_row(each) for each in command.params if each.name != "help"]
    if rows:
        lines += ["| | meaning | default |", "|---|---|---|", *rows, ""]
    _, _, examples = (command.epilog or "").partition("\n\n")
    if examples:
        lines.append("```text\n" + examples.replace("\n\n", "\n") + "\n```\n")
    yield "\n".join(lines)
    for below, each in getattr(command, "commands", {}).items():
        yield from _sections(each, context, below)


def _usage(command: Any, context: typer.Context) -> list[str]:
    pieces = [context.command_path, "[OPTIONS]"]
    pieces += [_name(each) + ("..." if each.nargs == -1 else "") for each in command.params if each.param_type_name == "argument"]
    return [*pieces, "COMMAND"] if getattr(command, "commands", {}) else pieces


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in parameter.opts) if parameter.param_type_name == "option" else f"`{_name(parameter)}`"
    meaning = (parameter.help or "").replace("|", "\\|") + (f" Also from `{parameter.envvar}`." if parameter.envvar else "")
    default = "required" if parameter.required else "" if parameter.default in {None, False, ()} else f"`{parameter.default}`"
    return f"| {names} | {meaning} | {default} |"
