//! Schedules of jobs: five fields, as in cron.

/// A field of a schedule, with its range and its words.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names that stand for numbers, from the least one on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        least: 0,
        most: 59,
        words: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        words: &[],
    },
    Field {
        name: "day of the month",
        least: 1,
        most: 31,
        words: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
    },
    // 0 and 7 are both Sunday.
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
    },
];

/// Returns the message for an invalid schedule; `None` if the schedule is valid.
pub(super) fn schedule_problem(schedule: &str) -> Option<String> {
    let given: Vec<&str> = schedule.split_whitespace().collect();
    if given.len() != FIELDS.len() {
        return Some(format!(
            "schedule `{schedule}` has {}: expected 5: minute, hour, day of the month, month, day of the week",
            count_fields(given.len())
        ));
    }
    given
        .iter()
        .zip(&FIELDS)
        .find_map(|(text, field)| field.find_problem(text))
}

fn count_fields(count: usize) -> String {
    match count {
        0 => "no fields".to_owned(),
        1 => "1 field".to_owned(),
        _ => format!("{count} fields"),
    }
}

/// An end of a range: `SUN` is 0 as the first day and 7 as the last.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

impl Field {
    fn find_problem(&self, text: &str) -> Option<String> {
        text.split(',').find_map(|item| self.check_item(item).err())
    }

    /// Checks an item of a field: `*`, `5`, `1-5`, `*/5` or `1-30/5`.
    fn check_item(&self, item: &str) -> Result<(), String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        if let Some(step) = step {
            self.check_step(range, step)?;
        }
        if range == "*" {
            return Ok(());
        }
        let Some((from, to)) = range.split_once('-') else {
            return self.parse_number(range, End::First).map(drop);
        };
        let (first, last) = (
            self.parse_number(from, End::First)?,
            self.parse_number(to, End::Last)?,
        );
        if first > last {
            let message = format!(
                "{} `{range}` runs backwards: write `{from}-{},{}-{to}`",
                self.name, self.most, self.least
            );
            return Err(message);
        }
        Ok(())
    }

    fn check_step(&self, range: &str, step: &str) -> Result<(), String> {
        if range != "*" && !range.contains('-') {
            return Err(format!(
                "{} `{range}/{step}` has a step without a range: write `{range}-{}/{step}` or `*/{step}`",
                self.name, self.most
            ));
        }
        match step.parse::<u32>() {
            Ok(number) if number > 0 && number <= self.most => Ok(()),
            _ => Err(format!(
                "{} has the step `{step}`: expected a number from 1 to {}",
                self.name, self.most
            )),
        }
    }

    fn parse_number(&self, text: &str, end: End) -> Result<u32, String> {
        let same = |word: &&str| word.eq_ignore_ascii_case(text);
        let word = match end {
            End::First => self.words.iter().position(same),
            End::Last => self.words.iter().rposition(same),
        };
        let number = match word {
            Some(position) => u32::try_from(position).ok().map(|at| at + self.least),
            None => text.parse().ok(),
        };
        number
            .filter(|number| (self.least..=self.most).contains(number))
            .ok_or_else(|| self.range_message(text))
    }

    fn range_message(&self, text: &str) -> String {
        let words = match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) if first != last => format!(", or {first} to {last}"),
            (Some(_), _) => ", or MON to SUN".to_owned(),
            _ => String::new(),
        };
        format!(
            "{} is `{text}`: expected {} to {}{words}",
            self.name, self.least, self.most
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_cron_are_known() {
        for schedule in [
            "*/5 * * * *",
            "0 0 1 1 0",
            "0,30 8-18 * * MON-FRI",
            "1-30/5 */2 1,15 jan-mar sun",
            "0 0 * * FRI-SUN",
            "  0   4 * * 7 ",
        ] {
            assert_eq!(schedule_problem(schedule), None, "{schedule}");
        }
    }

    #[test]
    fn a_problem_names_its_field_and_what_it_may_be() {
        for (schedule, message) in [
            (
                "* * * *",
                "schedule `* * * *` has 4 fields: expected 5: minute, hour, day of the month, month, day of the week",
            ),
            ("75 * * * *", "minute is `75`: expected 0 to 59"),
            ("* 24 * * *", "hour is `24`: expected 0 to 23"),
            ("* * 0 * *", "day of the month is `0`: expected 1 to 31"),
            (
                "* * * MAI *",
                "month is `MAI`: expected 1 to 12, or JAN to DEC",
            ),
            (
                "* * * * 8",
                "day of the week is `8`: expected 0 to 7, or MON to SUN",
            ),
            (
                "*/0 * * * *",
                "minute has the step `0`: expected a number from 1 to 59",
            ),
            (
                "5/10 * * * *",
                "minute `5/10` has a step without a range: write `5-59/10` or `*/10`",
            ),
            (
                "* 22-6 * * *",
                "hour `22-6` runs backwards: write `22-23,0-6`",
            ),
            ("1,,2 * * * *", "minute is ``: expected 0 to 59"),
        ] {
            assert_eq!(
                schedule_problem(schedule).as_deref(),
                Some(message),
                "{schedule}"
            );
        }
    }
}
