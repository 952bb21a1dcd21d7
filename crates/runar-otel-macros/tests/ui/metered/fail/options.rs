//! Options that do not exist, or not with this value.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(bukets = [0.1])]
fn close_to_an_option() {}

#[metered(colour = "red")]
fn far_from_any_option() {}

#[metered("checkout")]
fn a_literal() {}

#[metered(name = "a", name = "b")]
fn twice() {}

#[metered(buckets = [0.1], histogram_buckets = [0.2])]
fn twice_by_another_word() {}

#[metered(name = 5)]
fn no_text() {}

#[metered(name)]
fn no_value() {}

#[metered(labels = "tier")]
fn no_list() {}

#[metered(labels = [tier])]
fn no_literal_in_the_list() {}

#[metered(labels = [])]
fn empty_list() {}

#[metered(buckets = ["0.1", fast()])]
fn no_numbers() {}

#[metered(fields = [id])]
fn no_fields(id: u8) -> u8 {
    id
}

#[metered(ok_if = true)]
fn no_predicate() {}

#[metered(skip_span = true)]
fn a_word_with_a_value() {}

#[metered(crate = 5)]
fn no_path() {}

#[metered(level = 5)]
fn no_level() {}

#[metered(name "a")]
fn no_comma() {}

#[metered(name: "a")]
fn no_equals_sign() {}

#[metered(buckets = [0.5, 1e999])]
fn no_finite_number() {}

#[metered(service = "", event = "")]
fn empty_texts() {}

#[metered(nmae = "a", kind = "servr", until = "end")]
fn several_mistakes_at_once() {}

fn main() {}
