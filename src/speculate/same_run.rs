//! What decides a run, held against another header: whatever differs can make other
//! trees, verdicts or tokens.

use super::trace::Header;

/// Something that two runs do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderDifference {
    pub what: String,
    pub then: String,
    pub now: String,
}

/// What a header of an earlier format does not say.
const NOT_RECORDED: &str = "not recorded";

/// Everything that decides a run and is not the same in both headers. Threads, times
/// and where files lie decide nothing.
pub fn differences(then: &Header, now: &Header) -> Vec<HeaderDifference> {
    let pairs = decisive(then).into_iter().zip(decisive(now));
    let pairs = pairs.map(|((what, then), (_, now))| (what.to_string(), then, now));
    let mut all: Vec<(String, String, String)> = pairs.collect();
    let at = all.iter().position(|p| p.0 == "cost profile");
    let params = parameters(then).into_iter().zip(parameters(now));
    let params = params.map(|((name, then), (_, now))| (name, then, now));
    all.splice(at.unwrap_or(0)..at.unwrap_or(0), params);
    let differing = all.into_iter().filter(|(_, then, now)| then != now);
    differing
        .map(|(what, then, now)| HeaderDifference { what, then, now })
        .collect()
}

/// The parameters by name, those that are not set included.
fn parameters(header: &Header) -> Vec<(String, String)> {
    let p = &header.params;
    let named: [(&str, String); 11] = [
        ("rule", text_of(&p.verify)),
        ("budget", p.budget.describe()),
        ("branch", p.branch.to_string()),
        ("suffix length", p.max_suffix.to_string()),
        ("sources", text_of(&p.sources)),
        ("source weights", text_of(&p.source_weights)),
        ("drafter", p.drafter.name().to_string()),
        ("repetition penalty", p.repeat_penalty.to_string()),
        ("repetition window", p.repeat_window.to_string()),
        ("sampling", text_of(&p.sampling)),
        ("most tokens", p.max_tokens.to_string()),
    ];
    named
        .map(|(name, value)| (name.to_string(), value))
        .to_vec()
}

fn decisive(header: &Header) -> Vec<(&'static str, String)> {
    let recorded = |value: Option<String>| value.unwrap_or_else(|| NOT_RECORDED.to_string());
    let arithmetic = header.arithmetic.as_ref();
    let model = format!(
        "{} ({})",
        header.model.name,
        recorded(
            header
                .model
                .sha256
                .as_ref()
                .map(|s| s.chars().take(12).collect())
        )
    );
    vec![
        ("model", model),
        (
            "tokenizer",
            header.model.tokenizer_hash.chars().take(12).collect(),
        ),
        (
            "arithmetic revision",
            recorded(arithmetic.map(|a| a.revision.to_string())),
        ),
        (
            "instructions",
            recorded(arithmetic.map(|a| a.instructions.clone())),
        ),
        ("KV type", recorded(arithmetic.map(|a| a.kv.clone()))),
        (
            "quantization at load",
            recorded(arithmetic.map(|a| a.quantize.clone())),
        ),
        ("device", device_kind(&header.device)),
        ("context", header.model.context.to_string()),
        ("prompt", format!("{} tokens", header.prompt_ids.len())),
        ("cost profile", text_of(&header.cost.points)),
        (
            "calibration",
            recorded(header.calibration.as_ref().map(text_of)),
        ),
        ("pools", recorded(header.pools_hash.clone())),
        (
            "own documents",
            recorded(header.own_documents.map(|o| o.name().to_string())),
        ),
        ("program", header.program.clone()),
    ]
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
    pub fn describe(&self) -> String {
        let short = |text: &str| match text.chars().count() {
            0..=60 => text.to_string(),
            _ => text.chars().take(57).collect::<String>() + "..",
        };
        let (then, now) = (short(&self.then), short(&self.now));
        match then == now {
            true => format!("{}: another one now", self.what),
            false => format!("{}: {then} then, {now} now", self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::super::params::{Budget, Params};
    use super::super::trace::Arithmetic;
    use super::*;

    #[test]
    fn what_decides_a_run_is_named_and_nothing_else() {
        let then = made_up::header(Params::default());
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
