//! Beside a dependency called `metrics`, in modules, with names that shadow those of the generated code.

#[path = "../../../record/metrics.rs"]
mod metrics;

mod inner {
    use super::metrics;

    #[allow(dead_code)]
    mod core {}
    #[allow(dead_code)]
    mod std {}

    pub fn record() {
        struct Option;
        let _ = Option;
        metrics::increment!("inner_total", labels: {"key" => "value"});
        metrics::observe!("inner_seconds", value: ::std::time::Duration::ZERO);
        metrics::add_label!("key", 1);
    }
}

fn main() {
    ::metrics::counter!("of_the_dependency").increment(1);
    metrics::increment!("of_ours_total");
    inner::record();
}
