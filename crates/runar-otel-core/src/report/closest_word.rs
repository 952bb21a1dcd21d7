//! The word that a user probably meant.

use strsim::osa_distance;

/// Returns the word that was probably meant; `None` if more than a third of the letters differ in all of them.
pub(crate) fn closest<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (osa_distance(wanted, word), *word))
        .filter(|(distance, word)| *distance * 3 <= word.chars().count().max(3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["source", "account_type"];
        assert_eq!(closest("sorce", &known), Some("source"));
        assert_eq!(closest("soucre", &known), Some("source"));
        assert_eq!(closest("acount_type", &known), Some("account_type"));
        assert_eq!(closest("tier", &known), None);
    }
}
