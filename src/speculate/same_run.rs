//! Compares everything in two headers that determines a run: any difference can change
//! trees, verdicts or tokens.

use super::explain::NOT_RECORDED;
use super::learned::CalibrationStart;
use super::parameters::{self, Parameter, ParameterPlace, Value};
use super::params::Params;
use super::trace::Header;

pub(crate) use super::parameters::AffectedPart;

/// A difference between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderDifference {
    pub(crate) part: AffectedPart,
    /// Its name on the screens.
    pub what: String,
    pub(crate) then: String,
    pub(crate) now: String,
}

/// Every difference of two headers that affects a run. Threads, times and file
/// locations do not.
pub(crate) fn differences(then: &Header, now: &Header) -> Vec<HeaderDifference> {
    differences_under(then, &then.params, now, &now.params)
}

/// The same with a step's parameters instead of the headers'.
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

type Decisive = (AffectedPart, &'static str, String);

/// The parameters by name, those that are not set included. What goes under one name
/// differs as a whole.
fn parameters(params: &Params) -> Vec<Decisive> {
    let all = parameters::ALL.into_iter();
    let mut named: Vec<Decisive> = Vec::new();
    for parameter in all.filter(|p| !p.difference.is_empty()) {
        if named
            .iter()
            .all(|(_, name, _)| *name != parameter.difference)
        {
            let value = recorded_value(parameter, params);
            named.push((parameter.part, parameter.difference, value));
        }
    }
    named
}

/// A rule with all digits of its numbers: what differs is to be seen.
fn recorded_value(parameter: &Parameter, params: &Params) -> String {
    match (parameter.place, parameter.get(params)) {
        (ParameterPlace::Rule, _) => params.verify.describe_exactly(),
        (ParameterPlace::Temperature, _) => params.sampling.as_ref().map_or("none".into(), text_of),
        (_, Some(Value::Budget(budget))) => budget.describe(),
        (_, Some(Value::Weights(weights))) => text_of(&weights),
        (_, value) => value.map_or_else(String::new, |value| value.to_string()),
    }
}

fn decisive(header: &Header, params: &Params) -> Vec<Decisive> {
    let mut all = model(header).to_vec();
    all.extend(arithmetic(header));
    all.extend(prompt(header));
    all.extend(parameters(params).into_iter().map(|(part, what, value)| {
        // A log does not say under which its answers were generated.
        let is_unknown = header.log.is_some() && part == AffectedPart::Distribution;
        let value = if is_unknown { recorded(None) } else { value };
        (part, what, value)
    }));
    all.extend(pools_and_costs(header));
    all
}

fn model(header: &Header) -> [Decisive; 2] {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let sha = recorded(header.model.sha256.as_deref().map(short));
    let model = format!("{} ({sha})", header.model.name);
    let tokenizer = short(&header.model.tokenizer_hash);
    [
        (AffectedPart::Model, "model", model),
        (AffectedPart::Model, "tokenizer", tokenizer),
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
        (
            "device",
            recorded(header.device.as_deref().map(device_kind)),
        ),
    ]
    .map(|(what, value)| (AffectedPart::Arithmetic, what, value))
}

/// The prompt, and the limit of its length.
fn prompt(header: &Header) -> [Decisive; 3] {
    let n_tokens = format!("{} tokens", header.prompt_ids.len());
    let group = header.subject.group.clone().unwrap_or("none".into());
    [
        (
            AffectedPart::Length,
            "context",
            recorded(header.model.context.map(|n| n.to_string())),
        ),
        (AffectedPart::Prompt, "prompt", n_tokens),
        (AffectedPart::Drafts, "group", group),
    ]
}

fn pools_and_costs(header: &Header) -> [Decisive; 6] {
    [
        (
            AffectedPart::Drafts,
            "cost profile",
            text_of(&header.cost.points),
        ),
        (AffectedPart::Drafts, "rows", header.rows.name().to_string()),
        (
            AffectedPart::Drafts,
            "calibration",
            recorded(header.calibration.as_ref().map(numbers)),
        ),
        (
            AffectedPart::Drafts,
            "pools",
            recorded(header.pools_hash.clone()),
        ),
        (
            AffectedPart::Drafts,
            "own documents",
            recorded(header.own_documents.map(|o| o.name().to_string())),
        ),
        (AffectedPart::Program, "program", header.program.clone()),
    ]
}

/// The weights only: their origin has no effect.
fn numbers(start: &CalibrationStart) -> String {
    match start.is_shipped() {
        true => format!("shipped, revision {}", start.shipped),
        false => text_of(&(start.shipped, &start.states)),
    }
}

fn recorded(value: Option<String>) -> String {
    value.unwrap_or_else(|| NOT_RECORDED.to_string())
}

/// `cpu` of `cpu (AVX2, 2 threads)`: instructions are compared separately, threads have
/// no effect.
fn device_kind(label: &str) -> String {
    label.split(" (").next().unwrap_or(label).to_string()
}

/// Long values are shortened for display.
fn text_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl HeaderDifference {
    /// `pools: was 1f3a.., now 77b0..`.
    pub(crate) fn describe(&self) -> String {
        let (then, now) = (shortened(&self.then, 57), shortened(&self.now, 57));
        match then == now {
            true => format!("{}: changed", self.what),
            false => format!("{}: was {then}, now {now}", self.what),
        }
    }

    /// `budget 16 | 64`, the two runs side by side; long values are omitted.
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

/// Longest value shown side by side, in characters.
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
        now.threads = Some(7);
        now.device = Some("cpu (AVX2, 7 threads)".into());
        now.prompt_ms = Some(12.0);
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
        assert_eq!(found[5].describe(), "pools: was not recorded, now 77b0");
        assert_eq!(found[4].describe(), "budget: was auto≤64, now 8");
    }
}
