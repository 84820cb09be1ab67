//! Parameters as command-line options. The names are those of `cli/decode.rs`; a test
//! there reads every option back.

use super::parameters::{self, Parameter, Value};
use super::params::Params;

/// The options that give `params` on top of the `configured` parameters: always the
/// rule, and everything that differs from the default or from the configuration.
pub fn options(params: &Params, configured: &Params) -> Vec<String> {
    words(said(params, configured))
}

/// Every option, so that no configuration file changes the result.
pub fn all(params: &Params) -> Vec<String> {
    words(values(params).collect())
}

/// The values that make `params` where `configured` is in force: the rule and its numbers
/// always, anything else where it is not the default or not what is configured.
pub(crate) fn said(params: &Params, configured: &Params) -> Vec<(&'static Parameter, Value)> {
    let plain = [*configured, Params::default()];
    let is_said = |(parameter, value): &(&Parameter, Value)| {
        // As it is written: no option tells two automatic budgets apart.
        let differs = |p: &Params| parameter.get(p).map(written) != Some(written(*value));
        parameter.is_of_the_rule() || plain.iter().any(differs)
    };
    values(params).filter(is_said).collect()
}

fn values(params: &Params) -> impl Iterator<Item = (&'static Parameter, Value)> {
    let all = parameters::ALL.into_iter();
    all.filter_map(|parameter| Some((parameter, parameter.get(params)?)))
}

fn written(value: Value) -> String {
    value.to_string()
}

fn words(said: Vec<(&'static Parameter, Value)>) -> Vec<String> {
    let said = said.into_iter();
    said.flat_map(|(parameter, value)| [parameter.option(), written(value)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::params::Budget;
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
        // If 8 rows are configured, the default must be written; 8 rows are written,
        // too, for those without that configuration.
        assert!(options(&plain, &eight).join(" ").ends_with("--budget auto"));
        assert!(options(&eight, &eight).join(" ").ends_with("--budget 8"));
    }
}
