//! The mark of a body that is metered.

use quote::ToTokens as _;
use syn::Block;

use super::model::mentions;

/// The first statement of a body that is metered.
pub(crate) const MARKER: &str = "__RUNAR_OTEL_METERED";

/// True for the body of a function that is metered already, however deep another attribute
/// (`#[async_trait]`) has moved it since. Functions inside of it are not expanded yet.
pub(crate) fn is_marked(block: &Block) -> bool {
    mentions(block.to_token_stream(), MARKER)
}
