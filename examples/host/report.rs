//! The report: what a page of metrics, a trace and the catalogue tell about the load.

use std::net::SocketAddr;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0";

/// What is shown, and how its lines begin.
const SECTIONS: [(&str, &[&str]); 6] = [
    (
        "The services: each request counts once, in the service that it came to",
        &[
            "api_gateway_service_requests_total",
            "api_gateway_service_errors_total",
            "service_requests_total",
        ],
    ),
    (
        "Actions, among them failed and cancelled ones",
        &[
            "api_gateway_action_requests_total",
            "api_gateway_action_errors_total",
        ],
    ),
    (
        "The job that ran by the clock, and what it told",
        &[
            "api_gateway_cleanup_job_requests_total",
            "expired_sessions_total",
            "api_gateway_cache_hit_ratio",
        ],
    ),
    (
        "Events: published, received, failed",
        &[
            "event_published_total",
            "api_gateway_event_received_total",
            "api_gateway_event_failures_total",
        ],
    ),
    (
        "Orders and payments, measured by hand",
        &[
            "orders_processed_total",
            "orders_failed_total",
            "order_amount_sum",
            "payment_amount_sum",
        ],
    ),
    ("The host", &["host_cache_requests_total"]),
];

/// Shows the series that were recorded, a bucket with its trace, and the catalogue.
#[expect(clippy::print_stdout, reason = "what this program is for")]
pub(crate) async fn show(metrics: SocketAddr) -> Result<(), reqwest::Error> {
    let page = scrape(metrics).await?;
    for (title, names) in SECTIONS {
        println!("\n{title}\n");
        for line in recorded(&page, names) {
            println!("    {}", without_scope(line));
        }
    }
    if let Some((bucket, trace)) = slowest(&page) {
        println!("\nA bucket, and behind the # the slowest call of all\n");
        println!("    {}\n", without_scope(bucket));
        println!("Its trace: {trace}");
        println!("  in the log lines above:  trace_id={trace}");
        println!("  in Jaeger, if it runs:   http://localhost:16686/trace/{trace}");
    }
    println!("\nThe catalogue, as `runar_otel::catalogue::write(\"metrics.md\")` writes it\n");
    println!("{}", runar_otel::catalogue().markdown());
    Ok(())
}

async fn scrape(metrics: SocketAddr) -> Result<String, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let page = client
        .get(format!("http://{metrics}/metrics"))
        .header("accept", OPENMETRICS);
    page.send().await?.text().await
}

/// The series with these names that are not zero, in the order of the names.
fn recorded<'a>(page: &'a str, names: &[&str]) -> Vec<&'a str> {
    let zero = |line: &&str| line.ends_with(" 0") || line.ends_with(" 0.0");
    let samples = |name: &&str| {
        let named = format!("{name}{{");
        let lines = page.lines().filter(move |line| line.starts_with(&named));
        let samples = lines.filter_map(|line| line.split(" # ").next());
        let mut samples: Vec<&str> = samples.filter(|line| !zero(line)).collect();
        samples.sort_unstable();
        samples
    };
    names.iter().flat_map(samples).collect()
}

/// The bucket of actions whose exemplar took the longest, and the trace of that call.
fn slowest(page: &str) -> Option<(&str, &str)> {
    let actions = |line: &&str| line.starts_with("api_gateway_action_duration_seconds_bucket");
    let linked = page.lines().filter(actions).filter_map(|line| {
        let (trace, seconds) = exemplar(line)?;
        Some((line, trace, seconds))
    });
    let slowest = linked.max_by(|(_, _, one), (_, _, other)| one.total_cmp(other));
    slowest.map(|(line, trace, _)| (line, trace))
}

/// Trace id and value of the exemplar on an OpenMetrics line.
fn exemplar(line: &str) -> Option<(&str, f64)> {
    let (_, exemplar) = line.split_once(" # {")?;
    let (_, id) = exemplar.split_once("trace_id=\"")?;
    let (_, value) = exemplar.split_once("} ")?;
    let seconds = value.split(' ').next()?.parse().ok()?;
    Some((id.split('"').next()?, seconds))
}

/// Without the labels that tell which library measured: here it is always the same one.
fn without_scope(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some((before, label)) = line.split_once("otel_scope_") {
        let after = label.splitn(3, '"').nth(2).unwrap_or_default();
        line = format!("{before}{}", after.trim_start_matches(','));
    }
    line.replace(",}", "}").replace("{}", "")
}
