//! The command line that makes a run again: whom it is about, and the parameters
//! as options.
//!
//! Knows the options' names; the command line's own definitions are tested
//! against it.

use super::options::{all, options};
use super::params::Params;
use super::trace::{Header, SubjectInfo};

/// `laserscope generate --item i101 --verify ..`, every parameter written out, so
/// that no configuration file changes it; what was asked of the model and the
/// catalog is not in a header and is added by who knows it.
pub fn command_line(header: &Header) -> String {
    line(Some(&header.subject), &all(&header.params))
}

/// The same for someone whose plain command line means `configured`: only what
/// differs is said. Without a subject, a place for one is.
pub fn short_command_line(
    subject: Option<&SubjectInfo>,
    params: &Params,
    configured: &Params,
) -> String {
    line(subject, &options(params, configured))
}

fn line(subject: Option<&SubjectInfo>, options: &[String]) -> String {
    let asked = subject.map_or("--item ID".to_string(), asked);
    format!("laserscope generate {asked} {}", options.join(" "))
}

/// Whom it is about, and by which framework if not by the default.
fn asked(subject: &SubjectInfo) -> String {
    let whom = match subject.kind.as_str() {
        "item" | "user" => format!("--{} {}", subject.kind, quoted(&subject.id)),
        _ => return format!("--prompt {}", quoted(&subject.title)),
    };
    match subject.framework.as_str() {
        "none" | "" | "kar" => whom,
        name => format!("{whom} --framework {}", quoted(name)),
    }
}

/// As a POSIX shell takes it for one word.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("i101"), "i101");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("what's new?"), r"'what'\''s new?'");
    }

    #[test]
    fn a_prompt_of_ones_own_has_no_framework() {
        let subject = SubjectInfo {
            kind: "prompt".into(),
            id: "own".into(),
            title: "what's new?".into(),
            group: None,
            framework: "own prompt".into(),
        };
        let plain = Params::default();
        assert_eq!(
            short_command_line(Some(&subject), &plain, &plain),
            r"laserscope generate --prompt 'what'\''s new?' --verify relaxed --k 2 --tau 0.1"
        );
    }

    #[test]
    fn every_parameter_is_written_out() {
        assert_eq!(
            all(&Params::default()).join(" "),
            "--verify relaxed --k 2 --tau 0.1 --budget auto --branch 12 --sources group,global,local \
             --drafter blend --repeat-penalty 1.1 --repeat-window 64 --max-tokens 256"
        );
    }
}
