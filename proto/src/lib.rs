//! The contract of Relais: what is generated from the `.proto` files beside this crate, and nothing else.
//!
//! One module per package. The documentation of every message and RPC stands in the `.proto` files.
#![allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated code; the .proto files carry the documentation"
)]

/// The compiled descriptors of every package, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/relais.bin"));

/// Google's common types used by the contract.
pub mod google {
    /// `google.type`.
    pub mod r#type {
        tonic::include_proto!("google.r#type");
    }
}

/// Packages of Relais.
pub mod relais {
    /// Organisations, units, sites and practitioners.
    pub mod network {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.network.v1");
        }
    }
    /// Conventions: what organisations agreed.
    pub mod convention {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.convention.v1");
        }
    }
    /// Patients and referrals.
    pub mod referral {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.referral.v1");
        }
    }
    /// Appointments.
    pub mod scheduling {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.scheduling.v1");
        }
    }
    /// Orders.
    pub mod results {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.results.v1");
        }
    }
    /// The inbox.
    pub mod notification {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.notification.v1");
        }
    }
    /// What operators ask of every service.
    pub mod operations {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.operations.v1");
        }
    }
    /// Who saw what, of every service.
    pub mod audit {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.audit.v1");
        }
    }
    /// What is held on a person, of every service.
    pub mod holdings {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.holdings.v1");
        }
    }
    /// What is published on the broker.
    pub mod events {
        /// Version 1.
        pub mod v1 {
            tonic::include_proto!("relais.events.v1");
        }
    }
}

pub use relais::{
    audit, convention, events, holdings, network, notification, operations, referral, results, scheduling,
};
