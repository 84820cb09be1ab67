//! How to decode: the options that become [`Params`].

use clap::{Args, ValueEnum};

use super::drafting::DraftingArgs;
use crate::speculate::params::{AcceptanceRule, Budget, MAX_ROWS, Params, Sampling};

/// Parameters of decoding.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Decoding")]
pub struct DecodeArgs {
    /// How draft tokens are judged [default: relaxed]
    #[arg(long, value_enum, value_name = "RULE")]
    pub(crate) verify: Option<VerifyChoice>,
    /// Relaxed and ratio: the rank up to which a draft token is accepted [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) k: Option<usize>,
    /// Relaxed: the probability it must exceed [default: 0.1]
    #[arg(long, value_name = "P")]
    pub(crate) tau: Option<f32>,
    /// Ratio: the minimum share of the most probable token's probability [default: 0.3]
    #[arg(long, value_name = "R")]
    pub(crate) ratio: Option<f32>,
    /// Typical: a probability above this is enough [default: 0.09]
    #[arg(long, value_name = "P")]
    pub(crate) eps: Option<f32>,
    /// Typical: or one above this times e^-entropy [default: 0.3]
    #[arg(long, value_name = "F")]
    pub(crate) delta: Option<f32>,
    /// Rows of a forward pass, the root included: 1 to 64, or auto [default: auto]
    #[arg(long, value_name = "N|auto", value_parser = parse_budget)]
    pub(crate) budget: Option<Budget>,
    #[command(flatten)]
    pub(crate) drafting: DraftingArgs,
    /// Finished answers become a source of drafts for the next ones; results then depend on
    /// the order of the questions
    #[arg(long)]
    pub(crate) online: bool,
    /// Sample tokens from the model's distribution instead of taking the most
    /// probable one; needs --verify strict or autoregressive [default: 0, off]
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f32>,
    /// With a temperature: sample among the K most probable tokens [default: all]
    #[arg(long, value_name = "K")]
    pub(crate) top_k: Option<usize>,
    /// With a temperature: sample among the most probable tokens whose probabilities sum to P
    /// [default: 1, all]
    #[arg(long, value_name = "P")]
    pub(crate) top_p: Option<f32>,
    /// With a temperature: the same seed gives the same text [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyChoice {
    Autoregressive,
    Strict,
    Relaxed,
    Ratio,
    Typical,
}

impl From<DraftingArgs> for DecodeArgs {
    fn from(drafting: DraftingArgs) -> Self {
        DecodeArgs {
            drafting,
            ..DecodeArgs::default()
        }
    }
}

impl DecodeArgs {
    /// These options over `base`.
    ///
    /// # Errors
    /// The option that is out of range, or does not go with the rule.
    pub fn over(&self, base: Params) -> Result<Params, String> {
        let base = self.drafting.preset_over(base);
        let mut params = Params {
            verify: self.verify_over(base.verify)?,
            budget: self.budget.unwrap_or(base.budget),
            sampling: self.sampling_over(base.sampling)?,
            ..self.drafting.laid_over(base)
        };
        params.sources.online |= self.online;
        params.check()?;
        Ok(params)
    }

    /// A rule is named, or told by the numbers that only it has.
    fn verify_over(&self, base: AcceptanceRule) -> Result<AcceptanceRule, String> {
        let chosen = match (self.verify, base) {
            (Some(choice), base) => choice.over(base),
            (None, _) if self.tau.is_some() => VerifyChoice::Relaxed.over(base),
            (None, _) if self.ratio.is_some() => VerifyChoice::Ratio.over(base),
            (None, _) if self.eps.or(self.delta).is_some() => VerifyChoice::Typical.over(base),
            (None, AcceptanceRule::Ratio { .. }) => base,
            (None, _) if self.k.is_some() => VerifyChoice::Relaxed.over(base),
            (None, base) => base,
        };
        self.refuse_others_numbers(chosen)?;
        Ok(match chosen {
            AcceptanceRule::Relaxed { k, tau } => AcceptanceRule::Relaxed {
                k: self.k.unwrap_or(k),
                tau: self.tau.unwrap_or(tau),
            },
            AcceptanceRule::Ratio { k, r } => AcceptanceRule::Ratio {
                k: self.k.unwrap_or(k),
                r: self.ratio.unwrap_or(r),
            },
            AcceptanceRule::Typical { eps, delta } => AcceptanceRule::Typical {
                eps: self.eps.unwrap_or(eps),
                delta: self.delta.unwrap_or(delta),
            },
            other => other,
        })
    }

    fn refuse_others_numbers(&self, rule: AcceptanceRule) -> Result<(), String> {
        let numbers: [(bool, &str, &[&str]); 5] = [
            (self.k.is_some(), "--k", &["relaxed", "ratio"]),
            (self.tau.is_some(), "--tau", &["relaxed"]),
            (self.ratio.is_some(), "--ratio", &["ratio"]),
            (self.eps.is_some(), "--eps", &["typical"]),
            (self.delta.is_some(), "--delta", &["typical"]),
        ];
        let stray =
            |(given, _, rules): &(bool, &str, &[&str])| *given && !rules.contains(&rule.name());
        match numbers.into_iter().find(stray) {
            None => Ok(()),
            Some((_, option, rules)) => Err(format!(
                "{option} goes with --verify {}, not {}",
                rules.join(" or "),
                rule.name()
            )),
        }
    }

    /// A temperature of 0 draws nothing, whatever the seed.
    fn sampling_over(&self, base: Option<Sampling>) -> Result<Option<Sampling>, String> {
        let temperature = self.temperature.or(base.map(|b| b.temperature));
        let Some(temperature) = temperature.filter(|&t| t != 0.0) else {
            let stray = self
                .top_k
                .map(|_| "--top-k")
                .or(self.top_p.map(|_| "--top-p"));
            return match stray {
                None => Ok(None),
                Some(option) => Err(format!("{option} goes with --temperature above 0")),
            };
        };
        Ok(Some(Sampling {
            temperature,
            top_k: self.top_k.or(base.and_then(|b| b.top_k)),
            top_p: self.top_p.or(base.and_then(|b| b.top_p)),
            seed: self.seed.or(base.map(|b| b.seed)).unwrap_or(0),
        }))
    }
}

impl VerifyChoice {
    /// The rule with the numbers of `base`, where that is the same rule.
    fn over(self, base: AcceptanceRule) -> AcceptanceRule {
        let name = match self {
            VerifyChoice::Autoregressive => "autoregressive",
            VerifyChoice::Strict => "strict",
            VerifyChoice::Relaxed => "relaxed",
            VerifyChoice::Ratio => "ratio",
            VerifyChoice::Typical => "typical",
        };
        let rules = [base].into_iter().chain(AcceptanceRule::ALL);
        rules
            .into_iter()
            .find(|rule| rule.name() == name)
            .unwrap_or(base)
    }
}

pub(crate) fn parse_budget(text: &str) -> Result<Budget, String> {
    match text.parse::<usize>() {
        _ if text == "auto" => Ok(Budget::Auto { max: MAX_ROWS }),
        Ok(rows) if (1..=MAX_ROWS).contains(&rows) => Ok(Budget::Rows(rows)),
        _ => Err(format!("must be auto or 1 to {MAX_ROWS}")),
    }
}
