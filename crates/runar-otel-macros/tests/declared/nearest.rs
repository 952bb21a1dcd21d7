//! Actions whose impl has no attribute belong to the only service of their module.

use runar_otel_host::Service as _;
use runar_otel_macros::{action, p2p_service};

#[p2p_service]
struct Peers;

impl Peers {
    #[action]
    fn discover(&self) -> u8 {
        let _ = self;
        1
    }
}

mod two {
    use runar_otel_macros::{action, publisher, service};

    #[service]
    pub(super) struct One;
    #[publisher]
    pub(super) struct Other;

    impl One {
        #[action]
        pub(super) fn whose(&self) -> u8 {
            let _ = self;
            1
        }
    }

    #[service]
    impl super::Peers {
        #[action]
        pub(super) fn elsewhere(&self) -> u8 {
            let _ = self;
            1
        }
    }
}

#[test]
fn an_action_is_found_by_its_module_or_its_type() {
    assert_eq!(Peers.discover() + Peers.elsewhere() + two::One.whose(), 3);
    let names = |actions: Vec<runar_otel_host::Action>| -> Vec<&str> {
        actions.iter().map(|action| action.name).collect()
    };
    assert_eq!(names(Peers::actions()), ["discover", "elsewhere"]);
    // Two services in one module: nobody knows whose it is.
    assert!(two::One::actions().is_empty() && two::Other::actions().is_empty());
    let _ = two::Other;
}
