# Granary's credential-vault. Written by: granary hashicorp-vault bootstrap

# records, by check-and-set, and marks beside them
path "granary/data/*" {
  capabilities = ["create", "patch", "read", "update"]
}

# deleting a record for good, listing names, and finding old versions of a value that is revoked
path "granary/metadata/*" {
  capabilities = ["delete", "list", "read"]
}

# destroying those
path "granary/destroy/*" {
  capabilities = ["update"]
}

# at start, and again while it runs: that one version is kept, and check-and-set required
path "granary/config" {
  capabilities = ["read"]
}

# at start, and again while it runs: that the key is derived and stays in Vault
path "granary-transit/keys/credentials" {
  capabilities = ["read"]
}

# sealing a value
path "granary-transit/encrypt/credentials" {
  capabilities = ["update"]
}

# opening a value, for a ticket
path "granary-transit/decrypt/credentials" {
  capabilities = ["update"]
}

# granary store rewrap
path "granary-transit/rewrap/credentials" {
  capabilities = ["update"]
}

# granary store rewrap --rotate
path "granary-transit/keys/credentials/rotate" {
  capabilities = ["update"]
}

# telling a dead token from a denied request
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

# keeping the token alive
path "auth/token/renew-self" {
  capabilities = ["update"]
}

# telling which line of this policy is missing
path "sys/capabilities-self" {
  capabilities = ["update"]
}
