//! Differences between sets of labels, and the names that were probably meant.

use crate::report::closest_word::closest;

/// Describes the difference between given and declared names; `None` if they are the same.
pub(crate) fn difference<G: AsRef<str>, D: AsRef<str>>(
    given: &[G],
    declared: &[D],
) -> Option<String> {
    let given: Vec<&str> = given.iter().map(AsRef::as_ref).collect();
    let declared: Vec<&str> = declared.iter().map(AsRef::as_ref).collect();
    let missing: Vec<&str> = without(&declared, &given);
    let foreign = without(&given, &declared);
    let mut said: Vec<String> = foreign
        .iter()
        .map(|name| match closest(name, &missing) {
            Some(close) => format!("has label `{name}`, did you mean `{close}`?"),
            None => format!("has label `{name}`"),
        })
        .collect();
    if !missing.is_empty() && foreign.is_empty() {
        said.push(format!("lacks label `{}`", missing.join("`, `")));
    }
    if said.is_empty() {
        return None;
    }
    let expected = declared.join("`, `");
    Some(format!("{}: expected `{expected}`", said.join(" and ")))
}

fn without<'a>(names: &[&'a str], others: &[&str]) -> Vec<&'a str> {
    let foreign = names.iter().filter(|name| !others.contains(name));
    foreign.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_names_what_was_meant() {
        let declared = ["account_type", "source"];
        assert_eq!(difference(&["source", "account_type"], &declared), None);
        assert_eq!(
            difference(&["sorce", "account_type"], &declared).unwrap(),
            "has label `sorce`, did you mean `source`?: expected `account_type`, `source`"
        );
        assert_eq!(
            difference(&["source"], &declared).unwrap(),
            "lacks label `account_type`: expected `account_type`, `source`"
        );
        assert_eq!(
            difference(&["source", "account_type", "x"], &declared).unwrap(),
            "has label `x`: expected `account_type`, `source`"
        );
    }
}
