//! Plans: the streams that the views make of the instruments of a program.
//!
//! Both providers work that out by themselves; the plan tells which of their metrics belong together.

use std::collections::HashSet;

use runar_otel_core::{
    labels::LabelSet,
    metric::{Aggregation, InstrumentKind, Shape},
    name::{DEFAULT_BUCKETS, check_name},
};
use runar_otel_pipeline::snapshot::Temporality;

use crate::{
    differences,
    program::{Filter, Instrument, METERS, NumberType, Program, Raw, ViewRule},
};

/// When the set without labels comes to a stream that is not observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    Never,
    /// While there are places left.
    Early,
    Late,
}

/// One stream of data points.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) meter: &'static str,
    /// The name as the first instrument spelled it.
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) kind: InstrumentKind,
    /// The number type of the first instrument.
    pub(crate) number: NumberType,
    /// The description that each of its instruments has, or gets from a view.
    descriptions: Vec<(usize, String)>,
    /// See [`Instrument::base_description`].
    pub(crate) base_description: String,
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
    /// See [`differences::ours_counts_sets_with_labels`].
    pub(crate) empty: Empty,
    /// The aggregation that the view asks for.
    pub(crate) asked: Aggregation,
    /// The aggregation; never the default.
    pub(crate) aggregation: Aggregation,
    /// The view that made it first.
    view: Option<usize>,
    /// The instruments behind it, in the order in which they were made.
    pub(crate) instruments: Vec<usize>,
}

impl Stream {
    /// The longest description so far: that of instruments that are made.
    pub(crate) fn description(&self, made: &HashSet<usize>) -> &str {
        let mut longest = "";
        for (_, one) in self.descriptions.iter().filter(|(of, _)| made.contains(of)) {
            if one.len() > longest.len() {
                longest = one;
            }
        }
        longest
    }

    pub(crate) fn shape(&self) -> Shape {
        let monotonic = matches!(
            self.kind,
            InstrumentKind::Counter | InstrumentKind::Histogram | InstrumentKind::ObservableCounter
        );
        match self.aggregation {
            Aggregation::ExplicitBuckets(_) => Shape::Histogram,
            Aggregation::Exponential { .. } => Shape::ExponentialHistogram,
            Aggregation::LastValue => Shape::Gauge,
            _ if monotonic => Shape::MonotonicSum,
            _ => Shape::NonMonotonicSum,
        }
    }

    pub(crate) fn is_histogram(&self) -> bool {
        matches!(self.shape(), Shape::Histogram | Shape::ExponentialHistogram)
    }

    pub(crate) fn is_sum(&self) -> bool {
        matches!(self.shape(), Shape::MonotonicSum | Shape::NonMonotonicSum)
    }

    pub(crate) fn is_gauge(&self) -> bool {
        self.shape() == Shape::Gauge
    }

    pub(crate) fn is_observable(&self) -> bool {
        self.kind.is_observable()
    }

    /// The most buckets that one side of an exponential histogram has.
    pub(crate) fn max_size(&self) -> usize {
        match self.aggregation {
            Aggregation::Exponential { max_size, .. } => usize::try_from(max_size).unwrap(),
            _ => 0,
        }
    }

    /// True for the sums of gauges that a view asks for.
    pub(crate) fn sums_gauges(&self) -> bool {
        is_gauge(self.kind) && self.is_sum()
    }

    /// The temporality that a consumer gets who prefers this one.
    pub(crate) fn temporality(&self, preferred: Temporality) -> Temporality {
        let falls = matches!(
            self.kind,
            InstrumentKind::UpDownCounter | InstrumentKind::ObservableUpDownCounter
        );
        if falls || differences::sdk_has_deltas_of_gauges(self.kind) {
            Temporality::Cumulative
        } else {
            preferred
        }
    }

    /// True if both make the same of a measurement.
    fn is_like(&self, other: &Self) -> bool {
        self.filter == other.filter
            && self.limit == other.limit
            && self.aggregation == other.aggregation
    }

    /// True if both are one metric for who reads it.
    pub(crate) fn is_one_metric(&self, other: &Self) -> bool {
        let float = |stream: &Self| stream.number == NumberType::F64;
        self.meter == other.meter
            && self.name.eq_ignore_ascii_case(other.name)
            && self.unit == other.unit
            && self.kind == other.kind
            && float(self) == float(other)
    }

    /// The labels that the stream keeps.
    pub(crate) fn kept(&self, labels: &LabelSet) -> LabelSet {
        let mut labels = labels.to_key_values();
        labels.retain(|label| self.filter.keeps(label.key.as_str()));
        LabelSet::of(&labels)
    }
}

/// The streams of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The streams in the order in which they come to be.
    pub(crate) streams: Vec<Stream>,
    /// The streams of each instrument.
    pub(crate) of_instrument: Vec<Vec<usize>>,
}

impl Plan {
    pub(crate) fn new(program: &Program) -> Self {
        let mut plan = Self {
            streams: Vec::new(),
            of_instrument: vec![Vec::new(); program.instruments.len()],
        };
        for index in program.order() {
            plan.add(program, index);
        }
        plan.find_empty(program);
        plan
    }

    /// Finds out when the set without labels comes.
    fn find_empty(&mut self, program: &Program) {
        let mut before: Vec<HashSet<LabelSet>> = vec![HashSet::new(); self.streams.len()];
        for step in &program.steps {
            let (Some(instrument), Some((labels, value))) =
                (program.instrument_of(step), program.may_make_series(step))
            else {
                continue;
            };
            let kind = program.instruments[instrument].kind;
            let refused = |value| differences::sdk_counts_negative_values_of_counters(kind, value);
            let is_open = |value: Raw| kind.number() == NumberType::F64 && !value.real.is_finite();
            if value.is_some_and(refused) {
                continue;
            }
            for at in &self.of_instrument[instrument] {
                let stream = &mut self.streams[*at];
                let kept = stream.kept(&LabelSet::of(labels));
                if !kept.is_empty() {
                    before[*at].insert(kept);
                } else if stream.empty == Empty::Never {
                    let early = before[*at].len() <= stream.limit && !value.is_some_and(is_open);
                    stream.empty = if early { Empty::Early } else { Empty::Late };
                }
            }
        }
    }

    /// True if an instrument feeds a stream of this sort.
    pub(crate) fn feeds(&self, instrument: usize, sort: impl Fn(&Stream) -> bool) -> bool {
        let mut streams = self.of_instrument[instrument].iter();
        streams.any(|stream| sort(&self.streams[*stream]))
    }

    /// True for a gauge of whole numbers if some stream of such gauges has both signed and unsigned ones.
    pub(crate) fn is_mixed(&self, program: &Program, instrument: usize) -> bool {
        let number = |one: &usize| program.instruments[*one].kind.number();
        let kind = program.instruments[instrument].kind;
        let mixes = |stream: &Stream| {
            let others = &stream.instruments;
            stream.kind == kind.instrument()
                && others.iter().any(|one| number(one) != stream.number)
        };
        let gauges = [InstrumentKind::Gauge, InstrumentKind::ObservableGauge];
        gauges.contains(&kind.instrument())
            && kind.number() != NumberType::F64
            && self.streams.iter().any(mixes)
    }

    /// True if another stream is the same metric for who reads it.
    pub(crate) fn conflicts(&self, at: usize) -> bool {
        let others = self.streams.iter().enumerate();
        others
            .filter(|(other, _)| *other != at)
            .any(|(_, other)| other.is_one_metric(&self.streams[at]))
    }

    fn add(&mut self, program: &Program, index: usize) {
        let instrument = &program.instruments[index];
        if check_name(instrument.name).is_err() {
            return;
        }
        let kind = instrument.kind.instrument();
        let views = program.views.iter().enumerate();
        let selecting: Vec<(usize, &ViewRule)> = views
            .filter(|(_, view)| selects(view, instrument) && kind.supports(&view.aggregation))
            .collect();
        if selecting.is_empty() {
            self.add_stream(stream(program, index, None));
        }
        for view in &selecting {
            let mut stream = stream(program, index, Some(*view));
            stream.filter = differences::ours_drops_what_a_view_of_the_name_drops(
                instrument, view.1, &selecting,
            );
            self.add_stream(stream);
        }
    }

    fn add_stream(&mut self, stream: Stream) {
        let index = stream.descriptions[0].0;
        if stream.aggregation == Aggregation::Drop {
            return;
        }
        let find = |wanted: &dyn Fn(&Stream) -> bool| {
            let mut all = self.streams.iter();
            all.position(|known| known.is_one_metric(&stream) && wanted(known))
        };
        let known = find(&|known| known.view == stream.view && known.filter.is(&stream.filter))
            .or_else(|| find(&|known| known.is_like(&stream)));
        let at = known.unwrap_or(self.streams.len());
        match known {
            None => self.streams.push(stream),
            Some(known) => self.streams[known].descriptions.extend(stream.descriptions),
        }
        if !self.of_instrument[index].contains(&at) {
            self.of_instrument[index].push(at);
            self.streams[at].instruments.push(index);
        }
    }
}

pub(crate) fn selects(view: &ViewRule, instrument: &Instrument) -> bool {
    view.selects(
        METERS[instrument.meter],
        instrument.name,
        instrument.unit,
        instrument.kind.instrument(),
    )
}

fn is_gauge(kind: InstrumentKind) -> bool {
    matches!(
        kind,
        InstrumentKind::Gauge | InstrumentKind::ObservableGauge
    )
}

/// The name of an instrument, as the first one of its meter spells it.
fn spelling(program: &Program, instrument: &Instrument) -> &'static str {
    let names = program
        .order()
        .into_iter()
        .map(|at| &program.instruments[at]);
    let mut same = names.filter(|one| {
        one.meter == instrument.meter && one.name.eq_ignore_ascii_case(instrument.name)
    });
    same.next().unwrap().name
}

fn stream(program: &Program, index: usize, view: Option<(usize, &ViewRule)>) -> Stream {
    let (at, view) = (view.map(|(at, _)| at), view.map(|(_, view)| view));
    let instrument = &program.instruments[index];
    let kind = instrument.kind.instrument();
    let described = view.and_then(|view| view.describe);
    Stream {
        meter: METERS[instrument.meter],
        name: view
            .and_then(|view| view.rename)
            .unwrap_or_else(|| spelling(program, instrument)),
        unit: instrument.unit,
        kind,
        number: instrument.kind.number(),
        descriptions: vec![(
            index,
            described.map_or_else(|| instrument.full_description(), str::to_owned),
        )],
        base_description: instrument.base_description(),
        filter: view.map_or(Filter::All, |view| view.filter.clone()),
        limit: view.and_then(|view| view.limit).unwrap_or(program.limit),
        empty: Empty::Never,
        asked: view.map_or(Aggregation::Default, |view| view.aggregation.clone()),
        aggregation: aggregation(program, instrument, view),
        view: at,
        instruments: Vec::new(),
    }
}

/// The aggregation that a view gives an instrument; never the default.
fn aggregation(program: &Program, instrument: &Instrument, view: Option<&ViewRule>) -> Aggregation {
    let kind = instrument.kind.instrument();
    let asked = view.map_or(Aggregation::Default, |view| view.aggregation.clone());
    if asked != Aggregation::Default {
        return asked;
    }
    match kind {
        InstrumentKind::Histogram if program.histograms != Aggregation::Default => {
            program.histograms.clone()
        }
        InstrumentKind::Histogram => {
            Aggregation::ExplicitBuckets(match instrument.valid_bounds() {
                Some(bounds) => bounds.into(),
                None => differences::ours_has_bounds_for_seconds(instrument.unit)
                    .unwrap_or(&DEFAULT_BUCKETS)
                    .into(),
            })
        }
        InstrumentKind::Gauge | InstrumentKind::ObservableGauge => Aggregation::LastValue,
        _ => Aggregation::Sum,
    }
}
