//! Recorders in a process whose metered calls are decided before their spans.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use opentelemetry::{Context, trace::TraceContextExt};
use runar_otel::{Sampler, metered};
use runar_otel_testing::{Recorder, assert_metric};

/// Whether there is a trace, and whether it is recorded.
#[metered(name = "apart")]
fn apart() -> (bool, bool) {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        (ids.is_valid(), ids.is_sampled())
    })
}

/// Fails for prices that nobody pays. Tells whether it runs without a span in an unsampled trace.
#[metered(name = "sale", labels = ["shop"])]
async fn sell(shop: &str, price: u8) -> Result<bool, std::fmt::Error> {
    tokio::task::yield_now().await;
    let trace = Context::map_current(|context| {
        let ids = context.span().span_context().clone();
        ids.is_valid() && !ids.is_sampled()
    });
    match price {
        0..100 => Ok(trace && tracing::Span::current().is_none()),
        _ => Err(std::fmt::Error),
    }
}

#[test]
fn recorders_are_apart_from_what_the_process_decides() {
    let telemetry = runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        .sampler(Sampler::ParentBasedTraceIdRatio(0.0))
        .log_filter("off")
        .init()
        .unwrap();
    // The first call of a function is not decided.
    assert_eq!(apart(), (true, false));

    let metrics_alone = Recorder::new();
    let spans_as_well = Recorder::builder().with_spans().build();
    for _ in 0..3 {
        assert_eq!(apart(), (true, false), "outside");
        assert_eq!(
            metrics_alone.run(apart),
            (true, false),
            "decided by the process"
        );
        assert_eq!(
            spans_as_well.run(apart),
            (true, true),
            "sampled by the recorder"
        );
        assert_eq!(spans_as_well.run(|| metrics_alone.run(apart)), (true, true));
    }
    calls_without_span_count_as_others(&metrics_alone);
    assert_metric!(metrics_alone, "apart_requests_total", {"outcome" => "ok"}, == 6);
    assert_metric!(spans_as_well, "apart_requests_total", {"outcome" => "ok"}, == 3);
    let spans = spans_as_well.spans();
    assert_eq!(spans.len(), 6, "{spans:?}");
    for span in spans {
        let outcome = span.attributes.get("outcome").map(String::as_str);
        assert_eq!(outcome, Some("ok"));
    }
    telemetry.shutdown().into_result().unwrap();
    assert_eq!(apart(), (false, false), "nobody decides any more");
}

fn calls_without_span_count_as_others(recorder: &Recorder) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let sold = |shop, price| runtime.block_on(recorder.run_async(sell(shop, price)));
    assert_eq!(sold("north", 1), Ok(false), "the first call has a span");
    assert_eq!(sold("north", 2), Ok(true));
    assert_eq!(sold("south", 3), Ok(true));
    sold("south", 200).unwrap_err();
    recorder.run(|| {
        let mut left = Box::pin(sell("south", 4));
        let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(left.as_mut().poll(&mut waker).is_pending());
    });
    let total = "sale_requests_total";
    assert_metric!(recorder, total, {"outcome" => "ok", "shop" => "north"}, == 2);
    assert_metric!(recorder, total, {"outcome" => "ok", "shop" => "south"}, == 1);
    assert_metric!(recorder, total, {"outcome" => "error", "shop" => "south"}, == 1);
    assert_metric!(recorder, total, {"outcome" => "cancelled", "shop" => "south"}, == 1);
    assert_metric!(recorder, "sale_errors_total", {"shop" => "south"}, == 1);
}
