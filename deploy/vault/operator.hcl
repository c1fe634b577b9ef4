# What the commands of the operators' guide need, once the cluster stands and `granary hashicorp-vault bootstrap` has run. Whoever can make secret
# ids can log in as credential-vault does, and open every credential; whoever can restore a snapshot can put another state of the whole Vault
# in the place of this one. So keep such a token as well as a root token.

# who has a vote, and taking out a node that is lost
path "sys/storage/raft/configuration" {
  capabilities = ["read"]
}
path "sys/storage/raft/remove-peer" {
  capabilities = ["update"]
}

# saving a snapshot, and restoring it
path "sys/storage/raft/snapshot" {
  capabilities = ["read", "update"]
}

# making the leader step down; sealing a node
path "sys/step-down" {
  capabilities = ["update", "sudo"]
}
path "sys/seal" {
  capabilities = ["update", "sudo"]
}

# a new secret id, the list of accessors, looking one up and destroying it
path "auth/approle/role/granary-credential-vault/*" {
  capabilities = ["read", "update", "list"]
}

# letting a role in again that Vault has locked out, and the accessor of its mount
path "sys/auth" {
  capabilities = ["read"]
}
path "sys/locked-users/+/unlock/+" {
  capabilities = ["update"]
}

# the tokens of credential-vault: which there are, and revoking them
path "auth/token/accessors" {
  capabilities = ["list", "sudo"]
}
path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}
path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}

# the transit key: its versions, the oldest that may decrypt, forgetting older ones
path "granary-transit/keys/credentials" {
  capabilities = ["read"]
}
path "granary-transit/keys/credentials/config" {
  capabilities = ["update"]
}
path "granary-transit/keys/credentials/trim" {
  capabilities = ["update"]
}
