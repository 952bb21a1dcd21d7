//! The `tracing` subscriber that `init()` installs.

use std::{
    env,
    io::{self, IsTerminal},
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::FilterExt,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
};

use crate::traces::{
    directives::Directives,
    fields::QuickFields,
    layer::spans_from,
    log_format::TracedLine,
    spanless::NoteCalls,
    sparing::Sparing,
    visibility::{Around, is_installed},
};

/// Set once, read to tell our own subscriber from others; nothing else depends on it.
static OURS: AtomicBool = AtomicBool::new(false);

/// The outcome of installing the global subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscriberInstall {
    /// Our subscriber is the global one now.
    Installed,
    /// The global subscriber is our earlier one, which keeps its filter, or it has our layer.
    AlreadyOurs,
    /// The global subscriber is a foreign one without our layer: spans do not reach OpenTelemetry.
    Foreign,
}

/// Installs the global subscriber: log lines on standard error, spans to OpenTelemetry.
///
/// `filter` holds directives of `EnvFilter` and says which lines are written, no more: spans and their
/// events from level `info` are exported even if `RUST_LOG=warn` or `off`, so that a quiet log does not
/// take the traces away; those at `debug` and `trace` are not, even if the log has them. Each kind of line
/// of the OpenTelemetry crates is written once a minute. The `log` crate is left alone.
pub(crate) fn install_subscriber(filter: &str) -> SubscriberInstall {
    if is_installed() || OURS.load(Ordering::Relaxed) {
        return SubscriberInstall::AlreadyOurs;
    }
    let colour = match env::var_os("NO_COLOR") {
        Some(value) if !value.is_empty() => Colour::Off,
        _ if io::stderr().is_terminal() => Colour::On,
        _ => Colour::Off,
    };
    match tracing::subscriber::set_global_default(subscriber(filter, io::stderr, colour)) {
        Ok(()) => {
            OURS.store(true, Ordering::Relaxed);
            SubscriberInstall::Installed
        }
        Err(_) => SubscriberInstall::Foreign,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    On,
    Off,
}

/// The subscriber of `init()`, which writes to `output`.
pub(super) fn subscriber<W>(
    filter: &str,
    output: W,
    colour: Colour,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let shown = Directives::parse(filter);
    let around = match shown.follow_spans() {
        true => Around::Nothing,
        false => Around::Lines,
    };
    let lines = fmt::layer()
        .with_writer(output)
        .with_ansi(colour == Colour::On)
        .event_format(TracedLine::new(shown.clone()))
        .fmt_fields(QuickFields)
        .and_then(NoteCalls)
        .with_filter(shown.and(Sparing::default()));
    Registry::default()
        .with(spans_from(LevelFilter::INFO, around))
        .with(lines)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::{SpanContext, TraceContextExt};
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

    use super::*;
    use crate::traces::{
        Sampling,
        switchable_tracer::{
            self,
            tests::{alone, in_memory, names},
        },
    };

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn logged(filter: &str, colour: Colour, work: impl FnOnce()) -> String {
        let captured = Captured::default();
        let output = captured.clone();
        let subscriber = subscriber(filter, move || output.clone(), colour);
        tracing::subscriber::with_default(subscriber, work);
        captured.text()
    }

    fn current() -> SpanContext {
        opentelemetry::Context::map_current(|context| context.span().span_context().clone())
    }

    #[test]
    fn line_carries_the_ids_of_its_span_sampled_or_not() {
        let _alone = alone();
        for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
            let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
            switchable_tracer::install(&provider, None);
            let mut ids = SpanContext::empty_context();
            let text = logged("info", Colour::Off, || {
                tracing::info!("outside");
                let _span = tracing::info_span!("sale", item = 1).entered();
                ids = current();
                tracing::info!(price = 2, "sold");
            });
            switchable_tracer::uninstall();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), 2, "{text}");
            assert!(lines[0].ends_with("outside"), "{text}");
            let end = format!(
                "sold price=2 trace_id={} span_id={}",
                ids.trace_id(),
                ids.span_id()
            );
            assert!(lines[1].ends_with(&end), "{text}");
            assert!(lines[1].contains("sale{item=1}"), "{text}");
            assert!(ids.is_valid());
        }
    }

    /// Splits a line into its text without time and ids, and the ids.
    fn parts(line: &str) -> (String, String) {
        let (said, ids) = line.split_once(" trace_id=").unwrap_or((line, ""));
        let said = said.split_once(' ').map_or(said, |(_, said)| said);
        (said.to_owned(), ids.to_owned())
    }

    /// The span of an unsampled call is in the log under its own module, level, name and fields.
    #[test]
    fn lines_of_an_unsampled_call_are_those_of_a_sampled_one() {
        #[runar_otel_macros::metered(crate = crate, fields(item = item))]
        fn sale(item: u64) -> SpanContext {
            tracing::info!("looking");
            tracing::info_span!("below").in_scope(|| tracing::info!("sold"));
            current()
        }
        let _alone = alone();
        let module = module_path!();
        for filter in ["info", module, "warn,[sale{item=7}]=info"] {
            let mut said = Vec::new();
            for ratio in [1.0, 0.0] {
                let sampling = Sampling::default();
                let configured = crate::Sampler::ParentBasedTraceIdRatio(ratio);
                let provider = sampling.apply(SdkTracerProvider::builder(), configured);
                switchable_tracer::install(&provider.build(), sampling.decider(configured));
                let mut ids = Vec::new();
                let text = logged(filter, Colour::Off, || {
                    ids.extend([sale(7), sale(7)]);
                });
                switchable_tracer::uninstall();
                let lines: Vec<_> = text.lines().map(parts).collect();
                assert_eq!(lines.len(), 4, "{filter}: {text}");
                for (lines, ids) in lines.chunks(2).zip(&ids) {
                    assert!(lines[0].0.contains("sale{service="), "{text}");
                    assert!(lines[0].0.contains("item=7"), "{text}");
                    let (trace, span) = (ids.trace_id(), ids.span_id());
                    assert_eq!(lines[0].1, format!("{trace} span_id={span}"));
                    assert!(lines[1].1.starts_with(&trace.to_string()), "{text}");
                    assert_eq!(ids.is_sampled(), ratio > 0.5);
                }
                said.push(lines.into_iter().map(|line| line.0).collect::<Vec<_>>());
            }
            assert_eq!(said[0], said[1], "{filter}");
        }
    }

    #[test]
    fn colours_are_kept_in_front_of_the_ids() {
        let _alone = alone();
        let (provider, _) = in_memory();
        switchable_tracer::install(&provider, None);
        let text = logged("info", Colour::On, || {
            let _span = tracing::info_span!("sale").entered();
            tracing::info!("sold");
        });
        switchable_tracer::uninstall();
        assert!(
            text.contains('\u{1b}') && text.contains(" trace_id="),
            "{text:?}"
        );
    }

    #[test]
    fn lines_of_the_application_are_all_written() {
        let text = logged("warn,other=info,[sale{item=1}]=debug", Colour::Off, || {
            for _ in 0..3 {
                tracing::warn!("again");
                tracing::info!("hidden");
                tracing::info!(target: "other", "shown");
                tracing::warn!(target: "opentelemetry_sdk", "spared");
            }
            let _span = tracing::info_span!("sale", item = 1).entered();
            tracing::debug!("looked into");
        });
        let count = |line| text.matches(line).count();
        assert_eq!((count("again"), count("shown"), count("hidden")), (3, 3, 0));
        assert_eq!((count("spared"), count("looked into")), (1, 1), "{text}");
    }

    #[test]
    fn log_filter_does_not_silence_spans() {
        let _alone = alone();
        for filter in ["warn", "off", "debug"] {
            let (provider, spans) = in_memory();
            switchable_tracer::install(&provider, None);
            let text = logged(filter, Colour::Off, || {
                tracing::info_span!("sale").in_scope(|| tracing::info!("sold"));
                tracing::debug_span!("detail").in_scope(|| ());
            });
            switchable_tracer::uninstall();
            assert_eq!(names(&spans), ["sale"], "{filter}");
            assert_eq!(text.is_empty(), filter != "debug", "{text}");
        }
    }

    #[test]
    fn warning_of_the_sdk_about_its_own_context_is_logged_without_reading_it() {
        let text = logged("info", Colour::Off, || {
            let attach = |_| opentelemetry::Context::new().attach();
            let guards: Vec<_> = (0..65_540).map(attach).collect();
            drop(guards);
        });
        assert_eq!(text.matches("Context.AttachFailed").count(), 1, "{text}");
    }

    #[test]
    fn directive_about_a_span_holds_while_that_is_entered() {
        let text = logged("warn,[sale{id=7}]=debug", Colour::Off, || {
            tracing::info!("before");
            let sale = tracing::info_span!("sale", id = 7);
            sale.in_scope(|| tracing::debug!("within"));
            tracing::info_span!("sale", id = 8).in_scope(|| tracing::debug!("in another"));
            let late = tracing::info_span!("sale", id = tracing::field::Empty);
            late.record("id", 7);
            late.in_scope(|| tracing::debug!("recorded"));
            tracing::info!("after");
            tracing::warn!("in any case");
        });
        let has = |line: &str| text.contains(line);
        assert!(
            has("within") && has("recorded") && has("in any case"),
            "{text}"
        );
        assert!(!has("before") && !has("another") && !has("after"), "{text}");
    }

    /// Runs a test that changes the global subscriber in a process of its own.
    fn alone_in_a_process(test: &str) {
        let output = std::process::Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact"])
            .arg(format!("traces::subscriber::tests::{test}"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let passed = output.status.success() && text.contains("1 passed");
        assert!(passed, "{text} {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn installing_again_finds_our_own() {
        alone_in_a_process("child_installs_twice");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn child_installs_twice() {
        assert_eq!(install_subscriber("off"), SubscriberInstall::Installed);
        assert_eq!(install_subscriber("info"), SubscriberInstall::AlreadyOurs);
        tracing::subscriber::with_default(Registry::default(), || {
            assert_eq!(install_subscriber("off"), SubscriberInstall::AlreadyOurs);
        });
    }

    #[test]
    fn subscriber_of_somebody_else_is_told_from_one_with_our_layer() {
        alone_in_a_process("child_has_a_bare_subscriber");
        alone_in_a_process("child_has_a_subscriber_with_our_layer");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn child_has_a_bare_subscriber() {
        tracing::subscriber::set_global_default(Registry::default()).unwrap();
        assert_eq!(install_subscriber("off"), SubscriberInstall::Foreign);
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn child_has_a_subscriber_with_our_layer() {
        let subscriber = Registry::default().with(crate::layer()).with(fmt::layer());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        assert_eq!(install_subscriber("off"), SubscriberInstall::AlreadyOurs);
    }

    #[test]
    fn exporting_makes_no_spans() {
        alone_in_a_process("child_exports_with_all_levels_on");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn child_exports_with_all_levels_on() {
        use crate::{
            config::{Config, OtlpConfig, Protocol, Url},
            traces::{provider, shutdown},
        };

        let subscriber = Registry::default().with(crate::layer());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let background = runar_otel_pipeline::background::Background::start().unwrap();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
            let config = Config {
                otlp_traces: OtlpConfig {
                    protocol,
                    endpoint: Url::new(format!("http://127.0.0.1:{port}")),
                    timeout: std::time::Duration::from_millis(200),
                    ..OtlpConfig::of(runar_otel_pipeline::settings::Signal::Traces)
                },
                ..Config::default()
            };
            let memory = opentelemetry_sdk::trace::InMemorySpanExporter::default();
            let resource = opentelemetry_sdk::Resource::builder_empty().build();
            let provider = provider::builder(
                &config,
                &Default::default(),
                resource,
                background.handle(),
                &Default::default(),
            )
            .unwrap()
            .with_simple_exporter(memory.clone())
            .build();
            switchable_tracer::install(&provider, None);
            for _ in 0..3 {
                tracing::info_span!("call").in_scope(|| ());
                shutdown::flush(&provider, std::time::Duration::from_secs(20)).unwrap_err();
            }
            assert_eq!(names(&memory), ["call"; 3]);
            switchable_tracer::uninstall();
            shutdown::shutdown(&provider, std::time::Duration::from_secs(20)).unwrap();
        }
    }
}
