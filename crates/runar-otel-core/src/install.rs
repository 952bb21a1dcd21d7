//! Installing a gate, through which handles record from then on.

use std::sync::Arc;

use crate::{
    action::{SERVICES, SITES, site, unused_services},
    binding::{early_measurements, isolated_recorder, provider, registry},
    clock,
    event::published_events,
    gate::Gate,
};

/// Makes a gate the provider of all handles, existing ones included: registered metrics are made in it now, metered
/// functions begin at zero, and measurements kept from before the first gate of the process are recorded.
pub fn install(gate: Arc<Gate>) {
    provider::PROCESS.replace(Some(gate));
    registry::bind_all();
    begin_at_zero();
    early_measurements::record_all();
    provider::PROCESS.free_ended();
    clock::ticks::prepare();
}

/// Decides against telemetry, unless there is a provider: early measurements are forgotten, and nothing is recorded
/// until the next [`install`].
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

/// Ends the streams that [`uninstall`] left for the last collection: they are not exported any more, instruments of the
/// OpenTelemetry API record nothing either, and callbacks are dropped.
pub fn finish() {
    provider::PROCESS.finish();
}

/// Shows all series whose labels are known in a new provider: those of linked functions and services, and those seen at
/// run time.
fn begin_at_zero() {
    isolated_recorder::run_outside(|| {
        for service in SERVICES {
            service.begin_at_zero();
        }
        for site in SITES {
            site.resolve_linked();
        }
        site::begin_at_zero();
        published_events::begin_at_zero();
    });
    unused_services::report();
}
