//! Parameters as the options of the command line that ask for them. The names are
//! those of `cli/decode.rs`; a test there reads every option back.

use super::params::{Budget, Params, Source, SourceWeights, Sources, Verify};

/// The options that make `params` of what a plain command line means, which is
/// `configured`: the rule always, anything else where it is not the default or not
/// what is configured.
pub fn options(params: &Params, configured: &Params) -> Vec<String> {
    let mut options = rule(&params.verify);
    let plain = [*configured, Params::default()].map(|params| rest(&params));
    let rest = rest(params).into_iter().enumerate();
    let differs = |(i, option): &(usize, [String; 2])| plain.iter().any(|p| p[*i] != *option);
    options.extend(rest.filter(differs).flat_map(|(_, option)| option));
    options
}

fn rule(verify: &Verify) -> Vec<String> {
    let mut options = vec!["--verify".to_string(), verify.name().to_string()];
    let mut number = |name: &str, value: String| options.extend([name.to_string(), value]);
    match verify {
        Verify::Autoregressive | Verify::Strict => {}
        Verify::Relaxed { k, tau } => {
            number("--k", k.to_string());
            number("--tau", tau.to_string());
        }
    }
    options
}

/// Every other option with its value, always in the same order.
fn rest(params: &Params) -> Vec<[String; 2]> {
    let pair = |name: &str, value: String| [name.to_string(), value];
    vec![
        pair("--budget", budget(params.budget)),
        pair("--branch", params.branch.to_string()),
        pair("--sources", sources(&params.sources)),
        pair("--source-weights", weights(&params.source_weights)),
        pair("--drafter", params.drafter.name().to_string()),
        pair("--repeat-penalty", params.repeat_penalty.to_string()),
        pair("--repeat-window", params.repeat_window.to_string()),
        pair("--max-tokens", params.max_tokens.to_string()),
    ]
}

/// As `--budget` and the configuration file spell it.
pub fn budget(budget: Budget) -> String {
    match budget {
        Budget::Auto { .. } => "auto".to_string(),
        Budget::Rows(n) => n.to_string(),
    }
}

/// As `--sources` and the configuration file spell them.
pub fn sources(sources: &Sources) -> String {
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
pub fn weights(weights: &SourceWeights) -> String {
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
