resource "google_storage_bucket" "lake" {
  name     = var.bucket
  location = var.location

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  # A commit is one conditional put of a manifest, and earlier revisions of a day are objects of their own under
  # _revisions/. Object versions would keep every byte a second time.
  versioning {
    enabled = false
  }

  # Not for our commits, but for the hand that deletes the wrong prefix.
  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # What doctor --write-probe leaves behind when it is killed.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 1
      matches_prefix = ["_probe/"]
    }
  }

  # There is no such rule for _staging/, on purpose: a writer that died between committing and publishing leaves files
  # there that a manifest names, and readers read them from there until the next run moves them. A rule that looks at
  # age alone would delete committed data. `market-data fsck --repair` deletes what no manifest names.

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_iam_member" "identity" {
  for_each = local.identities

  bucket = google_storage_bucket.lake.name
  role   = google_project_iam_custom_role.role[each.value.bucket].id
  member = google_service_account.identity[each.key].member
}
