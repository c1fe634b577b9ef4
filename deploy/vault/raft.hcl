# One Vault node of three. The other two differ in node_id, api_addr and cluster_addr alone.

api_addr     = "https://vault-1.internal:8200"
cluster_addr = "https://vault-1.internal:8201"

# Raft maps its file into memory, which mlock would keep there whole. Turn swap off on the host instead.
disable_mlock = true

storage "raft" {
  path    = "/var/lib/vault"
  node_id = "vault-1"

  # The shortest time-outs: a lost leader is replaced within seconds.
  performance_multiplier = 1

  retry_join {
    leader_api_addr     = "https://vault-1.internal:8200"
    leader_ca_cert_file = "/etc/vault/ca.pem"
  }
  retry_join {
    leader_api_addr     = "https://vault-2.internal:8200"
    leader_ca_cert_file = "/etc/vault/ca.pem"
  }
  retry_join {
    leader_api_addr     = "https://vault-3.internal:8200"
    leader_ca_cert_file = "/etc/vault/ca.pem"
  }
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_cert_file   = "/etc/vault/server.pem"
  tls_key_file    = "/etc/vault/server.key"
}

telemetry {
  prometheus_retention_time = "24h"
  disable_hostname          = true
}
