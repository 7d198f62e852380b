"""What a person does about a finding, in words and commands."""

from market_data_assets.upkeep.places import Place
from market_data_assets.upkeep.scope import run_command

REPAIR = "market-data fsck --repair"
SWEEP = "market-data fsck --sweep"
MIGRATE = "market-data migrate"
UPGRADE = "upgrade market_data_assets to the version that wrote it"
BY_HAND = "not ours: look at it, then delete it by hand"
REPLACED = "not ours: look at it, then delete it by hand; the next commit of the day removes it too"
LOST = "restore the object from the bucket's own versions or a backup; a former version cannot be made again"
WAIT = "a run may still be at work; look again when it has ended"


def make_again(place: Place, instrument: str | None = None) -> str:
    """The command that makes a partition again: of one instrument where it is about that alone."""
    if place.dataset is None:
        view = place.label.split("/")[1]
        return f"dagster asset materialize -m market_data_assets.definitions --select views/{view} --partition {place.day.replace(day=1)}"
    command = run_command(place.day, place.day)
    return command if instrument is None else f"{command} --instruments {instrument}"
