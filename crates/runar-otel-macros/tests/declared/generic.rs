//! Generic services take theirs from the struct.

use std::fmt::Display;

use runar_otel_host::Service as _;
use runar_otel_macros::{action, metered, metrics, service};

use crate::recorded::recorder;

#[service]
#[metrics(prefix = "generic_")]
struct Store<T: Display, const N: usize>
where
    T: Clone,
{
    items: [T; N],
}

#[metrics]
impl<T: Display + Clone, const N: usize> Store<T, N> {
    #[action]
    async fn first(&self) -> Option<T> {
        self.items.first().cloned()
    }
}

impl<T: Display + Clone, const N: usize> Store<T, N> {
    #[metered]
    fn shown(&self) -> String {
        self.items.iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn a_generic_impl_asks_its_struct() {
    // It records from here on.
    drop(recorder());
    let store = Store { items: [1, 2] };
    assert_eq!(store.first().await, Some(1));
    assert_eq!(store.shown(), "12");
    let actions = Store::<u8, 1>::actions();
    let names: Vec<&str> = actions.iter().map(|action| action.name).collect();
    assert_eq!(names, ["first"]);
    let recorder = recorder();
    let requests = recorder.series("generic_service_requests_total");
    let ok = requests
        .iter()
        .find(|one| one.labels.contains(&"outcome=ok".to_owned()));
    assert!((ok.unwrap().value - 2.0).abs() < 1e-9);
    assert!(ok.unwrap().labels.contains(&"service=Store".to_owned()));
}
