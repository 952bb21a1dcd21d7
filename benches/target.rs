//! Targets: what a figure has to reach, and whether it does.

/// The words of verdicts.
const REACHED: &str = ": reached";
const MISSED: &str = ": **missed**";

/// Tells whether a ratio reaches its target: at most so many times something else.
#[must_use]
pub fn times(ratio: f64, most: f64, of: &str) -> String {
    verdict(ratio, ratio <= most, &format!("≤ {most:.2} × {of}"))
}

/// Tells whether a ratio is below one: faster than something else.
#[must_use]
pub fn below(ratio: f64, of: &str) -> String {
    verdict(ratio, ratio < 1.0, &format!("< {of}"))
}

/// Tells whether a figure is at most as great as its target.
#[must_use]
pub fn at_most(figure: f64, most: f64, unit: &str) -> String {
    verdict(figure, figure <= most, &format!("≤ {most} {unit}"))
}

/// Tells whether a figure is at least as great as its target.
#[must_use]
pub fn at_least(figure: f64, least: f64, unit: &str) -> String {
    verdict(figure, figure >= least, &format!("≥ {least} {unit}"))
}

fn verdict(figure: f64, reached: bool, target: &str) -> String {
    match (figure.is_nan(), reached) {
        (true, _) => format!("{target}: not measured"),
        (_, true) => format!("{target}{REACHED}"),
        (_, false) => format!("{target}{MISSED} ({figure:.2})"),
    }
}

/// Tells which lines of tables miss their targets, by their first cells; one line of text.
#[must_use]
pub fn missed(tables: &str) -> String {
    let rows = tables.lines().filter(|line| line.starts_with('|'));
    let judged: Vec<&str> = rows
        .filter(|row| row.contains(MISSED) || row.contains(REACHED))
        .collect();
    let title = |row: &&str| {
        let cells = row.split('|').map(str::trim).skip(1).take(2);
        cells.collect::<Vec<_>>().join(", ")
    };
    let missed = judged.iter().filter(|row| row.contains(MISSED));
    let missed: Vec<String> = missed.map(title).collect();
    match (judged.len(), missed.len()) {
        (0, _) => String::new(),
        (all, 0) => format!("Targets: all of {all} rows reach theirs.\n"),
        (all, few) => format!(
            "Targets: {few} of {all} rows miss theirs: {}.\n",
            missed.join("; ")
        ),
    }
}
