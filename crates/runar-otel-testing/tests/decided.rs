//! Recorders in a process whose metered calls are decided before their spans.

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
    assert_metric!(metrics_alone, "apart_requests_total", {"outcome" => "ok"}, == 6);
    assert_metric!(spans_as_well, "apart_requests_total", {"outcome" => "ok"}, == 3);
    let spans = spans_as_well.spans();
    assert_eq!(spans.len(), 6, "{spans:?}");
    for span in spans {
        let outcome = span.attributes.get("outcome").map(String::as_str);
        assert_eq!(outcome, Some("ok"));
    }
    telemetry.shutdown().unwrap();
    assert_eq!(apart(), (false, false), "nobody decides any more");
}
