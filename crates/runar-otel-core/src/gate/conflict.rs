//! Warnings about instruments and views that conflict: each is reported once, and everything is exported.
//!
//! OpenTelemetry specification, metrics SDK: *Duplicate instrument registration*, *Measurement processing*.

use std::borrow::Cow;

use super::{spec::InstrumentSpec, table::is_one_number};
use crate::{
    labels::LabelFilter,
    metric::{Aggregation, StreamPlan},
    report,
    series::Stream,
};

/// Reports two streams of one name: of two instruments that no view distinguishes, or of two views.
pub(super) fn report_streams(first: &Stream, next: &Stream) {
    let (plan, second) = (first.plan(), next.plan());
    let key = ("conflict", second.scope.name(), &second.name);
    let same_number = is_one_number(first.number(), next.number());
    if plan.kind == second.kind && plan.unit == second.unit && same_number {
        return report::once(key, || {
            format!(
                "views make metric `{}` of meter `{}` twice, first with {}, then with {}: both are exported under one \
                 name, expected a `rename` in all but one, or one view that says it all",
                second.name,
                second.scope.name(),
                rules_of(first),
                rules_of(next)
            )
        });
    }
    report::once(key, || {
        format!(
            "meter `{}` made instrument `{}` twice: first as {}, then as {}: both are exported under one name, \
             expected one kind, unit and number type{}",
            second.scope.name(),
            second.name,
            kind_of(first),
            kind_of(next),
            recipe(plan, second)
        )
    });
}

fn kind_of(stream: &Stream) -> String {
    let plan = stream.plan();
    format!(
        "{:?} of {:?} in `{}`",
        plan.kind,
        stream.number(),
        plan.unit
    )
}

/// Suggests a view that resolves the conflict, if views can distinguish both streams.
fn recipe(first: &StreamPlan, next: &StreamPlan) -> String {
    let selected = if first.kind != next.kind {
        format!(".of_kind(InstrumentKind::{:?})", next.kind)
    } else if first.unit != next.unit {
        format!(".of_unit(\"{}\")", next.unit)
    } else {
        return String::new();
    };
    format!(
        ", or a view such as `View::select(\"{}\"){selected}.rename(\"…\")`",
        next.name
    )
}

/// Describes the settings of a stream that a view can change.
fn rules_of(stream: &Stream) -> String {
    let (plan, labels) = (stream.plan(), &stream.rules().labels);
    let aggregation = &plan.aggregation;
    let labels = labels
        .as_ref()
        .map_or("all labels".to_owned(), LabelFilter::to_string);
    format!("{aggregation:?}, {labels}, {} label sets", plan.limit)
}

/// Reports two views that make the same stream of an instrument.
pub(super) fn report_overlap(spec: &InstrumentSpec) {
    report::once(("views", spec.scope.name(), &spec.name), || {
        format!(
            "two views make the same of metric `{}`: it is exported once, expected one of them",
            spec.name
        )
    });
}

/// Reports an aggregation that the instrument kind does not have.
pub(super) fn report_unfit(spec: &InstrumentSpec, asked: &Aggregation) {
    report::once(("aggregation", spec.scope.name(), &spec.name), || {
        format!(
            "a view asks for {asked:?} of metric `{}`, which a {:?} does not have: the view is ignored there",
            spec.name, spec.kind
        )
    });
}

/// Reports a name that the meter knows in another spelling.
pub(super) fn report_spelling(spec: &InstrumentSpec, first: &str) {
    report::once(("spelling", spec.scope.name(), &spec.name), || {
        format!(
            "meter `{}` made instrument `{first}` and then `{}`: both are `{first}`, expected one spelling",
            spec.scope.name(),
            spec.name
        )
    });
}

/// Reports another description of a known instrument. The longer one stays: OpenTelemetry specification, metrics data
/// model, *Producer recommendations*.
pub(super) fn report_description(stream: &Stream, [known, other]: &[Cow<'static, str>; 2]) {
    let plan = stream.plan();
    report::once(("description", plan.scope.name(), &plan.name), || {
        format!(
            "metric `{name}` of meter `{}` is described as `{known}` and as `{other}`: the longer one is exported, \
             expected one, or a view such as `View::select(\"{name}\").describe(\"…\")`",
            plan.scope.name(),
            name = plan.name
        )
    });
}

/// Reports other buckets for a known instrument.
pub(super) fn report_advice(stream: &Stream, other: &Aggregation) {
    let plan = stream.plan();
    report::once(("advice", plan.scope.name(), &plan.name), || {
        format!(
            "meter `{}` made instrument `{}` twice: first with {:?}, then with {other:?}: the first ones stay, expected \
             the same ones, or a view that says them",
            plan.scope.name(),
            plan.name,
            plan.aggregation
        )
    });
}
