//! The specification's examples, one file per code block, in its order and with its numbers; blocks 1, 2 and 13 are
//! about P2P metrics, which are not there yet.
//!
//! What stands between `// ---- the document` and `// ----` is the block, verbatim but for the bodies that it leaves
//! out and the changes that `docs/specification.md` lists. Before it stands what it takes for granted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    unused_variables,
    unused_imports,
    reason = "the specification names what its elided bodies would use"
)]

/// The names that the specification imports.
mod runar_node {
    pub(crate) use runar_otel::{metrics, prelude};

    pub(crate) mod p2p {
        pub(crate) use runar_otel::prelude;
    }

    pub(crate) mod dht {
        pub(crate) use runar_otel::prelude;
    }
}

use runar_otel as runar_macros;

#[rustfmt::skip]
mod block_03_service_level;
#[rustfmt::skip]
mod block_04_action_level;
#[rustfmt::skip]
mod block_05_event_based;
#[rustfmt::skip]
mod block_06_custom_metric;
#[rustfmt::skip]
mod block_07_helper_functions;
#[rustfmt::skip]
mod block_08_comprehensive_service;
#[rustfmt::skip]
mod block_09_p2p_service;
#[rustfmt::skip]
mod block_10_dht_service;
#[rustfmt::skip]
mod block_11_implementation_example;
#[rustfmt::skip]
mod block_12_service_integration;
