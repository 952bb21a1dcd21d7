//! Which log lines are written.

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

/// An [`EnvFilter`] that follows each span on its way only if one of its directives is about spans.
///
/// The filter itself takes a lock whenever a span is made, entered, left and closed, to find that it has no business
/// with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directives {
    filter: Arc<EnvFilter>,
    follows_spans: bool,
}

impl Directives {
    /// What cannot be parsed is left out, with a word on standard error.
    pub(crate) fn parse(directives: &str) -> Self {
        Self {
            filter: Arc::new(EnvFilter::builder().parse_lossy(directives)),
            // `target[span{field=value}]=level` is the only way to name a span or a field.
            follows_spans: directives.contains('['),
        }
    }

    /// Whether spans need to be there, because lines depend on them.
    pub(crate) fn follow_spans(&self) -> bool {
        self.follows_spans
    }

    /// Whether lines show the spans of a callsite. Only where they are not followed.
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
