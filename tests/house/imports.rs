//! The graph of imports of a crate: which file takes names from which, re-exports followed to the file that defines the name.
//!
//! Read from `use` declarations and from paths that begin with `crate` or `super`. A name that a file only hands on is none of
//! its imports, nor are calls of methods, and what a macro writes into other crates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::{files, production};

/// The names that each file takes from each other one, by paths relative to the crate.
pub(crate) type Arrows = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

type Module = Vec<String>;

/// One imported name: its path, and the name that it has here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Use {
    path: Vec<String>,
    alias: String,
    /// True if the name is handed on to others.
    is_public: bool,
}

/// A file of a crate.
struct Room {
    name: String,
    code: String,
    uses: Vec<Use>,
}

/// The files of a crate by their module.
pub(crate) struct Plan(BTreeMap<Module, Room>);

impl Plan {
    /// Reads a crate whose root file is `lib.rs` or `main.rs` in this folder.
    pub(crate) fn read(source: &Path) -> Self {
        let rooms = files(source).into_iter().filter_map(|path| {
            let name = path.strip_prefix(source).ok()?.to_str()?.to_owned();
            let code = without_comments(&production(&path));
            let uses = uses_of(&code);
            let is_test = name.split(['/', '.']).any(|part| part == "tests");
            (!is_test).then(|| (module_of(&name), Room { name, code, uses }))
        });
        Self(rooms.collect())
    }

    /// All imports.
    pub(crate) fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, room) in &self.0 {
            let inline = paths_of(&room.code).into_iter();
            let inline = inline.map(|path| Use {
                alias: path.last().cloned().unwrap_or_default(),
                is_public: false,
                path,
            });
            let body = without_uses(&room.code);
            let is_used = |one: &Use| !one.is_public || has_word(&body, &one.alias);
            let uses = room.uses.iter().filter(|one| is_used(one));
            for one in uses.cloned().chain(inline) {
                let Some(from) = self.resolve(module, &one.path, 0) else {
                    continue;
                };
                let Some(other) = self.0.get(&from).filter(|other| other.name != room.name) else {
                    continue;
                };
                let names = arrows.entry(room.name.clone()).or_default();
                names
                    .entry(other.name.clone())
                    .or_default()
                    .insert(one.alias);
            }
        }
        arrows
    }

    /// The module in which a path that stands in a module ends; `None` if it leaves the crate.
    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        if depth > 8 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (Module::new(), rest),
            "self" => (module.clone(), rest),
            "super" => (parent(module)?, rest),
            _ if self.0.contains_key(&child(module, first)) => (child(module, first), rest),
            _ => return None,
        };
        while let Some((next, after)) = rest.split_first() {
            let known = child(&at, next);
            if next == "super" {
                at = parent(&at)?;
            } else if self.0.contains_key(&known) {
                at = known;
            } else {
                return self.defines(&at, next, depth).or(Some(at));
            }
            rest = after;
        }
        Some(at)
    }

    /// The module that defines what a module calls by a name.
    fn defines(&self, module: &Module, name: &str, depth: usize) -> Option<Module> {
        let room = self.0.get(module)?;
        if has_definition(&room.code, name) {
            return Some(module.clone());
        }
        let named = room.uses.iter().find(|one| one.alias == name);
        if let Some(found) = named.and_then(|one| self.resolve(module, &one.path, depth + 1)) {
            return Some(found);
        }
        let globs = room.uses.iter().filter(|one| one.alias == "*");
        globs
            .filter_map(|one| self.resolve(module, &one.path, depth + 1))
            .filter(|other| other != module)
            .find_map(|other| self.defines(&other, name, depth + 1))
    }
}

/// The rooms that each room takes names from: a room is a folder or a file at the root. The root file belongs to none.
pub(crate) fn rooms(arrows: &Arrows) -> BTreeMap<String, BTreeSet<String>> {
    let room = |file: &str| match file.split_once('/') {
        Some((folder, _)) => folder.to_owned(),
        None => file.trim_end_matches(".rs").to_owned(),
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, others) in arrows {
        let from = room(from);
        for other in others.keys().map(|other| room(other)) {
            if other != from && from != "lib" && other != "lib" {
                found.entry(from.clone()).or_default().insert(other);
            }
        }
    }
    found
}

/// The groups of files that import each other in a loop, each sorted, the largest first.
pub(crate) fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reaches = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(file) = next.pop() {
            for other in arrows.get(&file).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<String, BTreeSet<String>> = arrows
        .keys()
        .map(|file| (file.clone(), reaches(file)))
        .collect();
    let mut found = BTreeSet::new();
    for (file, all) in reached.iter().filter(|(file, all)| all.contains(*file)) {
        let back = |other: &&String| reached.get(*other).is_some_and(|all| all.contains(file));
        found.insert(all.iter().filter(back).cloned().collect::<Vec<_>>());
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

fn parent(module: &Module) -> Option<Module> {
    let (_, parent) = module.split_last()?;
    Some(parent.to_vec())
}

fn child(module: &Module, name: &str) -> Module {
    let mut child = module.clone();
    child.push(name.to_owned());
    child
}

fn module_of(file: &str) -> Module {
    let parts = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    let mut module: Module = parts.collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

/// The code without comments; what looks like one in a string goes, too.
fn without_comments(code: &str) -> String {
    let lines = code.lines().map(|line| match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn has_definition(code: &str, name: &str) -> bool {
    const KEYWORDS: [&str; 9] = [
        "fn",
        "struct",
        "enum",
        "trait",
        "type",
        "const",
        "static",
        "macro_rules!",
        "mut",
    ];
    let mut words = code
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '!')))
        .filter(|word| !word.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        if KEYWORDS.contains(&word) && words.peek() == Some(&name) {
            return true;
        }
    }
    false
}

/// The `use` declarations of a file.
fn uses_of(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].trim_end_matches([' ', '\t']);
        let starts = before.is_empty() || before.ends_with(['\n', ';', '{', '}']);
        if !(starts || before.ends_with("pub") || before.ends_with(')')) {
            continue;
        }
        let tree = code[at + 4..].split(';').next().unwrap_or_default();
        let tree = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut taken = Vec::new();
        expand(&tree, &[], &mut taken);
        found.extend(taken.into_iter().map(|one| Use {
            is_public: !starts,
            ..one
        }));
    }
    found
}

/// Takes a tree of imports apart.
fn expand(tree: &str, before: &[String], found: &mut Vec<Use>) {
    let tree = tree.trim();
    if let Some((path, inner)) = tree.split_once('{') {
        let mut prefix = before.to_vec();
        prefix.extend(segments(path));
        let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
        for part in parts(inner) {
            expand(part, &prefix, found);
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut whole = before.to_vec();
    whole.extend(segments(path));
    if whole.last().is_some_and(|last| last == "self") && whole.len() > 1 {
        whole.pop();
    }
    let last = whole.last().cloned().unwrap_or_default();
    if last == "*" {
        whole.pop();
    }
    let alias = match alias {
        "" => last,
        alias => alias.trim().to_owned(),
    };
    if !whole.is_empty() {
        found.push(Use {
            path: whole,
            alias,
            is_public: false,
        });
    }
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    let parts = path
        .split("::")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(str::to_owned)
}

/// The parts between the commas that stand in no inner braces.
fn parts(list: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&list[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

/// The paths in the code that begin with `crate` or `super`.
fn paths_of(code: &str) -> Vec<Vec<String>> {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$');
    let body = without_uses(code);
    let words = body.split(|c| !is_path(c));
    let paths = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    paths.map(|path| segments(path).collect()).collect()
}

/// The code without its `use` declarations.
fn without_uses(code: &str) -> String {
    let mut body = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let (before, from) = rest.split_at(at);
        body.push_str(before);
        let starts = before.trim_end_matches(' ');
        let is_use = starts.ends_with(['\n', ')', ';', '{', '}'])
            || starts.ends_with("pub")
            || starts.is_empty();
        rest = match from.split_once(';').filter(|_| is_use) {
            Some((_, after)) => after,
            None => {
                body.push_str("use ");
                &from[4..]
            }
        };
    }
    body.push_str(rest);
    body
}

fn has_word(code: &str, name: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| word == name)
}

/// The root folder of each crate's sources.
pub(crate) fn sources() -> Vec<PathBuf> {
    let crates = crate::root().join("crates");
    let folders = fs::read_dir(crates).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = folders.map(|folder| folder.path().join("src")).collect();
    found.push(crate::root().join("benches/record"));
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<String> {
        let uses = uses_of(code).into_iter();
        let shown = uses.map(|one| format!("{} as {}", one.path.join("::"), one.alias));
        shown.collect()
    }

    #[test]
    fn a_tree_of_imports_is_taken_apart() {
        let code = "use crate::{\n    a::B,\n    c::{self, D as E},\n};\npub use super::x::*;\nlet reuse = 1;";
        let expected = [
            "crate::a::B as B",
            "crate::c as c",
            "crate::c::D as E",
            "super::x as *",
        ];
        assert_eq!(names(code), expected);
    }

    #[test]
    fn paths_in_the_code_are_imports_too() {
        let code = "use crate::a::B;\nlet x = crate::c::d(super::E::F);";
        assert_eq!(
            paths_of(code),
            [vec!["crate", "c", "d"], vec!["super", "E", "F"]]
        );
    }

    #[test]
    fn a_loop_is_a_circle() {
        let arrow = |from: &str, to: &str| {
            let names = BTreeSet::from(["X".to_owned()]);
            (from.to_owned(), BTreeMap::from([(to.to_owned(), names)]))
        };
        let arrows = Arrows::from([arrow("a", "b"), arrow("b", "c"), arrow("c", "b")]);
        assert_eq!(circles(&arrows), [["b", "c"]]);
    }
}
