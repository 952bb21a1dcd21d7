//! Installing a gate: from then on handles record through it.

use std::sync::Arc;

use crate::{gate::Gate, provider, registry};

/// Makes a gate the provider of all handles, those that exist included: what is registered is made in it now.
pub fn install(gate: Arc<Gate>) {
    provider::replace(Some(gate));
    registry::bind_all();
}

/// Takes the provider away: handles record nothing until the next [`install`].
pub fn uninstall() {
    provider::replace(None);
}
