//! The command line that repeats a run: its subject, its starting point, every
//! parameter, and the options that chose catalog, pools, model and device.
//!
//! Knows the options' names; the command line's own definitions are tested
//! against it.

use super::cost::{CostProfile, inline};
use super::options::{all, options};
use super::parameters::setup;
use super::params::Params;
use super::subject::KindName;
use super::trace::{Header, LogEntry, SubjectInfo};

/// The options of a session, as opposed to those of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    pub(crate) words: Vec<String>,
    /// A framework loaded from a file: its name and the file.
    pub(crate) framework_file: Option<(String, String)>,
}

impl Setup {
    /// Whether an option was given.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.words.iter().any(|word| word == option)
    }

    /// The options for a run of a framework.
    pub(crate) fn words_for(&self, framework: &str) -> Vec<String> {
        let mut words = self.words.clone();
        if let Some((name, file)) = &self.framework_file
            && name == framework
        {
            words.extend(["--framework".to_string(), file.clone()]);
        }
        words
    }
}

/// Where a recorded run can be found, for a line that names it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// The run's own trace.
    pub own: Option<&'a str>,
    /// The trace of the run it branched from.
    pub parent: Option<&'a str>,
}

/// Options of drafting that `laserscope score` takes, too.
const OF_SCORE: [&str; 6] = [
    "--drafter",
    "--budget",
    "--branch",
    "--suffix",
    "--sources",
    "--source-weights",
];

/// A command line being built.
#[derive(Clone, Copy, Debug)]
pub struct CommandLine<'a> {
    /// `None`: a placeholder is written.
    pub subject: Option<&'a SubjectInfo>,
    /// A custom prompt in full.
    pub asked: Option<&'a str>,
    /// What the command line has to lead to.
    pub params: &'a Params,
    /// The parameters without options; `None`: unknown, so every parameter is written.
    pub configured: Option<&'a Params>,
    /// Options that chose catalog, pools and model.
    pub setup: &'a [String],
    /// The run's profile, if it differs from that of the setup.
    pub cost: Option<&'a CostProfile>,
    /// The run's header, once it has begun.
    pub header: Option<&'a Header>,
    /// Files that it reads and writes.
    pub files: Files<'a>,
}

impl<'a> CommandLine<'a> {
    /// Of a recorded run. `here`: this machine's default profile.
    pub fn of_run(header: &'a Header, here: Option<&CostProfile>) -> Self {
        let is_auto = header.params.budget.is_auto();
        let is_own = here == Some(&header.cost) || header.cost.is_empty();
        CommandLine {
            subject: Some(&header.subject),
            asked: header.asked.as_deref(),
            params: &header.params,
            configured: None,
            setup: &header.setup,
            cost: (is_auto && !is_own).then_some(&header.cost),
            header: Some(header),
            files: Files::default(),
        }
    }

    /// The line, followed by comments on what no option can express.
    pub fn text(&self) -> String {
        if let Some(log) = self.header.and_then(|header| header.log.as_ref()) {
            return self.opening(log);
        }
        let mut words = vec!["laserscope".to_string(), "generate".to_string()];
        let mut comments = Vec::new();
        words.extend(self.whom(&mut comments));
        words.extend(match self.configured {
            Some(configured) => options(self.params, configured),
            None => all(self.params),
        });
        words.extend(self.where_from(&mut comments));
        if let Some(header) = self.header {
            comments.extend(header.by_hand.iter().cloned());
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let comments = comments.into_iter().map(|c| format!("\n# {c}"));
        words.join(" ") + &comments.collect::<String>()
    }

    /// The line that opens a log's entry again.
    fn opening(&self, log: &LogEntry) -> String {
        let mut words = vec!["laserscope".to_string(), "score".into(), log.log.clone()];
        words.extend(["--open".into(), log.id.clone()]);
        words.extend(["--trace".into(), "FILE".into()]);
        let drafting = all(self.params);
        let is_scored = |word: &&[String]| OF_SCORE.contains(&word[0].as_str());
        words.extend(drafting.chunks(2).filter(is_scored).flatten().cloned());
        if log.judge.is_some() {
            words.push("--judge".into());
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let comment = "# what else chose the log's answers and pools was not recorded";
        format!("{}\n{comment}", words.join(" "))
    }

    /// The subject, or the recording to continue from.
    fn whom(&self, comments: &mut Vec<String>) -> Vec<String> {
        if let Some(branch) = self.header.and_then(|h| h.branch.as_ref()) {
            return self.branch_of(branch, comments);
        }
        let Some(subject) = self.subject else {
            return vec!["--item".into(), "ID".into()];
        };
        let kind = &subject.kind;
        if !matches!(kind, KindName::Item | KindName::User) {
            return self.prompt(comments);
        }
        let whom = vec![format!("--{kind}"), subject.id.clone()];
        let is_named = self.setup.iter().any(|word| word == "--framework");
        let framework = subject.framework.known();
        let framework = framework.filter(|name| !name.is_empty() && !is_named);
        let framework = framework.map(|name| ["--framework".to_string(), name.to_string()]);
        whom.into_iter()
            .chain(framework.into_iter().flatten())
            .collect()
    }

    fn prompt(&self, comments: &mut Vec<String>) -> Vec<String> {
        if let Some(text) = self.asked {
            return vec!["--prompt".into(), text.to_string()];
        }
        match self.files.own {
            Some(file) => vec!["--from".into(), file.to_string()],
            None => {
                comments.push("the prompt was not recorded: save the run and use --from".into());
                vec!["--from".into(), "TRACE".into()]
            }
        }
    }

    fn branch_of(&self, branch: &super::branch::Branch, comments: &mut Vec<String>) -> Vec<String> {
        let file = self.files.parent.unwrap_or_else(|| {
            comments.push("TRACE stands for the run it branched from, which was not saved".into());
            "TRACE"
        });
        let within = match branch.of.within {
            0 => String::new(),
            n => format!("+{n}"),
        };
        let place = format!("{file}:{}{within}", branch.of.step + 1);
        let forced = branch
            .forced
            .map(|id| ["--force-token".into(), id.to_string()]);
        let words = ["--branch-of".to_string(), place];
        words
            .into_iter()
            .chain(forced.into_iter().flatten())
            .collect()
    }

    /// Setup, cost and calibration.
    fn where_from(&self, comments: &mut Vec<String>) -> Vec<String> {
        let mut words = self.setup.to_vec();
        if let Some(cost) = self.cost {
            without(&mut words, "--cost");
            words.extend(["--cost".to_string(), inline(cost)]);
        }
        let branches = self.header.is_some_and(|h| h.branch.is_some());
        let start = self.header.and_then(|h| h.calibration.as_ref());
        // A branch starts with its step's calibration, whatever the options.
        let taught = start.filter(|start| !start.is_shipped() && !branches);
        let Some(start) = taught else {
            return words;
        };
        if words.iter().any(|word| word == "--calibration") {
            return words;
        }
        if self.files.own.is_none() {
            comments.push(format!(
                "TRACE stands for this run, which was not saved: its calibration started from {}",
                start.describe()
            ));
        }
        let file = self.files.own.unwrap_or("TRACE").to_string();
        words.extend(["--calibration".to_string(), file]);
        words
    }
}

/// The options of a setup without those that name files, for pages that others read;
/// and how many were left out.
pub(crate) fn without_paths(words: &[String]) -> (Vec<String>, usize) {
    let mut words = words.to_vec();
    let n_before = words.len();
    for parameter in setup::ALL.iter().filter(|parameter| parameter.is_path) {
        let option = format!("--{}", parameter.name);
        while words.contains(&option) {
            without(&mut words, &option);
        }
    }
    let is_path = |word: &String| word.starts_with('/') || word.contains(":\\");
    if let Some(at) = words.iter().position(|word| word == "--model")
        && words.get(at + 1).is_some_and(is_path)
    {
        without(&mut words, "--model");
    }
    let n_left_out = (n_before - words.len()) / 2;
    (words, n_left_out)
}

/// Removes an option and its value.
fn without(words: &mut Vec<String>, option: &str) {
    if let Some(at) = words.iter().position(|word| word == option) {
        words.drain(at..words.len().min(at + 2));
    }
}

/// Quoted for a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::super::branch::{Branch, BranchOf};
    use super::super::learned::CalibrationStart;
    use super::super::params::Budget;
    use super::super::test_support;
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("i101"), "i101");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("what's new?"), r"'what'\''s new?'");
    }

    const PARAMS: &str = "--verify relaxed --k 2 --tau 0.1 --budget auto --branch 12 --suffix 16 \
                          --sources group,global,local --source-weights \
                          group=1,global=1,local=1 --drafter blend --repeat-penalty 1.1 \
                          --repeat-window 64 --temperature 0 --max-tokens 256";

    fn line(header: &Header) -> String {
        CommandLine::of_run(header, Some(&CostProfile::default())).text()
    }

    #[test]
    fn a_run_is_said_in_full() {
        let mut header = test_support::header(Params::default());
        header.setup = ["--catalog", "/my data", "--threads", "2"]
            .map(String::from)
            .to_vec();
        assert_eq!(
            line(&header),
            format!(
                "laserscope generate --item i --framework kar {PARAMS} --catalog '/my data' \
                 --threads 2"
            )
        );
        header.by_hand = vec!["pools edited by hand: 1 documents added, 0 taken out".into()];
        assert!(
            line(&header).ends_with("\n# pools edited by hand: 1 documents added, 0 taken out")
        );
    }

    #[test]
    fn a_custom_prompt_is_not_cut() {
        let mut header = test_support::header(Params::default());
        let long = "what's new? ".repeat(20);
        header.subject.kind = "prompt".into();
        header.subject.title = "what's new? what's…".into();
        header.asked = Some(long.clone());
        let said = line(&header);
        assert!(said.contains(&quoted(&long)), "{said}");
        assert!(!said.contains("--framework"), "{said}");
        header.asked = None;
        assert!(line(&header).contains("--from TRACE"));
    }

    #[test]
    fn another_profile_is_said_where_the_budget_goes_by_it() {
        let mut header = test_support::header(Params::default());
        header.cost = CostProfile::by_rows([(1, 3.5), (8, 7.25)]);
        header.setup = vec!["--cost".into(), "old.json".into()];
        assert!(line(&header).ends_with(" --cost 1:3.5,8:7.25"));
        let own = header.cost.clone();
        let said = CommandLine::of_run(&header, Some(&own)).text();
        assert!(said.ends_with(" --cost old.json"), "{said}");
        header.setup.clear();
        header.params.budget = Budget::Rows(8);
        assert!(!line(&header).contains("--cost"));
    }

    #[test]
    fn a_branch_and_a_taught_calibration_name_their_traces() {
        let mut header = test_support::header(Params::default());
        let mut start = CalibrationStart::shipped(2);
        start.learn(&Params::default(), &[(1, 0.5, 31.0)]);
        start.from = Some("earlier runs".into());
        header.calibration = Some(start);
        let unsaved = line(&header);
        assert!(
            unsaved.contains("--calibration TRACE\n# TRACE"),
            "{unsaved}"
        );
        let files = Files {
            own: Some("r.jsonl"),
            parent: Some("p.jsonl"),
        };
        let saved = |header: &Header| {
            CommandLine {
                files,
                ..CommandLine::of_run(header, None)
            }
            .text()
        };
        assert!(saved(&header).ends_with("--calibration r.jsonl"));
        header.branch = Some(Branch {
            prefix: vec![4, 5],
            forced: Some(9),
            of: BranchOf { step: 2, within: 1 },
            backoff: None,
        });
        let said = saved(&header);
        assert!(
            said.contains("--branch-of p.jsonl:3+1 --force-token 9"),
            "{said}"
        );
        assert!(!said.contains("--calibration"), "{said}");
    }

    #[test]
    fn pages_for_others_name_no_paths() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let setup = words("--catalog /a --knowledge /b --knowledge /c --threads 2 --model /m.gguf");
        assert_eq!(without_paths(&setup), (words("--threads 2"), 4));
        let named = words("--model smollm2-135m --context 512");
        assert_eq!(without_paths(&named), (named.clone(), 0));
    }
}
