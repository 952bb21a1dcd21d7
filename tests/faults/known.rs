//! Expectations that are known not to hold yet.

/// A known failure. A part of the case's name may be `*`.
pub(crate) struct Known {
    pub(crate) case: &'static str,
    pub(crate) expectation: &'static str,
    /// The number of the finding that explains the failure.
    pub(crate) finding: &'static str,
    pub(crate) how_often: HowOften,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HowOften {
    /// An expectation that holds for once is an error of the table: the row goes.
    Always,
    /// The failure depends on time.
    Sometimes,
}

/// The table; of several rows the first counts. An expectation that fails and is not here is an error, as is one that is here and holds.
pub(crate) const KNOWN: &[Known] = &[
    // An answer that cannot be decoded is taken for a failure: the request is sent again.
    always("garbage/grpc/delta/flush", "once", "H4"),
    always("garbage/grpc/delta/interval", "once", "H4"),
    // Idle label sets keep their places.
    always("churn/*/delta/flush", "overflow", "H5"),
    // Lines about limits and partial successes do not name the receiver, a line about a look-up does not name its cause.
    always("collector-limit/*/*/flush", "host", "M3"),
    always("limit/*/*/*", "host", "M3"),
    always("limit-core/grpc/*/*", "host", "M3"),
    always("limit-tonic/grpc/*/*", "host", "M3"),
    always("partial/*/*/*", "host", "M3"),
    always("resolver/*/*/*", "cause", "M3"),
    // A last attempt without time hides the cause of those before it.
    sometimes("collector-killed/*/*/interval", "cause", "M3"),
    sometimes("refuse/*/*/*", "cause", "M3"),
    sometimes("cut/*/*/*", "cause", "M3"),
    sometimes("reset/*/*/*", "cause", "M3"),
    sometimes("unavailable/*/*/*", "cause", "M3"),
    sometimes("unavailable/*/*/*", "status", "M3"),
    // The end does not count what is lost.
    always("refuse/*/*/shutdown", "undelivered", "M6"),
    always("hang/*/*/shutdown", "undelivered", "M6"),
    always("cut/*/*/shutdown", "undelivered", "M6"),
    always("trickle/*/*/shutdown", "undelivered", "M6"),
    always("reset/*/*/shutdown", "undelivered", "M6"),
    always("late/*/*/shutdown", "undelivered", "M6"),
    always("resolver/*/*/shutdown", "undelivered", "M6"),
    always("throttle/*/*/shutdown", "undelivered", "M6"),
    always("unavailable/*/*/shutdown", "undelivered", "M6"),
    always("unknown/*/*/shutdown", "undelivered", "M6"),
    always("redirect/*/*/shutdown", "undelivered", "M6"),
    // The last line promises another push.
    always("refuse/*/*/shutdown", "truth", "M6"),
    always("hang/*/*/shutdown", "truth", "M6"),
    always("cut/*/*/shutdown", "truth", "M6"),
    always("trickle/*/*/shutdown", "truth", "M6"),
    always("reset/*/*/shutdown", "truth", "M6"),
    always("late/*/*/shutdown", "truth", "M6"),
    always("resolver/*/*/shutdown", "truth", "M6"),
    always("throttle/*/*/shutdown", "truth", "M6"),
    always("unavailable/*/*/shutdown", "truth", "M6"),
    always("unknown/*/*/shutdown", "truth", "M6"),
    always("redirect/*/*/shutdown", "truth", "M6"),
    // Idle connections lock the scraper out.
    always("idle-connections/http/cumulative/flush", "scrape", "M13"),
];

const fn always(case: &'static str, expectation: &'static str, finding: &'static str) -> Known {
    Known {
        case,
        expectation,
        finding,
        how_often: HowOften::Always,
    }
}

const fn sometimes(case: &'static str, expectation: &'static str, finding: &'static str) -> Known {
    Known {
        case,
        expectation,
        finding,
        how_often: HowOften::Sometimes,
    }
}

impl Known {
    pub(crate) fn covers(&self, case: &str, expectation: &str) -> bool {
        let (mine, theirs) = (self.case.split('/'), case.split('/'));
        self.expectation == expectation
            && mine.clone().count() == theirs.clone().count()
            && mine
                .zip(theirs)
                .all(|(mine, theirs)| mine == "*" || mine == theirs)
    }
}
