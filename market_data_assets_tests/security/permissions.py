"""Which permissions Google asks for, by method of its APIs. Sources stand with each part.

A method is named as Google's documentation names it; what a method needs besides in a special case is a name of its own.
"""

from collections.abc import Iterable

# https://cloud.google.com/storage/docs/access-control/iam-json and, for move,
# https://cloud.google.com/storage/docs/json_api/v1/objects/move (storage.objects.move instead of get and delete is for
# those who may neither read nor delete).
_STORAGE = {
    "storage.objects.list": ["storage.objects.list"],
    "storage.objects.get": ["storage.objects.get"],
    "storage.objects.insert": ["storage.objects.create"],
    "storage.objects.insert replacing": ["storage.objects.create", "storage.objects.delete"],
    "storage.objects.move": ["storage.objects.get", "storage.objects.delete", "storage.objects.create"],
    "storage.objects.rewrite": ["storage.objects.get", "storage.objects.create", "storage.objects.delete"],
    "storage.objects.compose": ["storage.objects.get", "storage.objects.create", "storage.objects.delete"],
    "storage.objects.delete": ["storage.objects.delete"],
    "storage.objects.patch": ["storage.objects.get", "storage.objects.update"],
    "storage.buckets.get": ["storage.buckets.get"],
    "storage.buckets.list": ["storage.buckets.list"],
    "storage.buckets.insert": ["storage.buckets.create"],
}

# https://cloud.google.com/bigquery/docs/access-control, and for INFORMATION_SCHEMA.PARTITIONS
# https://cloud.google.com/bigquery/docs/information-schema-partitions. Loading: "required permissions" of
# https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet, which asks for tables.create and tables.update
# also where the table exists. Whoever created a job may get it and its results; a load is asked for by
# its name before anybody may have started it, and may then be of another account.
_LOAD = ["bigquery.jobs.create", "bigquery.tables.create", "bigquery.tables.update", "bigquery.tables.updateData"]
_BIGQUERY = {
    "bigquery.datasets.get": ["bigquery.datasets.get"],
    "bigquery.datasets.insert": ["bigquery.datasets.create"],
    "bigquery.datasets.patch": ["bigquery.datasets.get", "bigquery.datasets.update"],
    "bigquery.tables.get": ["bigquery.tables.get"],
    "bigquery.tables.list": ["bigquery.tables.list"],
    "bigquery.tables.insert": ["bigquery.tables.create"],
    # A view is checked against what it selects from when it is made.
    "bigquery.tables.insert view": ["bigquery.tables.create", "bigquery.tables.getData"],
    "bigquery.tables.patch": ["bigquery.tables.get", "bigquery.tables.update"],
    "bigquery.tables.update": ["bigquery.tables.get", "bigquery.tables.update"],
    "bigquery.tables.delete": ["bigquery.tables.delete"],
    "bigquery.tabledata.list": ["bigquery.tables.getData"],
    "bigquery.jobs.insert load": _LOAD,
    "bigquery.jobs.insert load from bucket": [*_LOAD, "storage.objects.get"],
    "bigquery.jobs.insert query": ["bigquery.jobs.create", "bigquery.tables.getData"],
    "bigquery.jobs.insert query of partitions": ["bigquery.jobs.create", "bigquery.tables.get", "bigquery.tables.list"],
    "bigquery.jobs.query": ["bigquery.jobs.create", "bigquery.tables.getData"],
    "bigquery.jobs.query of partitions": ["bigquery.jobs.create", "bigquery.tables.get", "bigquery.tables.list"],
    "bigquery.jobs.get": [],
    "bigquery.jobs.get that may be of another": ["bigquery.jobs.get"],
    "bigquery.jobs.getQueryResults": [],
    "bigquery.jobs.list": ["bigquery.jobs.list"],
    "bigquery.jobs.cancel": ["bigquery.jobs.update"],
    # https://cloud.google.com/bigquery/docs/reference/storage
    "bigquery.storage.CreateReadSession": ["bigquery.readsessions.create", "bigquery.tables.getData"],
    "bigquery.storage.ReadRows": ["bigquery.readsessions.getData"],
    "bigquery.storage.SplitReadStream": ["bigquery.readsessions.update"],
}

_PERMISSIONS = _STORAGE | _BIGQUERY


def needed(methods: Iterable[str]) -> set[str]:
    """The permissions that calling all of these methods takes.

    Raises:
        KeyError: a method that is not in the table: look its permissions up.
    """
    return {permission for method in methods for permission in _PERMISSIONS[method]}


def scope(permission: str) -> str:
    """What a permission has to be granted on at the least: ``project``, ``bucket`` or ``dataset``."""
    service, resource, _ = permission.split(".")
    if service == "storage":
        return "bucket"
    # Creating a dataset, too, is asked of the project.
    return "project" if resource in {"jobs", "readsessions"} or permission == "bigquery.datasets.create" else "dataset"
