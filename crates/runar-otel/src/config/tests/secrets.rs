//! Secrets in settings are shown nowhere.

use super::*;

#[test]
fn secrets_stay_out_of_problems_and_debug() {
    let variables = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hush,hush")];
    let (config, problems) = environment(&variables);
    assert_eq!(config.otlp_traces.headers.len(), 1);
    assert_eq!(problems.len(), 1);
    assert!(!format!("{config:?} {problems:?}").contains("hush"));
    let builder = Builder::default().otlp_header("x", "hush\n");
    let error = read(&[], &builder).unwrap_err();
    assert!(!format!("{builder:?} {error:?} {error}").contains("hush"));
}

#[test]
fn a_secret_in_a_url_is_shown_nowhere() {
    let urls = [
        "https://yves:qqq@c/v1/traces",
        "https://c/v1/traces?api-key=qqq",
        "yves:qqq@c:4318",
        "c:4318?key=qqq",
        "http://yves:qq?q@c",
        "http://c:4318/#qqq",
        "qqq@http://c",
    ];
    let keys = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ];
    for url in urls {
        for key in keys {
            let resolved = read(&[(key, url)], &Builder::default()).unwrap();
            let told: Vec<_> = resolved.problems.iter().map(ToString::to_string).collect();
            assert!(!told.is_empty(), "{url}");
            let shown = format!("{resolved:?} {told:?}");
            assert!(!shown.contains("qq") && !shown.contains("yves"), "{shown}");
        }
        let builder = Builder::default().otlp_endpoint(url);
        let error = read(&[], &builder).unwrap_err();
        let shown = format!("{builder:?} {error:?} {error}");
        assert!(!shown.contains("qq") && !shown.contains("yves"), "{shown}");
    }
    let key = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    let (config, problems) = environment(&[(key, "http://c/v1/traces?api-key=qqq")]);
    assert_eq!(problems, []);
    assert!(!format!("{config:?}").contains("qqq"), "{config:?}");
}

#[test]
fn a_url_in_any_other_setting_shows_no_secret() {
    for (key, _, _, _) in ROWS.iter().filter(|(key, ..)| !key.ends_with("_ENDPOINT")) {
        let (config, problems) = environment(&[(key, "http://user:hush@c/?key=hush,")]);
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        let shown = format!("{problems:?} {told:?}");
        assert!(!shown.contains("hush"), "{key}: {shown} {config:?}");
    }
}
