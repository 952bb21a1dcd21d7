//! The batches in which spans are exported, and the limits of a span.

use std::time::Duration;

use crate::config::environment::Environment;

/// The batches of the processor of spans (SDK specification, *Batch span processor*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpanBatches {
    /// The time between two exports, 5 s by default.
    pub(crate) delay: Duration,
    /// The most spans that wait, 2048 by default; further ones are dropped.
    pub(crate) queue: usize,
    /// The most spans of an export, 512 by default; at most as many as wait.
    pub(crate) batch: usize,
    /// The time limit of an export, 30 s by default; the timeout of OTLP is another one.
    pub(crate) timeout: Duration,
}

impl Default for SpanBatches {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(5),
            queue: 2048,
            batch: 512,
            timeout: Duration::from_secs(30),
        }
    }
}

/// The longest queue: the SDK takes the memory for all of it at once, some 70 MB for this one.
const LONGEST_QUEUE: usize = 200_000;

impl SpanBatches {
    /// Reads the variables `OTEL_BSP_…`.
    pub(crate) fn from_environment(environment: &mut Environment<'_>) -> Self {
        const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

        let default = Self::default();
        let delay = environment.milliseconds("OTEL_BSP_SCHEDULE_DELAY");
        let timeout = environment.milliseconds("OTEL_BSP_EXPORT_TIMEOUT");
        let queue = environment
            .whole("OTEL_BSP_MAX_QUEUE_SIZE", 1, LONGEST_QUEUE)
            .unwrap_or(default.queue);
        let asked = environment.whole(BATCH, 1, LONGEST_QUEUE);
        if let Some(asked) = asked.filter(|asked| *asked > queue) {
            let expected = format!("at most the size of the queue, {queue}, which is used");
            environment.report(BATCH, asked.to_string(), expected);
        }
        Self {
            delay: delay.unwrap_or(default.delay),
            queue,
            batch: asked.unwrap_or(default.batch).min(queue),
            timeout: timeout.unwrap_or(default.timeout),
        }
    }
}

/// The most attributes, events and links of a span, and attributes of an event and of a link: 128 each by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpanLimits {
    pub(crate) attributes: u32,
    pub(crate) events: u32,
    pub(crate) links: u32,
    pub(crate) attributes_of_event: u32,
    pub(crate) attributes_of_link: u32,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attributes: 128,
            events: 128,
            links: 128,
            attributes_of_event: 128,
            attributes_of_link: 128,
        }
    }
}

impl SpanLimits {
    /// Reads the variables of limits. The general one applies where none of its own is set (specification, *Attribute
    /// limits*).
    pub(crate) fn from_environment(environment: &mut Environment<'_>) -> Self {
        let default = Self::default();
        let mut limit = |key: &str| environment.whole(key, 0, 2_147_483_647);
        let general = limit("OTEL_ATTRIBUTE_COUNT_LIMIT");
        let mut attributes = |key: &str, default: u32| limit(key).or(general).unwrap_or(default);
        let limits = Self {
            attributes: attributes("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", default.attributes),
            attributes_of_event: attributes(
                "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
                default.attributes_of_event,
            ),
            attributes_of_link: attributes(
                "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
                default.attributes_of_link,
            ),
            events: limit("OTEL_SPAN_EVENT_COUNT_LIMIT").unwrap_or(default.events),
            links: limit("OTEL_SPAN_LINK_COUNT_LIMIT").unwrap_or(default.links),
        };
        for key in [
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        ] {
            if let Some(text) = environment.text(key) {
                let expected =
                    "to be unset: a limit of lengths is not supported yet, values are not cut";
                environment.report(key, text, expected);
            }
        }
        limits
    }
}
