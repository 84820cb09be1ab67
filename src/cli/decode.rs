//! How to decode: the options that become [`Params`].

use clap::{Args, ValueEnum};

use crate::speculate::params::{Budget, Drafter, MAX_ROWS, Params, SourceWeights, Sources, Verify};

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
    /// Relaxed: the rank up to which a draft token is accepted [default: 2]
    #[arg(long, value_name = "N")]
    pub k: Option<usize>,
    /// Relaxed: the probability it must exceed [default: 0.1]
    #[arg(long, value_name = "P")]
    pub tau: Option<f32>,
    /// Rows of a forward pass, the root included: 1 to 64, or auto [default: auto]
    #[arg(long, value_name = "N|auto", value_parser = parse_budget)]
    pub budget: Option<Budget>,
    /// Longest branch of the draft tree, in tokens [default: 12]
    #[arg(long, value_name = "N")]
    pub branch: Option<usize>,
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
    /// Most tokens to generate [default: 256]
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyChoice {
    Autoregressive,
    Strict,
    Relaxed,
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
            max_suffix: base.max_suffix,
            sources: self.sources_over(base.sources),
            source_weights: self.source_weights.unwrap_or(base.source_weights),
            drafter: self.drafter.unwrap_or(base.drafter),
            repeat_penalty: self.repeat_penalty.unwrap_or(base.repeat_penalty),
            repeat_window: self.repeat_window.unwrap_or(base.repeat_window),
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

    fn verify_over(&self, base: Verify) -> Result<Verify, String> {
        let (base_k, base_tau) = match base {
            Verify::Relaxed { k, tau } => (k, tau),
            _ => (Verify::DEFAULT_K, Verify::DEFAULT_TAU),
        };
        let relaxed = Verify::Relaxed {
            k: self.k.unwrap_or(base_k),
            tau: self.tau.unwrap_or(base_tau),
        };
        let chosen = match self.verify {
            None if self.k.is_some() || self.tau.is_some() => relaxed,
            None => base,
            Some(VerifyChoice::Relaxed) => relaxed,
            Some(VerifyChoice::Strict) => Verify::Strict,
            Some(VerifyChoice::Autoregressive) => Verify::Autoregressive,
        };
        let judged_by_rank = matches!(chosen, Verify::Relaxed { .. });
        if !judged_by_rank && (self.k.is_some() || self.tau.is_some()) {
            return Err(format!(
                "--k and --tau go with --verify relaxed, not {}",
                chosen.name()
            ));
        }
        Ok(chosen)
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
