//! How to decode: the options that become [`Params`].

use clap::{Args, ValueEnum};

use crate::speculate::params::{
    Budget, Drafter, MAX_ROWS, Params, Sampling, SourceWeights, Sources, Verify,
};

/// Parameters of decoding.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Decoding")]
pub struct DecodeArgs {
    /// laser: as in the paper (its trie, 64 rows, branches of 12, no repetition
    /// penalty); other options lie over it
    #[arg(long, value_enum, value_name = "NAME")]
    pub preset: Option<Preset>,
    /// How draft tokens are judged [default: relaxed]
    #[arg(long, value_enum, value_name = "RULE")]
    pub verify: Option<VerifyChoice>,
    /// Relaxed and ratio: the rank up to which a draft token is accepted [default: 2]
    #[arg(long, value_name = "N")]
    pub k: Option<usize>,
    /// Relaxed: the probability it must exceed [default: 0.1]
    #[arg(long, value_name = "P")]
    pub tau: Option<f32>,
    /// Ratio: its least share of the most probable token's probability [default: 0.3]
    #[arg(long, value_name = "R")]
    pub ratio: Option<f32>,
    /// Typical: a probability above this is enough [default: 0.09]
    #[arg(long, value_name = "P")]
    pub eps: Option<f32>,
    /// Typical: or one above this times e^-entropy [default: 0.3]
    #[arg(long, value_name = "F")]
    pub delta: Option<f32>,
    /// Rows of a forward pass, the root included: 1 to 64, or auto [default: auto]
    #[arg(long, value_name = "N|auto", value_parser = parse_budget)]
    pub budget: Option<Budget>,
    /// Longest branch of the draft tree, in tokens [default: 12]
    #[arg(long, value_name = "N")]
    pub branch: Option<usize>,
    /// Longest suffix of the context that is looked up, in tokens [default: 16]
    #[arg(long, value_name = "N")]
    pub suffix: Option<usize>,
    /// Where drafts come from: any of group,global,local,online, or none
    /// [default: group,global,local]
    #[arg(long, value_name = "LIST", value_parser = parse_sources)]
    pub sources: Option<Sources>,
    /// Finished answers draft for the next ones, too: a source of their own
    /// beside the others; what is asked then depends on what was asked before
    #[arg(long)]
    pub online: bool,
    /// How far the blend trusts each source, 0 to 1, as in
    /// group=1,global=0.5,local=1 [default: 1 each]
    #[arg(long, value_name = "LIST", value_parser = SourceWeights::parse)]
    pub source_weights: Option<SourceWeights>,
    /// How drafts are made: blend, laser (the paper's trie), ngram (prompt
    /// lookup), chain (longest suffix) or none [default: blend]
    #[arg(long, value_name = "NAME", value_parser = Drafter::parse)]
    pub drafter: Option<Drafter>,
    /// Repetition penalty; 1 is off, as in the paper [default: 1.1]
    #[arg(long, value_name = "F")]
    pub repeat_penalty: Option<f32>,
    /// Tokens the penalty looks back on [default: 64]
    #[arg(long, value_name = "N")]
    pub repeat_window: Option<usize>,
    /// Draw tokens from the model's distribution instead of taking the most
    /// probable one; needs --verify strict or autoregressive [default: 0, off]
    #[arg(long, value_name = "T")]
    pub temperature: Option<f32>,
    /// With a temperature: draw among the K most probable tokens [default: all]
    #[arg(long, value_name = "K")]
    pub top_k: Option<usize>,
    /// With a temperature: draw among the most probable tokens that make up P
    /// [default: 1, all]
    #[arg(long, value_name = "P")]
    pub top_p: Option<f32>,
    /// With a temperature: the same seed draws the same text [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Most tokens to generate [default: 256]
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyChoice {
    Autoregressive,
    Strict,
    Relaxed,
    Ratio,
    Typical,
}

/// Parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    Laser,
}

impl DecodeArgs {
    /// These options over `base`.
    ///
    /// # Errors
    /// The option that is out of range, or does not go with the rule.
    pub fn over(&self, base: Params) -> Result<Params, String> {
        let base = match self.preset {
            Some(Preset::Laser) => base.as_in_the_paper(),
            None => base,
        };
        let params = Params {
            verify: self.verify_over(base.verify)?,
            budget: self.budget.unwrap_or(base.budget),
            branch: self.branch.unwrap_or(base.branch),
            max_suffix: self.suffix.unwrap_or(base.max_suffix),
            sources: self.sources_over(base.sources),
            source_weights: self.source_weights.unwrap_or(base.source_weights),
            drafter: self.drafter.unwrap_or(base.drafter),
            repeat_penalty: self.repeat_penalty.unwrap_or(base.repeat_penalty),
            repeat_window: self.repeat_window.unwrap_or(base.repeat_window),
            sampling: self.sampling_over(base.sampling)?,
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
        };
        params.check()?;
        Ok(params)
    }

    fn sources_over(&self, base: Sources) -> Sources {
        let sources = self.sources.unwrap_or(base);
        Sources {
            online: sources.online || self.online,
            ..sources
        }
    }

    /// A rule is named, or told by the numbers that only it has.
    fn verify_over(&self, base: Verify) -> Result<Verify, String> {
        let chosen = match (self.verify, base) {
            (Some(choice), base) => choice.over(base),
            (None, _) if self.tau.is_some() => VerifyChoice::Relaxed.over(base),
            (None, _) if self.ratio.is_some() => VerifyChoice::Ratio.over(base),
            (None, _) if self.eps.or(self.delta).is_some() => VerifyChoice::Typical.over(base),
            (None, Verify::Ratio { .. }) => base,
            (None, _) if self.k.is_some() => VerifyChoice::Relaxed.over(base),
            (None, base) => base,
        };
        self.refuse_others_numbers(chosen)?;
        Ok(match chosen {
            Verify::Relaxed { k, tau } => Verify::Relaxed {
                k: self.k.unwrap_or(k),
                tau: self.tau.unwrap_or(tau),
            },
            Verify::Ratio { k, r } => Verify::Ratio {
                k: self.k.unwrap_or(k),
                r: self.ratio.unwrap_or(r),
            },
            Verify::Typical { eps, delta } => Verify::Typical {
                eps: self.eps.unwrap_or(eps),
                delta: self.delta.unwrap_or(delta),
            },
            other => other,
        })
    }

    fn refuse_others_numbers(&self, rule: Verify) -> Result<(), String> {
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
    fn over(self, base: Verify) -> Verify {
        let name = match self {
            VerifyChoice::Autoregressive => "autoregressive",
            VerifyChoice::Strict => "strict",
            VerifyChoice::Relaxed => "relaxed",
            VerifyChoice::Ratio => "ratio",
            VerifyChoice::Typical => "typical",
        };
        let rules = [base].into_iter().chain(Verify::ALL);
        rules
            .into_iter()
            .find(|rule| rule.name() == name)
            .unwrap_or(base)
    }
}

pub fn parse_budget(text: &str) -> Result<Budget, String> {
    match text.parse::<usize>() {
        _ if text == "auto" => Ok(Budget::Auto { max: MAX_ROWS }),
        Ok(rows) if (1..=MAX_ROWS).contains(&rows) => Ok(Budget::Rows(rows)),
        _ => Err(format!("must be auto or 1 to {MAX_ROWS}")),
    }
}

pub fn parse_sources(text: &str) -> Result<Sources, String> {
    let mut sources = Sources::NONE;
    for name in text.split(',').map(str::trim).filter(|&n| n != "none") {
        match name {
            "group" => sources.group = true,
            "global" => sources.global = true,
            "local" => sources.local = true,
            "online" => sources.online = true,
            other => {
                return Err(format!(
                    "`{other}`: must be group, global, local, online or none"
                ));
            }
        }
    }
    Ok(sources)
}
