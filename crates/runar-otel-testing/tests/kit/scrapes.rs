//! Scrapes of the endpoint of telemetry.

use runar_otel::{Counter, MetricsExporterKind};
use runar_otel_testing::{ScrapeError, assert_metric, scrape, scrape_text, try_scrape};

use crate::receiver::alone;

#[test]
fn the_endpoint_is_read_in_both_formats() {
    let _alone = alone();
    let telemetry = runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .traces_exporters([])
        .without_subscriber()
        .prometheus_address("127.0.0.1", 0)
        .init()
        .unwrap();
    let address = telemetry.prometheus_address().unwrap();
    Counter::new("kit_scraped_total", "Scraped")
        .register()
        .add(3);
    let pages = [scrape(address), scrape_text(format!("http://{address}/"))];
    for page in &pages {
        assert_metric!(page, "kit_scraped_total", == 3);
    }
    assert!(pages[0].text().ends_with("# EOF\n"));
    assert!(!pages[1].text().contains("# EOF"));
    let elsewhere = try_scrape(format!("{address}/elsewhere")).unwrap_err();
    assert!(
        matches!(elsewhere, ScrapeError::Refused { status: 404, .. }),
        "{elsewhere:?}"
    );
}
