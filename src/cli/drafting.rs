//! How drafts are made and texts written, whatever the rule: the options that a
//! sweep leaves alone.

use clap::{Args, ValueEnum};

use crate::speculate::params::{Drafter, Params, SourceWeights, Sources};

/// Options of drafting and text length, flattened into several commands.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Decoding")]
pub struct DraftingArgs {
    /// laser: as in the paper (its trie, 64 rows, branches of 12, no repetition
    /// penalty); other options override it
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) preset: Option<Preset>,
    /// Longest branch of the draft tree, in tokens [default: 12]
    #[arg(long, value_name = "N")]
    pub(crate) branch: Option<usize>,
    /// Longest suffix of the context that is looked up, in tokens [default: 16]
    #[arg(long, value_name = "N")]
    pub(crate) suffix: Option<usize>,
    /// Where drafts come from: any of group,global,local,online, or none
    /// [default: group,global,local]
    #[arg(long, value_name = "LIST", value_parser = parse_sources)]
    pub(crate) sources: Option<Sources>,
    /// How far the blend trusts each source, 0 to 1, as in
    /// group=1,global=0.5,local=1 [default: 1 each]
    #[arg(long, value_name = "LIST", value_parser = SourceWeights::parse)]
    pub(crate) source_weights: Option<SourceWeights>,
    /// How drafts are made: blend, laser (the paper's trie), ngram (prompt
    /// lookup), chain (longest suffix) or none [default: blend]
    #[arg(long, value_name = "NAME", value_parser = Drafter::parse)]
    pub(crate) drafter: Option<Drafter>,
    /// Repetition penalty; 1 is off, as in the paper [default: 1.1]
    #[arg(long, value_name = "F")]
    pub(crate) repeat_penalty: Option<f32>,
    /// Tokens the penalty looks back on [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) repeat_window: Option<usize>,
    /// Most tokens to generate [default: 256]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
}

/// Parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    Laser,
}

impl DraftingArgs {
    /// `base`, or the preset in its place.
    pub(super) fn preset_over(&self, base: Params) -> Params {
        match self.preset {
            Some(Preset::Laser) => base.as_in_the_paper(),
            None => base,
        }
    }

    /// These options over `base`, a preset left aside; nothing is checked.
    pub(super) fn laid_over(&self, base: Params) -> Params {
        Params {
            branch: self.branch.unwrap_or(base.branch),
            max_suffix: self.suffix.unwrap_or(base.max_suffix),
            sources: self.sources.unwrap_or(base.sources),
            source_weights: self.source_weights.unwrap_or(base.source_weights),
            drafter: self.drafter.unwrap_or(base.drafter),
            repeat_penalty: self.repeat_penalty.unwrap_or(base.repeat_penalty),
            repeat_window: self.repeat_window.unwrap_or(base.repeat_window),
            max_tokens: self.max_tokens.unwrap_or(base.max_tokens),
            ..base
        }
    }
}

pub(crate) fn parse_sources(text: &str) -> Result<Sources, String> {
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
