//! The report: where to look, and one bucket with the trace that it leads to.

use std::net::SocketAddr;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0";

/// Shows the highest bucket with an exemplar.
#[expect(clippy::print_stdout, reason = "what this program is for")]
pub(crate) async fn show(metrics: SocketAddr) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let page = client
        .get(format!("http://{metrics}/metrics"))
        .header("accept", OPENMETRICS);
    let page = page.send().await?.text().await?;
    let buckets = page
        .lines()
        .filter(|line| line.starts_with("order_duration_seconds_bucket"));
    let linked = buckets
        .filter_map(|line| Some((line, trace_id(line)?)))
        .next_back();

    println!("\nMetrics:  http://{metrics}/metrics");
    let Some((bucket, trace)) = linked else {
        return Ok(());
    };
    println!("A bucket, and behind the # one order that fell into it:\n\n    {bucket}\n");
    println!("Its trace: {trace}");
    println!("  in the log lines above:  trace_id={trace}");
    println!("  in Jaeger, if it runs:   http://localhost:16686/trace/{trace}\n");
    Ok(())
}

/// The trace id of the exemplar on an OpenMetrics line.
fn trace_id(line: &str) -> Option<&str> {
    let (_, exemplar) = line.split_once(" # {")?;
    let (_, id) = exemplar.split_once("trace_id=\"")?;
    id.split('"').next()
}
