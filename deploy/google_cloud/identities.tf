locals {
  identities = yamldecode(file("${path.module}/identities.yaml"))

  roles = {
    for file in fileset("${path.module}/roles", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(file("${path.module}/roles/${file}"))
  }

  workloads = merge([
    for identity, principals in var.workloads : {
      for principal in principals : "${identity} ${principal}" => { identity = identity, principal = principal }
    }
  ]...)
}

resource "google_project_service" "needed" {
  for_each = toset(["bigquery.googleapis.com", "bigquerystorage.googleapis.com", "iam.googleapis.com", "iamcredentials.googleapis.com", "storage.googleapis.com"])

  service            = each.key
  disable_on_destroy = false
}

resource "google_project_iam_custom_role" "role" {
  for_each = local.roles

  role_id     = "market_data_${each.key}"
  title       = each.value.title
  description = each.value.description
  stage       = each.value.stage
  permissions = each.value.includedPermissions

  depends_on = [google_project_service.needed]
}

# No key is ever made for these accounts: workloads act as them, virtual machines have them attached.
resource "google_service_account" "identity" {
  for_each = local.identities

  account_id   = each.value.account
  display_name = "Market data ${each.key}"
  description  = each.value.description

  depends_on = [google_project_service.needed]
}

# Running a job and opening a read session are asked of the project that pays; they show nobody any data.
resource "google_project_iam_member" "identity" {
  for_each = local.identities

  project = var.project
  role    = google_project_iam_custom_role.role[each.value.project].id
  member  = google_service_account.identity[each.key].member
}

resource "google_service_account_iam_member" "workload" {
  for_each = local.workloads

  service_account_id = google_service_account.identity[each.value.identity].name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value.principal
}
