//! Validation of metric names: messages with the position of the fault and a proposal.

/// Returns the message for an invalid metric name, with a valid proposal; `None` if the name is valid. The rules are
/// those of `runar_otel::name::check_name`.
pub(crate) fn name_problem(name: &str) -> Option<String> {
    let Some(first) = name.chars().next() else {
        return Some("metric name is empty: expected a letter first".to_owned());
    };
    let fault = if !first.is_ascii_alphabetic() {
        format!("metric name `{name}` starts with `{first}`: expected a letter")
    } else if let Some((position, found)) = name.chars().enumerate().find(|(_, c)| !is_valid(*c)) {
        format!(
            "metric name `{name}` has `{found}` at position {position}: expected letters, digits, `_`, `.`, `-` or `/`"
        )
    } else if name.len() > 255 {
        return Some(format!(
            "metric name has {} characters: expected at most 255",
            name.len()
        ));
    } else {
        return None;
    };
    Some(format!("{fault}; did you mean `{}`?", propose_name(name)))
}

/// Returns the message for an invalid prefix of metric names, with a valid proposal; `None` if it is valid or empty.
pub(crate) fn prefix_problem(prefix: &str) -> Option<String> {
    if prefix.is_empty() {
        return None;
    }
    let problem = name_problem(prefix)?.replacen("metric name", "prefix", 1);
    let (fault, _) = problem
        .split_once("; did you mean")
        .unwrap_or((&problem, ""));
    let close = propose_name(prefix);
    Some(format!("{fault}; did you mean `{close}_`?"))
}

fn is_valid(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/')
}

/// Returns a valid name that is close to an invalid one.
fn propose_name(name: &str) -> String {
    let valid: String = name
        .chars()
        .map(|c| if is_valid(c) { c } else { '_' })
        .collect();
    let valid = valid.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    match valid.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => valid.to_owned(),
        Some(_) => format!("metric_{valid}"),
        None => "metric".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_valid() {
        for name in ["a b", "1st", "_x_", "", "é", "order count!", "--", "größe"] {
            let proposal = propose_name(name);
            assert_eq!(name_problem(&proposal), None, "{name} -> {proposal}");
        }
        assert_eq!(
            name_problem("order count").unwrap(),
            "metric name `order count` has ` ` at position 5: expected letters, digits, `_`, `.`, `-` or `/`; did you mean `order_count`?"
        );
    }

    #[test]
    fn a_proposed_prefix_ends_like_one() {
        assert_eq!(prefix_problem(""), None);
        assert_eq!(prefix_problem("api_gateway_"), None);
        assert_eq!(
            prefix_problem("api gateway_").unwrap(),
            "prefix `api gateway_` has ` ` at position 3: expected letters, digits, `_`, `.`, `-` or `/`; did you mean `api_gateway_`?"
        );
        assert_eq!(
            prefix_problem("_x").unwrap(),
            "prefix `_x` starts with `_`: expected a letter; did you mean `x_`?"
        );
    }
}
