# Its tables and views are made by `market-data migrate`, from the same records as everything else.
resource "google_bigquery_dataset" "analytics" {
  dataset_id                 = var.dataset
  location                   = var.location
  description                = "Candles and book snapshots of crypto markets, one partition a UTC day, loaded by market_data_assets."
  delete_contents_on_destroy = false

  depends_on = [google_project_service.needed]
}

resource "google_bigquery_dataset_iam_member" "identity" {
  for_each = local.identities

  dataset_id = google_bigquery_dataset.analytics.dataset_id
  role       = google_project_iam_custom_role.role[each.value.dataset].id
  member     = google_service_account.identity[each.key].member
}
