//! Installing a gate: from then on handles record through it.

use std::sync::Arc;

use crate::{
    action::{SERVICES, SITES, site, unused_services},
    binding::{early_measurements, isolated_recorder, provider, registry},
    clock,
    event::published_series,
    gate::Gate,
};

/// Makes a gate the provider of all handles, those that exist included: what is registered is made in it
/// now, what is metered begins at zero, and what was recorded before the first gate of the process is recorded.
pub fn install(gate: Arc<Gate>) {
    provider::PROCESS.replace(Some(gate));
    registry::bind_all();
    begin_at_zero();
    early_measurements::settle();
    provider::PROCESS.let_go();
    clock::ticks::prepare();
}

/// Decides against telemetry, if there is none: what was recorded is forgotten, and nothing is recorded until the next
/// [`install`].
pub fn decline() {
    if provider::PROCESS.current().is_none() {
        provider::PROCESS.replace(None);
    }
    early_measurements::forget();
}

/// Takes the provider away: handles record nothing until the next [`install`]. The last collection can still be made.
pub fn uninstall() {
    provider::PROCESS.replace(None);
}

/// Ends what [`uninstall`] left for the last collection: nothing of it is exported any more, instruments of the
/// OpenTelemetry API record nothing either, and callbacks are let go.
pub fn finish() {
    provider::PROCESS.finish();
}

/// Shows everything whose labels are known in a new provider: functions and services that are linked, and those that
/// were met at run time.
fn begin_at_zero() {
    isolated_recorder::outside(|| {
        for service in SERVICES {
            service.begin_at_zero();
        }
        for site in SITES {
            site.meet_linked();
        }
        site::begin_at_zero();
        published_series::begin_at_zero();
    });
    unused_services::report();
}
