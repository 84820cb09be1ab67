//! Values given by options or a configuration file, applied on top of other parameters.

use super::rules::RULE;
use super::{ALL, AffectedPart, Parameter, ParameterPlace, TEMPERATURE, Value};
use crate::speculate::params::{AcceptanceRule, Params};

/// Values of some of the parameters, each at most once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Given(Vec<(&'static Parameter, Value)>);

impl FromIterator<(&'static Parameter, Value)> for Given {
    fn from_iter<I: IntoIterator<Item = (&'static Parameter, Value)>>(values: I) -> Self {
        Given(values.into_iter().collect())
    }
}

impl Given {
    pub(crate) fn has(&self, parameter: &Parameter) -> bool {
        self.value(parameter).is_some()
    }

    fn value(&self, parameter: &Parameter) -> Option<Value> {
        let found = self.0.iter().find(|(each, _)| *each == parameter);
        found.map(|(_, value)| *value)
    }

    /// Applies these values to `base`: a preset first, then the rule, then the rest.
    ///
    /// # Errors
    /// The parameter that is out of range or conflicts with the others.
    pub(crate) fn over(&self, base: Params) -> Result<Params, String> {
        let mut params = base;
        let presets = ALL
            .into_iter()
            .filter(|p| matches!(p.place, ParameterPlace::Preset));
        for preset in presets {
            self.put(preset, &mut params)?;
        }
        params.verify = self.rule(params.verify);
        let rest = ALL.into_iter().filter(|p| **p != RULE);
        for parameter in rest.filter(|p| !matches!(p.place, ParameterPlace::Preset)) {
            self.put(parameter, &mut params)?;
        }
        params.check()?;
        Ok(params)
    }

    fn put(&self, parameter: &'static Parameter, params: &mut Params) -> Result<(), String> {
        let Some(value) = self.value(parameter) else {
            return Ok(());
        };
        // The check reports a temperature under a lossy rule; a seed without a temperature
        // has no effect and is ignored.
        let is_idle = matches!(
            parameter.place,
            ParameterPlace::Seed(_) | ParameterPlace::Temperature
        );
        if !parameter.applies(params) && !is_idle {
            return Err(stray(parameter, params));
        }
        parameter.set(params, value);
        Ok(())
    }

    /// The rule as named, or inferred from numbers that only one rule has.
    fn rule(&self, base: AcceptanceRule) -> AcceptanceRule {
        if let Some(Value::Rule(rule)) = self.value(&RULE) {
            return rule.keeping(base);
        }
        let given = self.0.iter().map(|(parameter, _)| *parameter);
        let numbers: Vec<_> = given.filter(|p| p.is_rule_number()).collect();
        let mut rules = [base].into_iter().chain(AcceptanceRule::ALL);
        let takes_all = |rule: &AcceptanceRule| {
            let has = |number: &&Parameter| number.rules().any(|r| r.name() == rule.name());
            numbers.iter().all(has)
        };
        // No rule has all of them: take the first that is the only owner of a number; the
        // others are reported as stray.
        let only_ones = || {
            let of_given = ALL.into_iter().filter(|p| numbers.contains(p));
            let mut owners = of_given.map(|number| number.rules().collect::<Vec<_>>());
            owners.find_map(|rules| <[AcceptanceRule; 1]>::try_from(rules).ok())
        };
        let chosen = rules.find(takes_all);
        let chosen = chosen.or_else(|| only_ones().map(|[rule]| rule));
        chosen.map_or(base, |rule| rule.keeping(base))
    }
}

/// The error for a value that does not apply under these parameters.
fn stray(parameter: &Parameter, params: &Params) -> String {
    let option = parameter.option();
    if parameter.part != AffectedPart::Rule {
        return format!("{option} goes with {} above 0", TEMPERATURE.option());
    }
    let rules: Vec<&str> = parameter.rules().map(|rule| rule.into()).collect();
    format!(
        "{option} goes with {} {}, not {}",
        RULE.option(),
        rules.join(" or "),
        params.verify.name()
    )
}
