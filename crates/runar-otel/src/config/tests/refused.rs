//! Settings that switch an exporter off, and those beside an exporter that is off.

use super::*;

/// Variables, the exporters of metrics left on, and whether that of spans is.
type Refusal<'a> = (&'a [(&'a str, &'a str)], &'a [MetricsExporterKind], bool);

#[test]
fn tls_and_json_switch_the_exporter_off() {
    use MetricsExporterKind::{Otlp, Prometheus};
    let (on, off) = ([Otlp, Prometheus].as_slice(), [Prometheus].as_slice());
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let cases: &[Refusal] = &[
        (&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")], off, false),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c")], off, false),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c")],
            on,
            false,
        ),
        (
            &[grpc, ("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317")],
            off,
            false,
        ),
        (
            &[
                grpc,
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317"),
                ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
            ],
            on,
            true,
        ),
    ];
    for (variables, metrics, traces) in cases {
        let (config, problems) = environment(variables);
        assert_eq!(config.metrics_exporters, *metrics, "{variables:?}");
        assert_eq!(
            !config.traces_exporters.is_empty(),
            *traces,
            "{variables:?}"
        );
        let all_on = metrics.len() == 2 && *traces;
        assert_eq!(problems.len(), usize::from(!all_on), "{problems:?}");
        for problem in problems {
            assert!(problem.expected.contains("not supported yet"), "{problem}");
        }
    }
}

#[test]
fn certificates_beside_a_plain_endpoint_are_without_effect() {
    for key in [
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    ] {
        for endpoint in [
            None,
            Some(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")),
        ] {
            let variables: Vec<_> = [Some((key, "/ca")), endpoint]
                .into_iter()
                .flatten()
                .collect();
            let (config, problems) = environment(&variables);
            assert_eq!(config, Config::default());
            assert_eq!(keys(&problems), [key]);
            assert!(problems[0].expected.contains("no effect"), "{problems:?}");
        }
        let tls = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c");
        let (config, problems) = environment(&[(key, "/ca"), tls]);
        assert_eq!(config.metrics_exporters, [MetricsExporterKind::Prometheus]);
        assert_eq!(config.traces_exporters, []);
        assert!(keys(&problems).contains(&key), "{problems:?}");
    }
}

#[test]
fn without_exporters_no_trace_begins_here_unless_the_application_says_so() {
    let none = ("OTEL_TRACES_EXPORTER", "none");
    let tls = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c");
    for (variables, refused) in [([none], false), ([tls], true)] {
        let resolved = read(&variables, &Builder::default()).unwrap();
        assert_eq!(resolved.config.sampler, Sampler::ParentBasedAlwaysOff);
        assert_eq!(resolved.spans_refused, refused);
        for (sampler, expected) in [
            ("always_on", Sampler::ParentBasedAlwaysOff),
            ("always_off", Sampler::AlwaysOff),
        ] {
            let sampler = ("OTEL_TRACES_SAMPLER", sampler);
            let (config, _) = environment(&[variables.as_slice(), &[sampler]].concat());
            assert_eq!(config.sampler, expected);
        }
        let builder = Builder::default().sampler(Sampler::AlwaysOn);
        let resolved = read(&variables, &builder).unwrap();
        assert_eq!(resolved.config.sampler, Sampler::AlwaysOn);
        assert!(!resolved.spans_refused);
    }
    let resolved = read(&[("OTEL_TRACES_EXPORTER", "console")], &Builder::default()).unwrap();
    assert_eq!(resolved.config.sampler, Sampler::default());
    assert!(!resolved.spans_refused);
}

#[test]
fn settings_of_an_exporter_that_is_off_are_no_problem() {
    let (_, problems) = environment(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ]);
    assert_eq!(problems, []);
}
