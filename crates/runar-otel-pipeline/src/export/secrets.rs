//! Secrets of an exporter, hidden in the words of a receiver: it may repeat a request in its answer.

use std::fmt;

use super::OtlpOptions;

/// The shortest string that is hidden, in bytes: shorter ones are parts of words.
const SHORTEST: usize = 4;

/// The strings that no message may show.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Gathers the values of headers, and the query of the endpoint with each of its values.
    pub(super) fn of(options: &OtlpOptions) -> Self {
        let mut all = Vec::new();
        for (_, value) in &options.headers {
            let value = value.expose();
            all.push(value.to_owned());
            // The credentials of a scheme such as `Bearer`.
            all.extend(value.split_once(' ').map(|(_, rest)| rest.to_owned()));
        }
        if let Some((_, query)) = options.endpoint.split_once('?') {
            all.push(query.to_owned());
            let values = query.split('&').filter_map(|pair| pair.split_once('='));
            all.extend(values.map(|(_, value)| value.to_owned()));
        }
        all.retain(|secret| secret.len() >= SHORTEST);
        // The longest first: a part of it may be a secret too.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// Puts `***` in place of secrets.
    pub(super) fn hide(&self, message: &mut String) {
        for secret in &self.0 {
            if message.contains(secret.as_str()) {
                *message = message.replace(secret.as_str(), "***");
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Protocol, Secret};

    #[test]
    fn secrets_that_a_receiver_repeats_are_hidden() {
        let endpoint = "http://c:4318/v1/metrics?token=hunter2&tenant=a";
        let mut options = OtlpOptions::new(Protocol::HttpProtobuf, endpoint);
        options.headers = vec![("authorization".into(), Secret::new("Bearer swordfish"))];
        let secrets = Secrets::of(&options);
        let mut message =
            "cannot POST /v1/metrics?token=hunter2&tenant=a: swordfish is no key, hunter2"
                .to_owned();
        secrets.hide(&mut message);
        assert_eq!(message, "cannot POST /v1/metrics?***: *** is no key, ***");
        assert_eq!(format!("{secrets:?}"), "***");
    }
}
