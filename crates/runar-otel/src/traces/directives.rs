//! The log directives: which lines are written, and whether lines depend on spans.

use std::sync::Arc;

use tracing::{
    Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    EnvFilter, Registry,
    layer::{Context, Filter},
};

/// An [`EnvFilter`] that observes spans only if one of its directives is about spans.
///
/// A plain `EnvFilter` takes a lock whenever a span is made, entered, left and closed, even if no directive is about
/// spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directives {
    filter: Arc<EnvFilter>,
    follows_spans: bool,
}

impl Directives {
    /// Parses directives; invalid ones are left out and reported on standard error.
    pub(crate) fn parse(directives: &str) -> Self {
        Self {
            filter: Arc::new(EnvFilter::builder().parse_lossy(directives)),
            // `target[span{field=value}]=level` is the only way to name a span or a field.
            follows_spans: directives.contains('['),
        }
    }

    /// True if a directive names a span or a field, so that log lines depend on the spans of calls.
    pub(crate) fn follow_spans(&self) -> bool {
        self.follows_spans
    }

    /// True if lines show the spans of a callsite. Valid only if [`follow_spans`](Self::follow_spans) is false.
    pub(crate) fn show(&self, span: &'static Metadata<'static>) -> bool {
        let filter: &dyn Filter<Registry> = &*self.filter;
        filter.callsite_enabled(span).is_always()
    }
}

impl<S: Subscriber> Filter<S> for Directives {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::enabled(&*self.filter, metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        <EnvFilter as Filter<S>>::callsite_enabled(&self.filter, metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        <EnvFilter as Filter<S>>::max_level_hint(&self.filter)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            Filter::on_new_span(&*self.filter, attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.follows_spans {
            Filter::on_record(&*self.filter, id, values, context);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            Filter::on_enter(&*self.filter, id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            Filter::on_exit(&*self.filter, id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if self.follows_spans {
            Filter::on_close(&*self.filter, id, context);
        }
    }
}
