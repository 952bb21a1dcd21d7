//! One line of the table.

use crate::{peer::Peer, regime::Regime, setting::Setting, target::Target, work::Work};

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) group: Group,
    pub(crate) title: &'static str,
    /// The name of the metric; each row of a regime has its own.
    pub(crate) metric: &'static str,
    pub(crate) work: Work,
    pub(crate) regime: Regime,
    pub(crate) setting: Setting,
    pub(crate) threads: usize,
    /// The label sets, where labels come with each record.
    pub(crate) sets: usize,
    pub(crate) peers: &'static [Peer],
    pub(crate) targets: &'static [Target],
}

/// The table in which a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Records,
    Labels,
    Spans,
    Calls,
    Disabled,
    Lives,
}

impl Group {
    pub(crate) const ALL: &[Self] = &[
        Self::Records,
        Self::Labels,
        Self::Spans,
        Self::Calls,
        Self::Disabled,
        Self::Lives,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Labels => "labels per call",
            Self::Spans => "in a span",
            Self::Calls => "calls",
            Self::Disabled => "switched off",
            Self::Lives => "not the first provider",
        }
    }
}

impl Row {
    pub(crate) const fn new(
        group: Group,
        title: &'static str,
        metric: &'static str,
        work: Work,
        peers: &'static [Peer],
    ) -> Self {
        Self {
            group,
            title,
            metric,
            work,
            regime: Regime::Usual,
            setting: Setting::Plain,
            threads: 1,
            sets: 8,
            peers,
            targets: &[],
        }
    }

    pub(crate) const fn under(mut self, regime: Regime) -> Self {
        self.regime = regime;
        self
    }

    pub(crate) const fn within(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    pub(crate) const fn on_two_threads(mut self) -> Self {
        self.threads = 2;
        self
    }

    pub(crate) const fn over(mut self, sets: usize) -> Self {
        self.sets = sets;
        self
    }

    pub(crate) const fn to_reach(mut self, targets: &'static [Target]) -> Self {
        self.targets = targets;
        self
    }

    /// With no more than this many label sets.
    pub(crate) fn at_most(mut self, sets: usize) -> Self {
        self.sets = self.sets.min(sets);
        self
    }

    /// On one thread.
    pub(crate) fn alone(mut self) -> Self {
        self.threads = 1;
        self
    }

    /// Tells whether one of the words is part of `group | work | peer`; without words everything is wanted.
    pub(crate) fn is_wanted(&self, peer: Peer, words: &[String]) -> bool {
        let cell = format!("{} | {} | {}", self.group.title(), self.title, peer.title());
        words.is_empty() || words.iter().any(|word| cell.contains(word))
    }
}
