//! `laserscope downstream`.

use std::path::PathBuf;

use clap::Args;

use super::drafting::DraftingArgs;
use super::generate::Shard;
use crate::downstream::backbone::Backbone;
use crate::downstream::folds::MIN_FOLDS;
use crate::downstream::verdict::MARGIN;
use crate::speculate::parameters::{self, Given, RULE};

/// Prints one object with --json: catalog, model, device, layer; rows, users, items, left_out;
/// folds, seeds, margin, level; reduced; reference; arms (name, source, vectors, users_without,
/// items_without, texts_as_reference) and backbones, each with arms (name, auc and log_loss as
/// {value, low, high, standard_error}) and comparisons (arm, with, auc and log_loss as differences
/// with detectable, finding, sentence); verdict or null, why_no_verdict; seconds.
#[derive(Args, Debug)]
pub struct DownstreamArgs {
    /// An arm: NAME=RULE[,NUMBER=VALUE..] generates its knowledge, as in
    /// fast=relaxed,k=5,tau=0.02; NAME=FILE takes documents (JSONL) as `generate --out`
    /// writes them; may be repeated. The arms none, permuted and catalog are always there
    /// [default: autoregressive, strict, relaxed and relaxed-5 (k=5, tau=0.02)]
    #[arg(long, value_name = "NAME=RULE|FILE", value_parser = ArmChoice::parse)]
    pub(crate) arm: Vec<ArmChoice>,
    /// The arm that others are compared with [default: autoregressive, else the first one]
    #[arg(long, value_name = "NAME")]
    pub(crate) reference: Option<String>,
    /// Click models by commas [default: DIN,DCNv2]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_backbone)]
    pub(crate) backbones: Vec<Backbone>,
    /// Folds over the users [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(MIN_FOLDS as u64..=100))]
    pub(crate) folds: Option<usize>,
    /// Trainings of each fold, each with other first weights [default: 5, or as many as take 4 hours
    /// in all]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    pub(crate) seeds: Option<usize>,
    /// Predict ratings of the N items with the most to predict [default: all]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) items: Option<usize>,
    /// Predict ratings of N users, drawn by chance [default: all]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) users: Option<usize>,
    /// Take the hidden states after this block [default: after the last one and the final norm]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) layer: Option<usize>,
    /// Differences in AUC within this are equivalent
    #[arg(long, value_name = "AUC", default_value_t = MARGIN, value_parser = parse_margin)]
    pub(crate) margin: f64,
    /// A small test: 100 users, 100 items, 3 folds, 1 seed, DIN alone, unless given
    #[arg(long)]
    pub(crate) quick: bool,
    /// Folder of everything that is computed; the same command goes on there
    /// [default: downstream-CATALOG]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// How knowledge is generated, whatever the rule.
    #[command(flatten)]
    pub drafting: DraftingArgs,
    /// Train part I of N of what a test has written into --out.
    #[arg(long, hide = true, requires = "out", value_name = "I/N", value_parser = Shard::parse)]
    pub(crate) worker: Option<Shard>,
}

/// An arm that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ArmChoice {
    pub(crate) name: String,
    pub(crate) source: ArmSource,
}

/// Where an arm's knowledge comes from.
#[derive(Clone, Debug)]
pub(crate) enum ArmSource {
    /// Generated under this rule.
    Rule(Given),
    /// Read from a file of documents.
    File(PathBuf),
}

/// Arms that every test has.
pub(crate) const FIXED_ARMS: [&str; 3] = ["none", "permuted", "catalog"];

impl ArmChoice {
    /// # Errors
    /// Says what it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, from) = text.split_once('=').unwrap_or((text, text));
        if name.is_empty() || from.is_empty() {
            return Err("must be NAME=RULE,.. or NAME=FILE".into());
        }
        if FIXED_ARMS.contains(&name) {
            return Err(format!(
                "{name} is an arm of every test: choose another name"
            ));
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(is_name) {
            return Err(format!("`{name}`: a name has letters, digits, -, _ and ."));
        }
        Ok(ArmChoice {
            name: name.to_string(),
            source: ArmSource::parse(from)?,
        })
    }
}

impl ArmSource {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split(',');
        let rule = words.next().unwrap_or_default();
        let Ok(rule) = RULE.parse(rule) else {
            return match std::path::Path::new(text).is_file() {
                true => Ok(ArmSource::File(PathBuf::from(text))),
                false => Err(format!("`{text}` is neither a rule nor a file")),
            };
        };
        let mut given = vec![(&RULE, rule)];
        for word in words {
            let (name, value) = word
                .split_once('=')
                .ok_or_else(|| format!("`{word}`: must be NUMBER=VALUE, as in k=5"))?;
            let number = parameters::named(name).filter(|number| number.is_of_the_rule());
            let number = number.ok_or_else(|| format!("`{name}` is no number of a rule"))?;
            let value = number.parse(value)?;
            number.check(value)?;
            given.push((number, value));
        }
        Ok(ArmSource::Rule(given.into_iter().collect()))
    }
}

fn parse_backbone(text: &str) -> Result<Backbone, String> {
    text.parse().map_err(|_| "must be DIN or DCNv2".to_string())
}

fn parse_margin(text: &str) -> Result<f64, String> {
    let margin = text
        .parse()
        .ok()
        .filter(|margin| (0.0..1.0).contains(margin));
    margin.ok_or_else(|| "must be 0 or more and below 1".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::{ALL_RANKS, AcceptanceRule, Params};

    #[test]
    fn an_arm_is_a_rule_or_a_file() {
        let parse = ArmChoice::parse;
        let rule = parse("fast=relaxed,k=5,tau=0.02").unwrap();
        assert_eq!(rule.name, "fast");
        assert!(matches!(rule.source, ArmSource::Rule(_)));
        assert_eq!(parse("strict").unwrap().name, "strict");
        for (arm, rule) in [
            (
                "near=margin,k=10,margin=0.6",
                AcceptanceRule::Margin { k: 10, m: 0.6 },
            ),
            (
                "any=relaxed,k=all,tau=0.2",
                AcceptanceRule::Relaxed {
                    k: ALL_RANKS,
                    tau: 0.2,
                },
            ),
            (
                "sure=deferred,entropy=0.5,window=4",
                AcceptanceRule::Deferred { h: 0.5, w: 4 },
            ),
        ] {
            let ArmSource::Rule(given) = parse(arm).unwrap().source else {
                panic!("{arm} is a rule");
            };
            let params = given.over(Params::default()).unwrap();
            assert_eq!(params.verify, rule);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().display();
        let taken = parse(&format!("mine={path}")).unwrap();
        assert!(matches!(taken.source, ArmSource::File(_)));
        for wrong in [
            "none=strict",
            "a=nonesuch",
            "a=relaxed,k",
            "a=relaxed,budget=3",
            "a=relaxed,tau=7",
            "a=relaxed,k=some",
            "a=deferred,window=0",
            "a=deferred,entropy=nan",
            "=strict",
            "a b=strict",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
