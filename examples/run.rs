//! Runs the examples to their ends, and reads what they print.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{env, path::PathBuf, time::Duration};

use tokio::{process::Command, time::timeout};

/// Far more than an example takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_quickstart_leads_from_a_bucket_to_a_trace() {
    let (printed, logged) = run("quickstart", &["--once"]).await;
    let orders = value(&printed, "order_duration_seconds_bucket", &[r#"le="0.5""#]);
    assert_eq!(orders, Some(60.0), "{printed}");
    linked(&printed, &logged);
}

#[tokio::test]
async fn the_host_runs_what_its_services_describe() {
    let (printed, logged) = run("host", &[]).await;
    let counted = |name: &str, labels: &[&str]| value(&printed, name, labels).unwrap_or_default();

    let gateway = "api_gateway_action_requests_total";
    for (outcome, count) in [("ok", 9.0), ("error", 3.0), ("cancelled", 1.0)] {
        let labels = [r#"action="get_user""#, &format!("outcome={outcome:?}")];
        assert_eq!(counted(gateway, &labels), count, "{outcome}: {printed}");
    }
    let not_found = [r#"action="get_user""#, r#"error_type="no_such_user""#];
    let errors = counted("api_gateway_action_errors_total", &not_found);
    assert_eq!(errors, 3.0, "{printed}");
    for tier in [r#"user_tier="gold""#, r#"user_tier="free""#] {
        assert_eq!(
            counted(gateway, &[tier]),
            1.0,
            "the host kept the answer: {printed}"
        );
    }
    let hits = counted("host_cache_requests_total", &[r#"result="hit""#]);
    assert_eq!(hits, 2.0, "{printed}");

    // Ten minutes of `*/5 * * * *`; three runs if it took some seconds around the full minute.
    let runs = counted(
        "api_gateway_cleanup_job_requests_total",
        &[r#"outcome="ok""#],
    );
    assert!((2.0..=3.0).contains(&runs), "{runs} runs: {printed}");

    let event = r#"event="payment.completed""#;
    let published = counted("event_published_total", &[event, r#"outcome="ok""#]);
    let received = counted("api_gateway_event_received_total", &[event]);
    let failed = counted("api_gateway_event_failures_total", &[event]);
    assert_eq!((published, received, failed), (3.0, 3.0, 1.0), "{printed}");

    linked(&printed, &logged);
    for metric in [gateway, "event_published_total", "order_amount"] {
        assert!(printed.contains(&format!("| `{metric}` | ")), "{printed}");
    }
}

/// What an example prints and logs: on a free port, without a Collector.
async fn run(example: &str, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(built(example));
    command
        .args(arguments)
        .env("OTEL_EXPORTER_PROMETHEUS_PORT", "0")
        .env("OTEL_METRICS_EXPORTER", "prometheus")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .kill_on_drop(true);
    let Ok(output) = timeout(PATIENCE, command.output()).await else {
        panic!("{example} did not end within {PATIENCE:?}");
    };
    let output = output.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, logged) = (text(&output.stdout), text(&output.stderr));
    let well = output.status.success() && !logged.contains("panicked");
    assert!(well, "{example}: {}\n{printed}\n{logged}", output.status);
    (printed, logged)
}

/// Where cargo puts an example: beside the folder of this test.
fn built(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|folder| folder.parent()).unwrap();
    let file = format!("{example}{}", env::consts::EXE_SUFFIX);
    let path = profile.join("examples").join(file);
    assert!(
        path.exists(),
        "{} is not built, `cargo test -p runar-otel-examples` does that",
        path.display()
    );
    path
}

/// The number behind the first printed series with this name and these labels.
fn value(printed: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let named = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let mut lines = printed.lines().map(str::trim).filter(named);
    let series = lines.find(|line| labels.iter().all(|label| line.contains(label)))?;
    let (sample, _) = series.split_once(" # ").unwrap_or((series, ""));
    sample.rsplit(' ').next()?.parse().ok()
}

/// A bucket is shown with its exemplar, whose trace is in the log.
fn linked(printed: &str, logged: &str) {
    let trace = printed
        .lines()
        .find_map(|line| line.strip_prefix("Its trace: "));
    let trace = trace.unwrap_or_else(|| panic!("no trace: {printed}"));
    assert!(trace.len() == 32 && trace.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let exemplar = format!("# {{trace_id=\"{trace}\"");
    assert!(printed.contains(&exemplar), "{printed}");
    let line = format!(" trace_id={trace} ");
    assert!(logged.contains(&line), "{line}: {logged}");
}
