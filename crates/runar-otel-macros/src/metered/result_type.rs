//! The type of an async block's result.

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt as _};
use syn::{Block, Stmt, Type};

use super::{hygiene::quote, returned::annotation};

/// A statement that fixes the type, which `?` and `return` need inside of an async block: a `let` with `impl Trait` in
/// it does not compile.
pub(crate) struct ResultType(Option<Type>);

impl ResultType {
    /// Makes the statement for a type; empty if the type is unknown or cannot be named.
    pub(crate) fn of(result: Option<&Type>) -> Self {
        Self(result.and_then(annotation))
    }

    /// Generates the block with the statement in front.
    pub(crate) fn generate_block(&self, block: &Block) -> TokenStream {
        let has_items = block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Item(_)));
        let mut tokens = TokenStream::new();
        // The user's own braces: where the compiler points if the end of the body is of the wrong type.
        block.brace_token.surround(&mut tokens, |tokens| {
            self.to_tokens(tokens);
            if has_items {
                // Items after statements are a lint, and so are braces around a single expression.
                block.to_tokens(tokens);
            } else {
                tokens.append_all(&block.stmts);
            }
        });
        tokens
    }
}

impl ToTokens for ResultType {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Some(returned) = &self.0 else { return };
        if matches!(returned, Type::Tuple(unit) if unit.elems.is_empty()) {
            return tokens.extend(quote!(if false {
                return;
            }));
        }
        tokens.extend(quote! {
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::empty_loop,
                clippy::let_with_type_underscore,
                clippy::needless_return
            )]
            if false {
                let __returned: #returned = loop {};
                return __returned;
            }
        });
    }
}
