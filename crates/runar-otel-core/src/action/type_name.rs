//! Names of types as label values.

use std::{collections::BTreeSet, sync::Mutex};

use crate::threads::forked;

/// Shortens the name of a type, as `std::any::type_name` gives it: without paths, generics and references.
///
/// Tuples, slices and arrays keep their shape; a closure is called like the function that it is in.
pub(crate) fn short_name(full: &'static str) -> &'static str {
    let plain = without_prefixes(full);
    match plain.chars().next() {
        Some('(' | '[') => intern(compound(plain)),
        _ => of_path(plain),
    }
}

/// The name of a type that is no tuple, slice or array.
fn of_path(plain: &str) -> &str {
    if is_function(plain) {
        return "fn";
    }
    // A method of a trait: `<a::Type as b::Trait>::method`.
    let path = match plain.strip_prefix('<') {
        Some(inner) => inner.get(end_of(inner)..).unwrap_or_default(),
        None => plain,
    };
    let path = path.split(['<', '(', ' ', '+']).next().unwrap_or(path);
    let named =
        |segment: &&str| !segment.is_empty() && !segment.starts_with('{') && *segment != ">";
    path.rsplit("::").find(named).unwrap_or(plain)
}

/// The length of the part inside of the bracket that was just opened.
fn end_of(inner: &str) -> usize {
    let mut depth = 1_usize;
    for (at, letter) in inner.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' if inner.get(..at).is_some_and(|before| before.ends_with('-')) => {}
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    inner.len()
}

fn is_function(plain: &str) -> bool {
    let plain = plain.strip_prefix("unsafe ").unwrap_or(plain);
    plain.starts_with("fn(") || plain.starts_with("extern ")
}

/// Removes references, pointers, and the words before the name of a trait.
fn without_prefixes(mut name: &str) -> &str {
    const PREFIXES: [&str; 7] = ["&", "mut ", "*const ", "*mut ", "dyn ", "impl ", "'static "];
    loop {
        let rest = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
        let rest = rest.or_else(|| {
            let inner = name.strip_prefix("for<")?;
            inner.get(end_of(inner) + 1..).map(str::trim_start)
        });
        match rest {
            Some(rest) => name = rest,
            None => return name,
        }
    }
}

/// Shortens the names inside a tuple, slice or array.
fn compound(plain: &str) -> String {
    let (open, close) = if plain.starts_with('(') {
        ('(', ')')
    } else {
        ('[', ']')
    };
    let inner = plain.get(1..).unwrap_or_default();
    let inner = inner.get(..end_of(inner)).unwrap_or_default();
    let mut rest = inner;
    let mut parts = String::new();
    while !rest.is_empty() {
        let end = end_of_part(rest);
        let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        parts.push_str(&short(part.trim()));
        rest = after;
        if let Some(separator) = rest.chars().next() {
            rest = rest.get(1..).unwrap_or_default().trim_start();
            // `(A,)` is a tuple of one.
            parts.push(separator);
            if !rest.is_empty() {
                parts.push(' ');
            }
        }
    }
    format!("{open}{parts}{close}")
}

fn short(part: &str) -> String {
    let plain = without_prefixes(part);
    match plain.chars().next() {
        Some('(' | '[') => compound(plain),
        _ => of_path(plain).to_owned(),
    }
}

/// The length of the first part of a list.
fn end_of_part(list: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in list.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' if list.get(..at).is_some_and(|before| before.ends_with('-')) => {}
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => return at,
            _ => {}
        }
    }
    list.len()
}

/// Keeps a name for the life of the process: there are as many as types.
fn intern(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let Some(mut names) = forked::lock(&NAMES) else {
        return name.leak();
    };
    match names.get(name.as_str()) {
        Some(known) => known,
        None => {
            let name: &'static str = name.leak();
            names.insert(name);
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{any::type_name, fmt::Display, marker::PhantomData};

    use super::*;

    struct Store<T>(PhantomData<T>);

    fn name<T: ?Sized>() -> &'static str {
        short_name(type_name::<T>())
    }

    fn name_of<T>(_: &T) -> &'static str {
        name::<T>()
    }

    #[test]
    fn types_are_called_without_paths_and_generics() {
        assert_eq!(name::<Store<Vec<u8>>>(), "Store");
        assert_eq!(name::<&mut Store<u8>>(), "Store");
        assert_eq!(name::<&&'static str>(), "str");
        assert_eq!(name::<*const Store<u8>>(), "Store");
        assert_eq!(name::<Box<dyn Display + Send>>(), "Box");
        assert_eq!(name::<u8>(), "u8");
        assert_eq!(short_name("my_crate"), "my_crate");
    }

    #[test]
    fn traits_are_called_by_their_names() {
        assert_eq!(name::<dyn Display + Send>(), "Display");
        assert_eq!(name::<dyn for<'a> Fn(&'a Store<u8>) -> Vec<u8>>(), "Fn");
        assert_eq!(name::<dyn Iterator<Item = Store<u8>>>(), "Iterator");
    }

    #[test]
    fn compounds_keep_their_shape() {
        assert_eq!(name::<()>(), "()");
        assert_eq!(name::<(Store<u8>,)>(), "(Store,)");
        assert_eq!(name::<(Store<(u8, u16)>, &str)>(), "(Store, str)");
        assert_eq!(name::<[Store<u8>]>(), "[Store]");
        assert_eq!(name::<&[(Store<u8>, u8); 3]>(), "[(Store, u8); 3]");
        assert_eq!(name::<fn(u8) -> Store<u8>>(), "fn");
        assert_eq!(name::<unsafe extern "C" fn(u8)>(), "fn");
    }

    trait Runs {
        fn name_inside() -> &'static str;
    }

    impl Runs for Store<u8> {
        fn name_inside() -> &'static str {
            name_of(&|| ())
        }
    }

    #[test]
    fn closures_are_called_like_their_functions() {
        struct Local;
        let closure = || ();
        assert_eq!(
            name_of(&closure),
            "closures_are_called_like_their_functions"
        );
        assert_eq!(name::<Local>(), "Local");
        assert_eq!(Store::<u8>::name_inside(), "name_inside");
        let nested = || name_of(&|| ());
        assert_eq!(nested(), "closures_are_called_like_their_functions");
    }
}
