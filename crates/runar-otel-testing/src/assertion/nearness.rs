//! Nearness of names: the nearest ones come first in the message of a failed assertion.

use strsim::levenshtein;

/// True if a string is so near to another one that it may be a slip.
pub(crate) fn is_near(one: &str, other: &str) -> bool {
    let allowed = one.chars().count().max(other.chars().count()) / 3;
    levenshtein(one, other) <= allowed.max(1) || one.contains(other) || other.contains(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_name_is_not() {
        assert!(is_near("order_total", "orders_total"));
        assert!(is_near("orders", "orders_total"));
        assert!(!is_near("orders_total", "process_memory_bytes"));
    }
}
