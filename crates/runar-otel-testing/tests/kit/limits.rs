//! Cardinality limits of metered functions.

use std::{process::Command, time::Duration};

use runar_otel::{MetricsExporterKind, View, prelude::*};
use runar_otel_core::{
    report,
    series::{DEFAULT_CEILING, set_ceiling},
};
use runar_otel_testing::{Metrics, Recorder, assert_metric, assert_no_metric, try_scrape};
use tracing::{Event, Subscriber, field::Field};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

const LIMIT: usize = 20;

/// The value of the series that takes what is beyond the limit.
fn beyond(recorder: &Recorder, metric: &str) -> Option<f64> {
    recorder.counter(metric, &[("otel.metric.overflow", "true")])
}

fn limited() -> Recorder {
    Recorder::builder().cardinality_limit(LIMIT).build()
}

#[metered(labels = ["tenant"])]
fn limits_greedy(tenant: &str) -> usize {
    tenant.len()
}

#[metered(labels = ["tenant"])]
fn limits_modest(tenant: &str) -> usize {
    tenant.len()
}

fn call_greedy(times: usize) {
    for at in 0..times {
        limits_greedy(&format!("t{at}"));
    }
}

#[test]
fn a_function_with_many_label_values_takes_no_place_of_others() {
    let recorder = limited();
    recorder.run(|| {
        call_greedy(3 * LIMIT);
        // Known ones stay where they are, whatever is full.
        call_greedy(1);
        limits_modest("late");
    });
    let (greedy, modest) = ("limits_greedy", "limits_modest");
    assert_metric!(recorder, "action_requests_total", {"action" => modest, "tenant" => "late"}, == 1);
    assert_metric!(recorder, "action_duration_seconds", {"action" => modest, "tenant" => "late"}, count == 1);
    assert_metric!(recorder, "action_requests_total", {"action" => greedy, "tenant" => "t0"}, == 2);
    assert_metric!(recorder, "action_active_requests", {"action" => greedy}, == 0);
    let more = 2.0 * LIMIT as f64;
    assert_eq!(beyond(&recorder, "action_requests_total"), Some(more));
    let own = recorder.counter("action_requests_total", &[("action", greedy)]);
    assert_eq!(own, Some(LIMIT as f64 + 1.0));
    assert_metric!(recorder, "runar_otel_limits_reached", {"metric" => "action_requests_total"}, == 1);
    assert_metric!(recorder, "runar_otel_limits_reached", {"metric" => "action_duration_seconds"}, == 1);
}

macro_rules! plain_functions {
    ($($name:ident)*) => {
        $(#[metered] fn $name() {})*
        fn call_plain() {
            $($name();)*
        }
        const PLAIN: &[&str] = &[$(stringify!($name)),*];
    };
}
plain_functions!(limits_a limits_b limits_c limits_d limits_e limits_f limits_g limits_h);

/// Four outcomes each, of which three are zeros.
#[test]
fn functions_and_their_zeros_take_no_places() {
    let recorder = Recorder::builder().cardinality_limit(2).build();
    recorder.run(call_plain);
    for name in PLAIN {
        assert_metric!(recorder, "action_requests_total", {"action" => name, "outcome" => "ok"}, == 1);
        assert_metric!(recorder, "action_requests_total", {"action" => name, "outcome" => "error"}, == 0);
    }
    assert_eq!(beyond(&recorder, "action_requests_total"), None);
    assert_no_metric!(recorder, "runar_otel_limits_reached");
}

#[test]
fn the_limit_of_a_view_is_that_of_the_whole_metric() {
    let view = View::select("action_requests_total").limit(LIMIT);
    let recorder = Recorder::builder().view(view).build();
    recorder.run(|| {
        call_greedy(LIMIT);
        limits_modest("late");
        call_plain();
    });
    let modest = [("action", "limits_modest"), ("tenant", "late")];
    assert_eq!(recorder.counter("action_requests_total", &modest), None);
    assert_eq!(beyond(&recorder, "action_requests_total"), Some(1.0));
    // What the code bounds stands outside of that, too.
    assert_metric!(recorder, "action_requests_total", {"action" => "limits_a", "outcome" => "ok"}, == 1);
    // Of this metric no view speaks.
    assert_metric!(recorder, "action_duration_seconds", {"action" => "limits_modest"}, count == 1);
}

/// What is reported on this thread.
#[derive(Clone, Default)]
struct LogLines(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl<S: Subscriber> tracing_subscriber::Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = String::new();
        event.record(&mut |_: &Field, value: &dyn std::fmt::Debug| line = format!("{value:?}"));
        self.0.lock().unwrap().push(line);
    }
}

#[metered(prefix = "reported_", labels = ["tenant", "tier"])]
fn limits_reported(tenant: &str, tier: &str) -> usize {
    tenant.len() + tier.len()
}

#[test]
fn the_first_overflow_is_reported_with_function_and_widest_label() {
    // `tracing` forgets about a thread's only subscriber if another thread is the first one to report something.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let (recorder, lines) = (limited(), LogLines::default());
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    tracing::subscriber::with_default(subscriber, || {
        recorder.run(|| {
            for at in 0..2 * LIMIT {
                limits_reported(&format!("t{at}"), ["gold", "free"][at % 2]);
            }
        });
        let _ = recorder.snapshot();
        let _ = recorder.snapshot();
    });
    assert!(report::flush(Duration::from_secs(20)));
    let mut lines = lines.0.lock().unwrap().clone();
    lines.retain(|line| line.contains("reported_action_requests_total"));
    assert_eq!(
        lines,
        [format!(
            "metric `reported_action_requests_total` has reached its limit of {LIMIT} label sets for \
             action=\"limits_reported\", service=\"kit\": the label with the most values is `tenant` ({LIMIT}); what exceeds \
             the limit is counted in the series otel.metric.overflow=\"true\"; expected fewer label values, or a higher limit"
        )]
    );
}

#[test]
fn a_full_process_makes_no_function_full() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "limits::fills_the_process", "--ignored"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The ceiling is one of the process: other tests would reach it, too.
#[test]
#[ignore = "run by the test above"]
fn fills_the_process() {
    let telemetry = runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .traces_exporters([])
        .prometheus_address("127.0.0.1", 0)
        .without_subscriber()
        .init()
        .unwrap();
    // More than have handles of their own: those do not look for a place again.
    for at in 0..200 {
        limits_modest(&format!("t{at}"));
    }
    set_ceiling(0);
    limits_modest("full");
    set_ceiling(DEFAULT_CEILING);
    limits_modest("after");
    let page = try_scrape(telemetry.prometheus_address().unwrap()).unwrap();
    let of = |tenant| page.counter("action_requests_total", &[("tenant", tenant)]);
    assert_eq!(
        ["t0", "full", "after"].map(of),
        [Some(1.0), None, Some(1.0)]
    );
    let beyond = page.counter("action_requests_total", &[("otel_metric_overflow", "true")]);
    assert_eq!(beyond, Some(1.0));
}
