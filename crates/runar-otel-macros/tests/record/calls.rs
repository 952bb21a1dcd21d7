//! Metered functions in the catalogue.

use runar_otel_core::catalogue::{Catalogue, Origin, check};

#[runar_otel_macros::metered(crate = runar_otel_core, name = "catalogued", labels = ["tier"], buckets = [0.5, 1.0])]
fn never_called(tier: &str) -> Result<(), std::io::Error> {
    let _ = tier;
    Ok(())
}

#[test]
fn a_metered_function_is_listed_before_its_first_call() {
    let _ = never_called as fn(&str) -> Result<(), std::io::Error>;
    let linked = Catalogue::linked();
    let entry = linked.entry("catalogued_requests_total").unwrap();
    assert_eq!(entry.labels, ["service", "action", "outcome", "tier"]);
    assert_eq!(entry.unit, "{request}");
    assert_eq!(
        (entry.places.len(), entry.places[0].origin),
        (1, Origin::Call)
    );
    let entry = linked.entry("catalogued_duration_seconds").unwrap();
    assert_eq!(entry.buckets, Some(vec![0.5, 1.0]));
    assert!(
        linked
            .markdown()
            .contains("| `catalogued_errors_total` | counter |")
    );
    let said: Vec<String> = check().iter().map(ToString::to_string).collect();
    assert!(
        !said.iter().any(|text| text.contains("catalogued")),
        "{said:#?}"
    );
}
