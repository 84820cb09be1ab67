//! The only place that checks whether parameters are in range and compatible.

use super::{ALL, Parameter, TEMPERATURE, Value};
use crate::speculate::params::Params;

impl Parameter {
    /// # Errors
    /// A value out of range: names the option, the value and the range.
    pub(crate) fn check(&self, value: Value) -> Result<(), String> {
        if self.range.holds(value) {
            return Ok(());
        }
        let value = match value {
            Value::Budget(budget) => budget.max_rows().to_string(),
            other => other.to_string(),
        };
        let demand = self.range.demand(self.unit, self.least_means);
        Err(format!("{} {value}: must be {demand}", self.option()))
    }
}

impl Params {
    /// # Errors
    /// The first parameter out of range, with its range; or a temperature that the rule
    /// does not allow.
    pub fn check(&self) -> Result<(), String> {
        for parameter in ALL {
            parameter.get(self).map_or(Ok(()), |v| parameter.check(v))?;
        }
        self.check_sampling()
    }

    fn check_sampling(&self) -> Result<(), String> {
        let Some(sampling) = &self.sampling else {
            return Ok(());
        };
        let (option, temperature) = (TEMPERATURE.option(), sampling.temperature);
        if temperature == 0.0 {
            return Err(format!("{option} 0 samples nothing"));
        }
        if !self.verify.is_lossless() {
            return Err(format!(
                "{option} {temperature} does not go with the rule {}, which takes tokens \
                 by their probability instead of drawing them: add --verify strict \
                 (or autoregressive), or leave the temperature at 0",
                self.verify.name()
            ));
        }
        Ok(())
    }
}
