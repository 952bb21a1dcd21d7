//! The distance between names, by which a failed assertion sorts the series that it lists.

/// Returns the number of characters to insert, remove or replace to get from one string to the other.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, mine) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        let mut left = at + 1;
        for (pair, theirs) in row.windows(2).zip(&other) {
            let &[diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(mine != *theirs))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// True if a string is so near to another that it may be a slip.
pub(crate) fn is_near(one: &str, other: &str) -> bool {
    let allowed = one.chars().count().max(other.chars().count()) / 3;
    distance(one, other) <= allowed.max(1) || one.contains(other) || other.contains(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_changes() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("orders_total", "order_total", 1),
            ("a", "ä", 1),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_slip_is_near_and_another_name_is_not() {
        assert!(is_near("order_total", "orders_total"));
        assert!(is_near("orders", "orders_total"));
        assert!(!is_near("orders_total", "process_memory_bytes"));
    }
}
