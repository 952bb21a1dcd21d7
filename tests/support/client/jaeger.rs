//! What Jaeger has stored: traces and their spans.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{encoded, json, list, text};
use crate::Result;
use crate::poll::{self, Look};

/// One stored trace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trace {
    /// Its id, 32 hexadecimal digits.
    pub trace_id: String,
    /// Its spans, in no particular order.
    pub spans: Vec<Span>,
}

impl Trace {
    /// The first span of this name.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<&Span> {
        self.spans.iter().find(|span| span.name == name)
    }
}

/// One span of a trace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Span {
    /// The name, which Jaeger calls operation.
    pub name: String,
    /// Its id, 16 hexadecimal digits.
    pub span_id: String,
    /// The id of its parent.
    pub parent: Option<String>,
    /// When it started, since 1970, in whole microseconds.
    pub start: Duration,
    /// How long it took, in whole microseconds.
    pub duration: Duration,
    /// Attributes, kind, status and scope (`otel.scope.name`); numbers and truth values as text.
    pub tags: BTreeMap<String, String>,
    /// The service's name.
    pub service: String,
    /// The other attributes of its resource.
    pub resource: BTreeMap<String, String>,
}

/// A client of one Jaeger.
#[derive(Clone, Debug)]
pub struct Jaeger {
    address: String,
}

impl Jaeger {
    /// A client of the Jaeger at `address`, for instance `http://127.0.0.1:16686`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }

    /// Where its API is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The trace of this id, if it has arrived.
    ///
    /// # Errors
    /// [`crate::Error::Http`] when it does not answer, [`crate::Error::Answer`] when the id is not one.
    pub fn trace(&self, trace_id: &str) -> Result<Option<Trace>> {
        let answer = json("Jaeger", &format!("{}/api/traces/{trace_id}", self.address))?;
        Ok(answer
            .as_ref()
            .and_then(|answer| answer.pointer("/data/0"))
            .map(trace))
    }

    /// The traces in which a service has a span of this name with these tags, at most 1000.
    ///
    /// # Errors
    /// As [`Self::trace`].
    pub fn search(&self, service: &str, name: &str, tags: &[(&str, &str)]) -> Result<Vec<Trace>> {
        let tags: BTreeMap<&str, &str> = tags.iter().copied().collect();
        let query = format!(
            "service={}&operation={}&tags={}&lookback=1h&limit=1000",
            encoded(service),
            encoded(name),
            encoded(&Value::from_iter(tags).to_string())
        );
        let url = format!("{}/api/traces?{query}", self.address);
        let answer = json("Jaeger", &url)?.unwrap_or_default();
        Ok(list(&answer, "/data").iter().map(trace).collect())
    }

    /// Repeats [`Self::search`] until `expected` is content with what is found.
    ///
    /// # Errors
    /// [`crate::Error::Deadline`] with what was there last, or what [`Self::search`] says.
    pub fn wait_for_search(
        &self,
        (service, name, tags): (&str, &str, &[(&str, &str)]),
        within: Duration,
        expected: impl Fn(&[Trace]) -> bool,
    ) -> Result<Vec<Trace>> {
        poll::until(
            &format!("traces with {name} {tags:?}"),
            within,
            || match self.search(service, name, tags) {
                Ok(found) if expected(&found) => Look::Found(found),
                Ok(found) => Look::NotYet(format!("{found:?}")),
                Err(error) => Look::Hopeless(error),
            },
        )
    }

    /// Names of the services that have sent spans.
    ///
    /// # Errors
    /// As [`Self::trace`].
    pub fn services(&self) -> Result<Vec<String>> {
        let answer = json("Jaeger", &format!("{}/api/services", self.address))?.unwrap_or_default();
        Ok(list(&answer, "/data")
            .iter()
            .map(|name| text(name, ""))
            .collect())
    }

    /// Repeats [`Self::trace`] until it is there and `expected` is content with it (spans arrive one by one).
    ///
    /// # Errors
    /// [`crate::Error::Deadline`] with what was there last, or what [`Self::trace`] says.
    pub fn wait_for_trace(
        &self,
        trace_id: &str,
        within: Duration,
        expected: impl Fn(&Trace) -> bool,
    ) -> Result<Trace> {
        poll::until(&format!("trace {trace_id}"), within, || {
            match self.trace(trace_id) {
                Ok(Some(trace)) if expected(&trace) => Look::Found(trace),
                Ok(found) => Look::NotYet(format!("{found:?}")),
                Err(error) => Look::Hopeless(error),
            }
        })
    }
}

fn trace(found: &Value) -> Trace {
    let spans = list(found, "/spans")
        .iter()
        .map(|one| span(one, found))
        .collect();
    Trace {
        trace_id: text(found, "/traceID"),
        spans,
    }
}

fn span(found: &Value, trace: &Value) -> Span {
    let process = format!("/processes/{}", text(found, "/processID"));
    let parent = list(found, "/references")
        .iter()
        .find(|reference| text(reference, "/refType") == "CHILD_OF");
    Span {
        name: text(found, "/operationName"),
        span_id: text(found, "/spanID"),
        parent: parent.map(|reference| text(reference, "/spanID")),
        start: microseconds(found, "/startTime"),
        duration: microseconds(found, "/duration"),
        tags: tags(list(found, "/tags")),
        service: text(trace, &format!("{process}/serviceName")),
        resource: tags(list(trace, &format!("{process}/tags"))),
    }
}

fn microseconds(found: &Value, pointer: &str) -> Duration {
    Duration::from_micros(
        found
            .pointer(pointer)
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    )
}

fn tags(found: &[Value]) -> BTreeMap<String, String> {
    let value = |tag: &Value| match tag.get("value") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    found
        .iter()
        .map(|tag| (text(tag, "/key"), value(tag)))
        .collect()
}
