//! Every macro where no crate is called `runar_otel`: as a renamed dependency, through a module, through a crate.

#![deny(warnings)]

/// A dependency with another name.
mod dependency {
    use runar_node as telemetry;

    include!("shop.rs");
}

/// A crate that hands it on.
mod through_crate {
    use company_telemetry as telemetry;

    include!("shop.rs");
}

/// A module that hands it on.
mod through_module {
    mod telemetry {
        pub(crate) use runar_node::*;
    }

    include!("shop.rs");
}

use runar_node::{catalogue, metered};
use runar_otel_testing::{Recorder, assert_metric};

/// By the names themselves, and by a path.
#[metered(crate = runar_node)]
fn by_name() {}

#[metered(crate = company_telemetry)]
fn by_the_other_name() {}

#[metered(crate = crate::telemetry)]
fn by_path() {}

mod telemetry {
    pub(crate) use runar_node::*;
}

#[test]
fn each_path_is_found() {
    let recorder = Recorder::new();
    recorder.run(|| {
        by_name();
        by_the_other_name();
        by_path();
    });
    for action in ["by_name", "by_the_other_name", "by_path"] {
        assert_metric!(recorder, "action_requests_total", {"action" => action, "outcome" => "ok"}, == 1);
    }
}

#[test]
fn nothing_is_amiss_in_the_catalogue() {
    assert!(catalogue::check().is_empty(), "{:#?}", catalogue::check());
}
