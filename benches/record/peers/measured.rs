//! `measured`.

use std::sync::Arc;

use measured::{
    CounterVec, FixedCardinalityLabel, FloatGaugeVec, HistogramVec, LabelGroup,
    metric::{MetricFamilyEncoding, histogram::Thresholds, name::MetricName},
    text::BufferedTextEncoder,
};
use paracord::ParaCord;

use crate::{
    case::Case,
    labels::{LabelSets, LabelValues},
    peer::Peer,
    readings::in_text,
    row::Row,
    work::{BUCKETS, Work, scattered, value},
};

#[derive(Clone, Copy, FixedCardinalityLabel)]
enum Method {
    Get,
    Post,
}

#[derive(Clone, Copy, FixedCardinalityLabel)]
enum Route {
    Orders,
    Order,
}

#[derive(Clone, Copy, FixedCardinalityLabel)]
enum Status {
    Ok = 200,
    Unavailable = 503,
}

/// Enums: a series is a place in an array.
#[derive(Clone, Copy, LabelGroup)]
#[label(set = FixedSet)]
struct Fixed {
    method: Method,
    route: Route,
    status: Status,
}

impl Fixed {
    fn of(at: usize) -> Self {
        let at = scattered(at);
        Self {
            method: if at & 1 == 0 {
                Method::Get
            } else {
                Method::Post
            },
            route: if at & 2 == 0 {
                Route::Orders
            } else {
                Route::Order
            },
            status: if at & 4 == 0 {
                Status::Ok
            } else {
                Status::Unavailable
            },
        }
    }
}

/// Any text: each is interned, then the series is looked up.
#[derive(Clone, Copy, LabelGroup)]
#[label(set = TextSet)]
struct Text<'a> {
    #[label(dynamic_with = ParaCord, default)]
    method: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    route: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    status: &'a str,
}

impl<'a> From<LabelValues<'a>> for Text<'a> {
    fn from(of: LabelValues<'a>) -> Self {
        Self {
            method: of.method,
            route: of.route,
            status: of.status,
        }
    }
}

type Histograms<L> = HistogramVec<L, { BUCKETS.len() }>;

pub(crate) fn enum_case(row: &Row) -> Option<Case> {
    let fixed = Fixed::of(0);
    Some(match row.work {
        Work::Counter => {
            let counters = Arc::new(CounterVec::<FixedSet>::new());
            let (record, id) = (Arc::clone(&counters), counters.with_labels(fixed));
            let record = move |_| record.get_metric(id).inc();
            Case::new(Peer::Measured, record, read_back(row, counters))
        }
        Work::CounterLabelled => {
            let counters = Arc::new(CounterVec::<FixedSet>::new());
            let record = Arc::clone(&counters);
            let record = move |at| record.inc(Fixed::of(at));
            Case::new(Peer::Measured, record, read_back(row, counters))
        }
        Work::Gauge => {
            let gauges = Arc::new(FloatGaugeVec::<FixedSet>::new());
            let (record, id) = (Arc::clone(&gauges), gauges.with_labels(fixed));
            let record = move |at| record.get_metric(id).set(value(at));
            Case::new(Peer::Measured, record, read_back(row, gauges))
        }
        Work::Histogram => {
            let histograms = Arc::new(Histograms::<FixedSet>::with_metadata(bounds()));
            let (record, id) = (Arc::clone(&histograms), histograms.with_labels(fixed));
            let record = move |at| record.get_metric(id).observe(value(at));
            Case::new(Peer::Measured, record, read_back(row, histograms))
        }
        Work::HistogramLabelled => {
            let histograms = Arc::new(Histograms::<FixedSet>::with_metadata(bounds()));
            let record = Arc::clone(&histograms);
            let record = move |at| record.observe(Fixed::of(at), value(at));
            Case::new(Peer::Measured, record, read_back(row, histograms))
        }
        Work::Timer => {
            let histograms = Arc::new(Histograms::<FixedSet>::with_metadata(bounds()));
            let record = Arc::clone(&histograms);
            let record = move |_| {
                record.start_timer(fixed).observe();
            };
            Case::new(Peer::Measured, record, read_back(row, histograms))
        }
        _ => return None,
    })
}

pub(crate) fn string_case(row: &Row) -> Option<Case> {
    let sets = LabelSets::new(row.sets);
    Some(match row.work {
        Work::CounterLabelled => {
            let counters = Arc::new(CounterVec::<TextSet>::new());
            let record = Arc::clone(&counters);
            let record = move |at| record.inc(sets.of(at).into());
            Case::new(Peer::MeasuredStrings, record, read_back(row, counters))
        }
        Work::HistogramLabelled => {
            let histograms = Arc::new(Histograms::<TextSet>::with_metadata(bounds()));
            let record = Arc::clone(&histograms);
            let record = move |at| record.observe(sets.of(at).into(), value(at));
            Case::new(Peer::MeasuredStrings, record, read_back(row, histograms))
        }
        _ => return None,
    })
}

fn bounds() -> Thresholds<{ BUCKETS.len() }> {
    Thresholds::with_buckets(BUCKETS)
}

fn read_back<F>(row: &Row, family: Arc<F>) -> impl Fn() -> f64 + use<F>
where
    F: MetricFamilyEncoding<BufferedTextEncoder>,
{
    let metric = row.metric;
    move || {
        let mut text = BufferedTextEncoder::new();
        let name = MetricName::from_str(metric);
        let _ = family.collect_family_into(name, &mut text);
        in_text(&String::from_utf8_lossy(&text.finish()), metric)
    }
}
