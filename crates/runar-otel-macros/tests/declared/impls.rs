//! `#[metrics]` on an impl: known when the program is linked.

use runar_otel_core::__private::{Owner, SERVICES, SITES, Site};
use runar_otel_macros::{action, event_handler, metered, metrics};

use crate::recorded::recorder;

/// The impl alone has the attribute.
struct Alone;

#[metrics(prefix = "alone_", actions)]
impl Alone {
    #[action]
    async fn get(&self) -> Result<u8, String> {
        Ok(1)
    }

    #[metered]
    fn check(&self) -> bool {
        true
    }

    #[event_handler(topic = "alone.event")]
    async fn on_event(&self) -> Result<(), String> {
        Ok(())
    }

    #[action]
    #[metrics(skip)]
    async fn skipped(&self) -> u8 {
        std::future::ready(1).await
    }

    fn plain(&self) -> u8 {
        let _ = self;
        2
    }
}

/// Both have it: what the impl says wins.
#[metrics(prefix = "struct_", events = true, service = "both")]
struct Both;

#[metrics(prefix = "impl_")]
impl Both {
    #[action]
    fn get(&self) -> u8 {
        1
    }
}

#[metrics]
impl Iterator for Both {
    type Item = u8;

    #[metered]
    fn next(&mut self) -> Option<u8> {
        None
    }
}

struct Borrowed<'a>(&'a str);

#[metrics(prefix = "borrowed_")]
impl Borrowed<'_> {
    #[action]
    fn length(&self) -> usize {
        self.0.len()
    }
}

fn owner(function: &str) -> Owner {
    let site = SITES
        .iter()
        .find(|site| site.function().name == function && site.at().file().ends_with("impls.rs"));
    site.unwrap().function().owner.unwrap()
}

#[tokio::test]
async fn the_impl_alone_makes_a_service() {
    // It records from here on.
    drop(recorder());
    let alone = Alone;
    alone.get().await.unwrap();
    alone.on_event().await.unwrap();
    assert!(alone.check());
    assert_eq!(alone.skipped().await + alone.plain(), 3);
    let recorder = recorder();
    let ok = |metric: &str, labels: &[&str]| {
        let all = recorder.series(metric);
        let one = all.iter().find(|one| {
            labels
                .iter()
                .all(|label| one.labels.contains(&(*label).to_owned()))
        });
        one.unwrap_or_else(|| panic!("{metric} {labels:?}: {all:#?}"))
            .value
    };
    let alone = "service=Alone";
    let requests = ok("alone_service_requests_total", &[alone, "outcome=ok"]);
    assert!((requests - 2.0).abs() < 1e-9);
    let requests = ok("alone_action_requests_total", &["action=get", "outcome=ok"]);
    assert!((requests - 1.0).abs() < 1e-9);
    let received = ok("alone_event_received_total", &["event=alone.event", alone]);
    assert!((received - 1.0).abs() < 1e-9);
    let all = recorder.series("alone_action_requests_total");
    assert!(
        !all.iter()
            .any(|one| one.labels.contains(&"action=skipped".to_owned()))
    );
}

#[test]
fn the_owner_is_known_before_any_call() {
    assert_eq!(owner("on_event").name, "Alone");
    assert_eq!(owner("next").service.unwrap().prefix, "struct_");
    assert_eq!(owner("length").service.unwrap().prefix, "borrowed_");
    assert_eq!(Borrowed("abc").length(), 3);
    assert_eq!((Both.get(), Both.next()), (1, None));
    let prefixes: Vec<&str> = SERVICES
        .iter()
        .filter(|service| service.name == "both" && service.events)
        .map(|service| service.prefix)
        .collect();
    assert!(prefixes.contains(&"struct_") && prefixes.contains(&"impl_"));
    assert!(SERVICES.iter().any(|service| service.prefix == "borrowed_"));
}

#[test]
fn each_function_is_known_where_it_stands() {
    let of_alone = |site: &Site| {
        let owner = site.function().owner.map(|owner| owner.name);
        owner == Some("Alone") && site.at().file().ends_with("impls.rs")
    };
    let mut lines: Vec<(u32, &str)> = SITES
        .iter()
        .filter(|site| of_alone(site))
        .map(|site| (site.at().line(), site.function().name))
        .collect();
    lines.sort_unstable();
    // As far below each other as they are in the source; not all at the attribute of the impl.
    let (first, _) = lines[0];
    let apart: Vec<(u32, &str)> = lines
        .into_iter()
        .map(|(line, name)| (line - first, name))
        .collect();
    assert_eq!(apart, [(0, "get"), (5, "check"), (10, "on_event")]);
}
