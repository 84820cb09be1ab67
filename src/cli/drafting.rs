//! How drafts are made and texts written, whatever the rule: the options that a
//! sweep leaves alone.

use clap::Args;

use super::decode::{DecodeArgs, Preset, parse_sources};
use crate::speculate::params::{Drafter, SourceWeights, Sources};

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Decoding")]
pub struct DraftingArgs {
    /// laser: as in the paper (its trie, branches of 12, no repetition penalty)
    #[arg(long, value_enum, value_name = "NAME")]
    pub preset: Option<Preset>,
    /// Longest branch of the draft tree, in tokens [default: 12]
    #[arg(long, value_name = "N")]
    pub branch: Option<usize>,
    /// Longest suffix of the context that is looked up, in tokens [default: 16]
    #[arg(long, value_name = "N")]
    pub suffix: Option<usize>,
    /// Where drafts come from: any of group,global,local, or none
    /// [default: group,global,local]
    #[arg(long, value_name = "LIST", value_parser = parse_sources)]
    pub sources: Option<Sources>,
    /// How far the blend trusts each source, 0 to 1
    #[arg(long, value_name = "LIST", value_parser = SourceWeights::parse)]
    pub source_weights: Option<SourceWeights>,
    /// How drafts are made: blend, laser, ngram, chain or none [default: blend]
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

impl DraftingArgs {
    /// The same among all options of decoding.
    pub fn as_decode(&self) -> DecodeArgs {
        DecodeArgs {
            preset: self.preset,
            branch: self.branch,
            suffix: self.suffix,
            sources: self.sources,
            source_weights: self.source_weights,
            drafter: self.drafter,
            repeat_penalty: self.repeat_penalty,
            repeat_window: self.repeat_window,
            max_tokens: self.max_tokens,
            ..DecodeArgs::default()
        }
    }
}
