//! Parameters as the options of the command line that ask for them. The names are
//! those of `cli/decode.rs`; a test there reads every option back.

use super::params::{AcceptanceRule, Budget, Params, Source, SourceWeights, Sources};

/// The options that make `params` of what a plain command line means, which is
/// `configured`: the rule always, anything else where it is not the default or not
/// what is configured.
pub(crate) fn options(params: &Params, configured: &Params) -> Vec<String> {
    let mut options = rule(&params.verify);
    let plain = [*configured, Params::default()].map(|params| rest(&params));
    for (i, (name, value)) in rest(params).into_iter().enumerate() {
        let differs = plain.iter().any(|p| p[i].1 != value);
        let value = value.filter(|_| differs);
        options.extend(value.into_iter().flat_map(|v| [name.to_string(), v]));
    }
    options
}

/// Every option, so that no configuration file changes what it makes.
pub(crate) fn all(params: &Params) -> Vec<String> {
    let rest = rest(params).into_iter();
    let said = rest.filter_map(|(name, value)| Some([name.to_string(), value?]));
    rule(&params.verify)
        .into_iter()
        .chain(said.flatten())
        .collect()
}

fn rule(verify: &AcceptanceRule) -> Vec<String> {
    let named = ["--verify".to_string(), verify.name().to_string()];
    let numbers = numbers(verify).into_iter();
    let numbers = numbers.flat_map(|(name, value)| [format!("--{name}"), value]);
    named.into_iter().chain(numbers).collect()
}

/// A rule's numbers, by the names of their options.
pub(crate) fn numbers(verify: &AcceptanceRule) -> Vec<(&'static str, String)> {
    match verify {
        AcceptanceRule::Relaxed { k, tau } => vec![("k", k.to_string()), ("tau", tau.to_string())],
        AcceptanceRule::Ratio { k, r } => vec![("k", k.to_string()), ("ratio", r.to_string())],
        AcceptanceRule::Typical { eps, delta } => {
            vec![("eps", eps.to_string()), ("delta", delta.to_string())]
        }
        AcceptanceRule::Autoregressive | AcceptanceRule::Strict => Vec::new(),
    }
}

/// Every other option, always in the same order; without a value it cannot be said.
fn rest(params: &Params) -> Vec<(&'static str, Option<String>)> {
    let drawn = params.sampling;
    let temperature = drawn.map_or(0.0, |s| s.temperature);
    vec![
        ("--budget", Some(budget(params.budget))),
        ("--branch", Some(params.branch.to_string())),
        ("--suffix", Some(params.max_suffix.to_string())),
        ("--sources", Some(sources(&params.sources))),
        ("--source-weights", Some(weights(&params.source_weights))),
        ("--drafter", Some(params.drafter.name().to_string())),
        ("--repeat-penalty", Some(params.repeat_penalty.to_string())),
        ("--repeat-window", Some(params.repeat_window.to_string())),
        ("--temperature", Some(temperature.to_string())),
        (
            "--top-k",
            drawn.and_then(|s| s.top_k).map(|k| k.to_string()),
        ),
        (
            "--top-p",
            drawn.and_then(|s| s.top_p).map(|p| p.to_string()),
        ),
        ("--seed", drawn.map(|s| s.seed.to_string())),
        ("--max-tokens", Some(params.max_tokens.to_string())),
    ]
}

/// As `--budget` and the configuration file spell it.
pub(crate) fn budget(budget: Budget) -> String {
    match budget {
        Budget::Auto { .. } => "auto".to_string(),
        Budget::Rows(n) => n.to_string(),
    }
}

/// As `--sources` and the configuration file spell them.
pub(crate) fn sources(sources: &Sources) -> String {
    let on: Vec<&str> = Source::ALL
        .iter()
        .filter(|&&source| sources.has(source))
        .map(Source::name)
        .collect();
    match on.as_slice() {
        [] => "none".to_string(),
        names => names.join(","),
    }
}

/// As `--source-weights` and the configuration file spell them.
pub(crate) fn weights(weights: &SourceWeights) -> String {
    let SourceWeights {
        group,
        global,
        local,
    } = weights;
    format!("group={group},global={global},local={local}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_said_and_the_rule_always() {
        let plain = Params::default();
        assert_eq!(
            options(&plain, &plain).join(" "),
            "--verify relaxed --k 2 --tau 0.1"
        );
        let eight = Params {
            budget: Budget::Rows(8),
            ..plain
        };
        assert_eq!(
            options(&eight, &plain).join(" "),
            "--verify relaxed --k 2 --tau 0.1 --budget 8"
        );
        // Where 8 rows are configured, the default must be asked for; and 8 rows are
        // said all the same, for those who have not configured them.
        assert!(options(&plain, &eight).join(" ").ends_with("--budget auto"));
        assert!(options(&eight, &eight).join(" ").ends_with("--budget 8"));
    }
}
