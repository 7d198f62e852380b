output "environment" {
  description = "What the platform is told about this deployment."
  value = {
    MDA_ROOT              = "gs://${google_storage_bucket.lake.name}"
    MDA_WAREHOUSE         = "bigquery"
    MDA_BIGQUERY_PROJECT  = var.project
    MDA_BIGQUERY_DATASET  = google_bigquery_dataset.analytics.dataset_id
    MDA_BIGQUERY_LOCATION = var.location
  }
}

output "service_accounts" {
  description = "The e-mail address of each identity."
  value       = { for identity, account in google_service_account.identity : identity => account.email }
}
