//! Lists of percent-encoded pairs: `key=value,key2=value2`.

use percent_encoding::percent_decode_str;

/// Splits the list; each entry is a decoded pair, or as an error the entry that is no pair.
///
/// Empty entries (a trailing comma) are skipped.
pub(crate) fn split(text: &str) -> impl Iterator<Item = Result<(String, String), &str>> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| pair(entry).ok_or(entry))
}

fn pair(entry: &str) -> Option<(String, String)> {
    let (key, value) = entry.split_once('=')?;
    let key = decoded(key.trim())?;
    let value = decoded(value.trim())?;
    (!key.is_empty()).then_some((key, value))
}

fn decoded(text: &str) -> Option<String> {
    if !text.split('%').skip(1).all(starts_with_two_digits) {
        return None;
    }
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

fn starts_with_two_digits(text: &str) -> bool {
    let mut digits = text.bytes().map(|byte| byte.is_ascii_hexdigit());
    digits.next() == Some(true) && digits.next() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_decoded() {
        let pairs: Vec<_> = split(" a = 1%2C2 ,b%3D=x=y,,").collect();
        assert_eq!(
            pairs,
            [
                Ok(("a".to_owned(), "1,2".to_owned())),
                Ok(("b=".to_owned(), "x=y".to_owned())),
            ]
        );
    }

    #[test]
    fn a_bad_pair_is_handed_back() {
        for entry in ["novalue", "=v", "a=%zz", "a=%4", "a=%FF"] {
            let pairs: Vec<_> = split(entry).collect();
            assert_eq!(pairs, [Err(entry)]);
        }
    }
}
