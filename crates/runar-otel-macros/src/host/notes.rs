//! Notes that an attribute on the impl leaves in a method's body for the attribute on the method: the name of the type,
//! the topic, and the path of the crate.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident};
use syn::{Block, Item, Lit, Stmt, parse_quote};

use crate::metered::MARKER;

/// The note with the name of the type.
pub(super) const TYPE: &str = "__RUNAR_OTEL_OF";

/// The note with the topic, whose attribute is gone by then.
pub(super) const TOPIC: &str = "__RUNAR_OTEL_TOPIC";

/// The note with the path of the crate, if an attribute on the impl gives one.
pub(super) const CRATE: &str = "__RUNAR_OTEL_CRATE";

/// Leaves a string under one of these names, unless there is one.
pub(super) fn leave_note(block: &mut Block, name: &str, text: &str) {
    if find_note(block, name).is_none() {
        let name = format_ident!("{name}");
        insert_statement(block, parse_quote!(const #name: &str = #text;));
    }
}

/// Returns the string that was left, however deep other attributes have moved the body since.
pub(super) fn find_note(block: &Block, name: &str) -> Option<String> {
    search_note(block.to_token_stream(), name)
}

/// Marks a function as instrumented, so that no attribute instruments it again.
pub(crate) fn mark_function(block: &mut Block) {
    if !begins_with_mark(block) {
        let marker = format_ident!("{MARKER}");
        block.stmts.insert(0, parse_quote!(const #marker: () = ();));
    }
}

/// Adds an item to a body, behind the mark.
pub(super) fn insert_statement(block: &mut Block, statement: Stmt) {
    let at = usize::from(begins_with_mark(block));
    block.stmts.insert(at, statement);
}

fn begins_with_mark(block: &Block) -> bool {
    matches!(block.stmts.first(), Some(Stmt::Item(Item::Const(item))) if item.ident == MARKER)
}

fn search_note(tokens: TokenStream, name: &str) -> Option<String> {
    let mut behind = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => behind = behind || ident == name,
            TokenTree::Literal(literal) if behind => {
                return match Lit::new(literal) {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                };
            }
            TokenTree::Group(group) => {
                if let Some(found) = search_note(group.stream(), name) {
                    return Some(found);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    None
}
