//! The user's tokens in a message.

use quote::ToTokens;

/// The length up to which a message shows tokens.
const LONGEST: usize = 40;

/// Returns the tokens as a person writes them, or `…` beyond 40 characters.
pub(crate) fn source_text(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let text = text.replace(" . ", ".").replace(" (", "(");
    let text = match text.strip_prefix("- ") {
        Some(number) => format!("-{number}"),
        None => text,
    };
    if text.chars().count() > LONGEST {
        "…".to_owned()
    } else {
        text
    }
}
