//! The format of a knowledge file, recognized by its beginning.

use color_eyre::eyre::{Report, eyre};
use serde_json::Value;

use super::elements::{is_list_of_entries, is_map};
use super::lenient_json::value_len;

/// The forms that knowledge documents come in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "lowercase", parse_err_ty = Report, parse_err_fn = unknown)]
pub enum Format {
    /// One object per line, `{"id": .., "text": ..}`.
    Jsonl,
    /// JSON over any number of lines: answers by id, a list, or objects.
    Klg,
    /// `id TAB text`, or one object per line.
    Once,
    /// One JSON string per line that contains JSON.
    Laser,
}

impl Format {
    /// In the order of the help.
    pub const ALL: [Format; 4] = [Format::Jsonl, Format::Klg, Format::Once, Format::Laser];

    /// Whether each line is independent.
    pub(super) fn is_by_line(self) -> bool {
        self != Format::Klg
    }

    /// The format of a file that begins like this.
    pub fn of(text: &str) -> Option<Format> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.next()?;
        let is_whole = value_len(line) == Some(line.len());
        let next = lines.next();
        match line.chars().next()? {
            '"' => Some(Format::Laser),
            '[' if is_list_of_entries(line) || !is_whole => Some(Format::Klg),
            '[' => Some(Format::Jsonl),
            '{' => {
                let next_alike = next.is_some_and(|next| next.starts_with('{'));
                let is_line = match is_whole {
                    true => next_alike || !is_map(line),
                    // Damaged, if the following lines are objects, too.
                    false => next_alike && line.ends_with('}'),
                };
                Some(match is_line {
                    false => Format::Klg,
                    true if has_text(line) => Format::Jsonl,
                    true => Format::Once,
                })
            }
            _ => {
                let has_id = line.split_once('\t').is_some_and(|(id, _)| !id.is_empty());
                has_id.then_some(Format::Once)
            }
        }
    }
}

fn has_text(line: &str) -> bool {
    let parsed: Result<Value, _> = serde_json::from_str(line);
    parsed.is_ok_and(|value| value.get("text").is_some())
}

fn unknown(text: &str) -> Report {
    eyre!("unknown format `{text}`: use auto, jsonl, klg, once or laser")
}
