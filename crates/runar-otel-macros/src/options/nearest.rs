//! Proposals for misspelt words.

use strsim::osa_distance;

/// Returns the known word that was probably meant: at most a third of its letters are different.
pub(crate) fn find_nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(|known| (osa_distance(&word, known), *known))
        .filter(|(distance, known)| *distance * 3 <= known.chars().count().max(3))
        .min()
        .map(|(_, known)| known)
}

/// Returns the message for an unknown word, with the nearest known one, else all that are `expected`.
pub(crate) fn propose(
    subject: &str,
    word: &str,
    nearest: Option<&str>,
    expected: &[&str],
) -> String {
    match (nearest, expected) {
        (Some(nearest), _) => format!("unknown {subject} `{word}`: did you mean `{nearest}`?"),
        (None, [] | [_] | [_, _]) => {
            format!(
                "unknown {subject} `{word}`: expected `{}`",
                expected.join("` or `")
            )
        }
        (None, _) => {
            format!(
                "unknown {subject} `{word}`: expected one of `{}`",
                expected.join("`, `")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["buckets", "labels", "name", "prefix"];
        assert_eq!(find_nearest("bukets", &known), Some("buckets"));
        assert_eq!(find_nearest("lables", &known), Some("labels"));
        assert_eq!(find_nearest("nmae", &known), Some("name"));
        assert_eq!(find_nearest("Name", &known), Some("name"));
        assert_eq!(find_nearest("unit", &known), None);
        assert_eq!(find_nearest("label", &known), Some("labels"));
    }
}
