"""Whether a deployment works: settings, machine, credentials, lake, warehouse, vendor. One function per check, one list of them."""
