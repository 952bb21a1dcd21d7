//! Calls with labels: few sets of a function have handles of their own, all of them count.

use runar_otel_core::{
    __private::{Call, Function, Owner, Site, Verdict, in_sync},
    gate::{GateOptions, View},
    install,
};

use crate::{
    calls::{ACTION, NO_ERRORS},
    facade::{self, renew},
    reader::{Bench, Point},
};

const SETS: usize = 40;
const EACH: f64 = 3.0;

static SITE: Site = Site::new(Function {
    family: Some("labelled"),
    labels: &["at"],
    ..ACTION
});

/// Calls with each of the label sets; the points of requests and of durations in this provider.
fn called(options: GateOptions) -> [Vec<Point>; 2] {
    let bench = Bench::new(options);
    install(bench.gate.clone());
    for _ in 0..3 {
        for at in 0..SETS {
            let owner = Owner::named("labelled", None);
            let mut call = Call::begin(&SITE, owner, NO_ERRORS);
            call.label(0, &format!("set {at}"));
            in_sync(call, || (), |()| Verdict::Ok);
        }
    }
    let all = bench.collect();
    let of = |metric: &str| {
        let points = all.iter().filter(|point| point.metric == metric);
        let counted = points.filter(|point| point.count > 0 || point.value > 0.0);
        counted.cloned().collect()
    };
    [
        of("labelled_requests_total"),
        of("labelled_duration_seconds"),
    ]
}

fn viewed(view: impl FnOnce(View) -> View) -> [Vec<Point>; 2] {
    let mut options = GateOptions::default();
    options.views = vec![view(View::select("labelled_*"))];
    called(options)
}

/// True if there are so many series that count so much together, and at most so much each.
fn count(points: &[Point], series: usize, whole: f64, most: f64) -> bool {
    let counts = points.iter().map(|point| match point.count {
        0 => point.value,
        count => f64::from(u32::try_from(count).unwrap()),
    });
    let sum: f64 = counts.clone().sum();
    points.len() == series && (sum - whole).abs() < 0.5 && counts.fold(0.0, f64::max) < most + 0.5
}

#[test]
fn every_label_set_counts_under_every_provider() {
    let mut common = facade::bench();
    let whole = 40.0 * EACH;
    for _ in 0..2 {
        for points in called(GateOptions::default()) {
            assert!(count(&points, SETS, whole, EACH), "{points:#?}");
        }
        for points in viewed(|view| view.drop_labels(["at"])) {
            assert!(count(&points, 1, whole, whole), "{points:#?}");
        }
        for points in viewed(|view| view.limit(10)) {
            assert!(count(&points, 11, whole, whole), "{points:#?}");
        }
    }
    renew(&mut common);
}
