variable "project" {
  description = "Project that holds the bucket and the dataset, and that pays for queries."
  type        = string
}

variable "location" {
  description = "Region of both, such as EU or europe-west4. BigQuery loads only from a bucket in the dataset's own location."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket, unique in the world."
  type        = string
}

variable "dataset" {
  description = "Name of the dataset of the analytics tables: MDA_BIGQUERY_DATASET."
  type        = string
  default     = "market_data_analytics"
}

variable "soft_delete_days" {
  description = "How long an object that was deleted by mistake can be brought back: 0, or 7 to 90. It is paid for as stored."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "Cloud Storage takes 0, or 7 to 90 days."
  }
}

variable "workloads" {
  description = <<-EOT
    Who acts as which identity, without a key: identity to principals. A pod on GKE is
    serviceAccount:PROJECT.svc.id.goog[NAMESPACE/ACCOUNT]; a workload elsewhere is a principal:// or principalSet:// of a
    workload identity pool. A virtual machine needs no entry: attach the identity's service account to it.
  EOT
  type        = map(set(string))
  default     = {}

  validation {
    condition     = alltrue([for identity in keys(var.workloads) : contains(["writer", "reader", "operator"], identity)])
    error_message = "The identities are writer, reader and operator."
  }
}
