//! What decides a run, held against another header: whatever differs can make other
//! trees, verdicts or tokens.

use super::learned::CalibrationStart;
use super::params::{AcceptanceRule, Params, Source, Sources};
use super::trace::Header;

/// What a difference can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What is asked, and of whom.
    Prompt,
    Model,
    /// Bits of the forward pass.
    Arithmetic,
    /// The distributions that tokens are compared with.
    Distribution,
    /// What is taken of the drafts.
    Rule,
    /// What is drafted.
    Drafts,
    /// Where the text must end.
    Length,
    Program,
}

/// Something that two runs do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderDifference {
    pub(crate) part: Part,
    /// Its name on the screens.
    pub what: String,
    pub(crate) then: String,
    pub(crate) now: String,
}

/// What a header of an earlier format does not say.
const NOT_RECORDED: &str = "not recorded";

/// Everything that decides a run and is not the same in both headers. Threads, times
/// and where files lie decide nothing.
pub(crate) fn differences(then: &Header, now: &Header) -> Vec<HeaderDifference> {
    differences_under(then, &then.params, now, &now.params)
}

/// The same with other parameters in force than the headers': those of a step.
pub(crate) fn differences_under(
    then: &Header,
    params_then: &Params,
    now: &Header,
    params_now: &Params,
) -> Vec<HeaderDifference> {
    let pairs = decisive(then, params_then)
        .into_iter()
        .zip(decisive(now, params_now));
    let differing = pairs.filter(|(then, now)| then.2 != now.2);
    differing
        .map(|((part, what, then), (_, _, now))| HeaderDifference {
            part,
            what: what.to_string(),
            then,
            now,
        })
        .collect()
}

type Decisive = (Part, &'static str, String);

/// The parameters by name, those that are not set included.
fn parameters(p: &Params) -> [Decisive; 11] {
    [
        (Part::Rule, "rule", exact(&p.verify)),
        (Part::Drafts, "budget", p.budget.describe()),
        (Part::Drafts, "branch", p.branch.to_string()),
        (Part::Drafts, "suffix length", p.max_suffix.to_string()),
        (Part::Drafts, "sources", switched_on(&p.sources)),
        (Part::Drafts, "source weights", text_of(&p.source_weights)),
        (Part::Drafts, "drafter", p.drafter.name().to_string()),
        (
            Part::Distribution,
            "repetition penalty",
            p.repeat_penalty.to_string(),
        ),
        (
            Part::Distribution,
            "repetition window",
            p.repeat_window.to_string(),
        ),
        (
            Part::Distribution,
            "sampling",
            p.sampling.as_ref().map_or("none".into(), text_of),
        ),
        (Part::Length, "most tokens", p.max_tokens.to_string()),
    ]
}

/// As a title bar has it, but with all digits: what differs is to be seen.
fn exact(rule: &AcceptanceRule) -> String {
    match rule {
        AcceptanceRule::Relaxed { k, tau } => format!("relaxed k={k} tau={tau}"),
        AcceptanceRule::Ratio { k, r } => format!("ratio k={k} r={r}"),
        AcceptanceRule::Typical { eps, delta } => format!("typical eps={eps} delta={delta}"),
        AcceptanceRule::Autoregressive | AcceptanceRule::Strict => rule.name().to_string(),
    }
}

/// As the command line spells it.
fn switched_on(sources: &Sources) -> String {
    let on = Source::ALL.iter().filter(|s| sources.has(**s));
    let names: Vec<&str> = on.map(|s| s.name()).collect();
    match names.is_empty() {
        true => "none".into(),
        false => names.join(","),
    }
}

fn decisive(header: &Header, params: &Params) -> Vec<Decisive> {
    let mut all = model(header).to_vec();
    all.extend(arithmetic(header));
    all.extend(prompt(header));
    all.extend(parameters(params));
    all.extend(pools_and_costs(header));
    all
}

fn model(header: &Header) -> [Decisive; 2] {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let sha = recorded(header.model.sha256.as_deref().map(short));
    let model = format!("{} ({sha})", header.model.name);
    let tokenizer = short(&header.model.tokenizer_hash);
    [
        (Part::Model, "model", model),
        (Part::Model, "tokenizer", tokenizer),
    ]
}

fn arithmetic(header: &Header) -> [Decisive; 5] {
    let of = |value: fn(&super::trace::Arithmetic) -> String| {
        recorded(header.arithmetic.as_ref().map(value))
    };
    [
        ("arithmetic revision", of(|a| a.revision.to_string())),
        ("instructions", of(|a| a.instructions.clone())),
        ("KV type", of(|a| a.kv.clone())),
        ("quantization at load", of(|a| a.quantize.clone())),
        ("device", device_kind(&header.device)),
    ]
    .map(|(what, value)| (Part::Arithmetic, what, value))
}

/// What the run was asked, and how long it may become.
fn prompt(header: &Header) -> [Decisive; 3] {
    let n_tokens = format!("{} tokens", header.prompt_ids.len());
    let group = header.subject.group.clone().unwrap_or("none".into());
    [
        (Part::Length, "context", header.model.context.to_string()),
        (Part::Prompt, "prompt", n_tokens),
        (Part::Drafts, "group", group),
    ]
}

fn pools_and_costs(header: &Header) -> [Decisive; 5] {
    [
        (Part::Drafts, "cost profile", text_of(&header.cost.points)),
        (
            Part::Drafts,
            "calibration",
            recorded(header.calibration.as_ref().map(numbers)),
        ),
        (Part::Drafts, "pools", recorded(header.pools_hash.clone())),
        (
            Part::Drafts,
            "own documents",
            recorded(header.own_documents.map(|o| o.name().to_string())),
        ),
        (Part::Program, "program", header.program.clone()),
    ]
}

/// The numbers alone: what taught them decides nothing.
fn numbers(start: &CalibrationStart) -> String {
    match start.is_shipped() {
        true => format!("shipped, revision {}", start.shipped),
        false => text_of(&(start.shipped, &start.states)),
    }
}

fn recorded(value: Option<String>) -> String {
    value.unwrap_or_else(|| NOT_RECORDED.to_string())
}

/// `cpu` of `cpu (AVX2, 2 threads)`: instructions are compared apart, threads change
/// nothing.
fn device_kind(label: &str) -> String {
    label.split(" (").next().unwrap_or(label).to_string()
}

/// Long values are told by their beginning.
fn text_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl HeaderDifference {
    /// `pools: 1f3a.. then, 77b0.. now`.
    pub(crate) fn describe(&self) -> String {
        let (then, now) = (shortened(&self.then, 57), shortened(&self.now, 57));
        match then == now {
            true => format!("{}: another one now", self.what),
            false => format!("{}: {then} then, {now} now", self.what),
        }
    }

    /// `budget 16 | 64`, the two runs side by side; what has no short value is only
    /// named.
    pub fn side_by_side(&self) -> String {
        let is_short = |text: &str| text.chars().count() <= LONGEST_VALUE;
        let is_told = is_short(&self.then) && is_short(&self.now);
        match (is_told, self.what.as_str()) {
            (_, "pools") => format!(
                "pools {} | {}",
                shortened(&self.then, 6),
                shortened(&self.now, 6)
            ),
            (true, what) => format!("{what} {} | {}", self.then, self.now),
            (false, what) => what.to_string(),
        }
    }
}

/// Longest value that is told beside another one, in characters.
const LONGEST_VALUE: usize = 30;

fn shortened(text: &str, n: usize) -> String {
    match text.chars().count() > n + 3 {
        true => text.chars().take(n).collect::<String>() + "..",
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::{Budget, Params};
    use super::super::test_support;
    use super::super::trace::Arithmetic;
    use super::*;

    #[test]
    fn what_decides_a_run_is_named_and_nothing_else() {
        let then = test_support::header(Params::default());
        let mut now = then.clone();
        now.threads = 7;
        now.device = "cpu (AVX2, 7 threads)".into();
        now.prompt_ms = 12.0;
        now.setup = vec!["--catalog".into(), "/elsewhere".into()];
        assert_eq!(differences(&then, &now), []);
        now.params.budget = Budget::Rows(8);
        now.pools_hash = Some("77b0".into());
        now.arithmetic = Some(Arithmetic {
            revision: 2,
            instructions: "AVX2".into(),
            kv: "f32".into(),
            quantize: "none".into(),
        });
        let found = differences(&then, &now);
        let what: Vec<&str> = found.iter().map(|d| d.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "arithmetic revision",
                "instructions",
                "KV type",
                "quantization at load",
                "budget",
                "pools"
            ]
        );
        assert_eq!(found[5].describe(), "pools: not recorded then, 77b0 now");
        assert_eq!(found[4].describe(), "budget: auto≤64 then, 8 now");
    }
}
