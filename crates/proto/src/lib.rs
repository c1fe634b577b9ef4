//! The contract in Rust: generated types, the raw descriptor set, and the policy table read from it.
//!
//! ```
//! let table = granary_proto::policy_table().unwrap();
//! let method = table.tool("log_time_entry").unwrap();
//! assert_eq!(method.path, "/granary.harvest.v1.HarvestTime/LogTimeEntry");
//! ```
mod masked;
mod names;
pub mod options;
pub mod policy;
mod served;

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

pub use policy::{Method, PolicyTable, Rights};
pub use served::served;

/// The serialized `FileDescriptorSet` of all protos, with custom options and comments.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The descriptors, or why they cannot be read.
///
/// # Errors
/// Only where the build embedded a damaged descriptor set.
pub fn pool() -> Result<&'static DescriptorPool, policy::Error> {
    static POOL: LazyLock<Result<DescriptorPool, String>> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).map_err(|e| e.to_string()));
    POOL.as_ref().map_err(|e| policy::Error::Descriptors(e.clone()))
}

/// The policy of every method, read once.
///
/// # Errors
/// Where a method of `granary.*` declares no policy, or one that contradicts itself; the error names it.
pub fn policy_table() -> Result<&'static PolicyTable, policy::Error> {
    static TABLE: LazyLock<Result<PolicyTable, policy::Error>> = LazyLock::new(|| PolicyTable::read(pool()?));
    TABLE.as_ref().map_err(Clone::clone)
}

/// `granary.*` as generated.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications)]
pub mod granary {
    /// Policies, kinds, scopes, error reasons.
    pub mod policy {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.policy.v1");
        }
    }
    /// What answers have in common.
    pub mod types {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.types.v1");
        }
    }
    /// What the services ask of one another.
    pub mod internal {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.internal.v1");
        }
    }
    /// Accounts, credentials, keys.
    pub mod vault {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.vault.v1");
        }
    }
    /// Time tracking.
    pub mod harvest {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.harvest.v1");
        }
    }
    /// LinkedIn data.
    pub mod linkedin {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.linkedin.v1");
        }
    }
    /// Tools by name.
    pub mod gateway {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("granary.gateway.v1");
        }
    }
}

/// `google.*` as generated.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications)]
pub mod google {
    /// Common types.
    pub mod r#type {
        tonic::include_proto!("google.r#type");
    }
}
