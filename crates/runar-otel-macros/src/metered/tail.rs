//! The shape of a body that returns a future.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Block, Expr, ExprAsync, ExprClosure, ExprReturn, Item, Macro, Stmt, visit::Visit};

use super::{hygiene::quote, model::mentions, result_type::ResultType, tokens::allow_braces};

/// The way in which a body makes its future.
pub(crate) enum Tail<'a> {
    /// A single `async move { … }`, in its `Box::pin(…)`: the inner block. `#[async_trait]` makes this.
    Only(&'a Block),
    /// Statements, and then the future, without its `Box::pin(…)`.
    Last {
        before: &'a [Stmt],
        future: Future<'a>,
    },
    /// Anything else: only a call gives the future.
    Any,
}

/// An expression that is a future.
pub(crate) struct Future<'a>(&'a Expr);

impl Future<'_> {
    /// Generates the future, with the type of its output where an async block needs it.
    pub(crate) fn generate_typed(&self, result_type: &ResultType) -> TokenStream {
        match self.0 {
            Expr::Async(ExprAsync {
                attrs,
                capture,
                block,
                ..
            }) => {
                let body = result_type.generate_block(block);
                allow_braces(&quote!(#(#attrs)* async #capture #body))
            }
            other => other.to_token_stream(),
        }
    }
}

/// Classifies a body that returns a future, in a box or not.
pub(crate) fn classify_body(block: &Block, boxed: bool) -> Tail<'_> {
    let Some((Stmt::Expr(last, None), before)) = block.stmts.split_last() else {
        return Tail::Any;
    };
    let Some(future) = (if boxed { find_pinned(last) } else { Some(last) }) else {
        return Tail::Any;
    };
    if let (Expr::Async(only), []) = (future, before)
        && only.capture.is_some()
        && only.attrs.is_empty()
    {
        return Tail::Only(&only.block);
    }
    let mut finder = ReturnFinder(false);
    block.stmts.iter().for_each(|stmt| finder.visit_stmt(stmt));
    if finder.0 {
        return Tail::Any;
    }
    Tail::Last {
        before,
        future: Future(future),
    }
}

/// Returns `X` of `Box::pin(X)`.
fn find_pinned(expr: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expr else {
        return None;
    };
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let mut names = function.path.segments.iter().rev().map(|of| &of.ident);
    let is_pin = names.next().is_some_and(|name| name == "pin")
        && names.next().is_some_and(|name| name == "Box");
    is_pin.then(|| call.args.first()).flatten()
}

/// A visitor that finds out if the function can return before its last expression.
struct ReturnFinder(bool);

impl<'ast> Visit<'ast> for ReturnFinder {
    fn visit_expr_return(&mut self, _: &'ast ExprReturn) {
        self.0 = true;
    }

    fn visit_macro(&mut self, of: &'ast Macro) {
        self.0 |= mentions(of.tokens.clone(), "return");
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}
