# What the commands of the operators' guide need, once the cluster stands and `granary vault bootstrap` has run. Such a token reads no
# credential as long as nobody gives it a line for granary/ and granary-transit/decrypt. It can restore a snapshot, and so put anything
# in place of everything: keep it as well as a root token.

# which node leads and who has a vote
path "sys/storage/raft/configuration" {
  capabilities = ["read"]
}
path "sys/storage/raft/autopilot/state" {
  capabilities = ["read"]
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
