//! The configuration file: defaults < config file < command line.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::{
    DecodeArgs, Preset, ScreenArgs, SetupArgs, VerifyChoice, parse_budget, parse_sources,
};
use crate::model::device::DeviceChoice;
use crate::model::weights::FloatWeights;
use crate::speculate::params::{Drafter, Params, SourceWeights};
use crate::tui::ThemeName;

/// What a configuration file may hold; every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub catalog: Option<PathBuf>,
    pub pool: Option<PathBuf>,
    pub model: Option<String>,
    pub device: Option<String>,
    pub threads: Option<u16>,
    pub context: Option<u32>,
    pub quantize: Option<String>,
    pub theme: Option<String>,
    #[serde(default)]
    pub decode: DecodeConfig,
}

/// `[decode]`: the options of `laserscope generate` by their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DecodeConfig {
    pub verify: Option<String>,
    pub k: Option<usize>,
    pub tau: Option<f32>,
    pub ratio: Option<f32>,
    pub eps: Option<f32>,
    pub delta: Option<f32>,
    pub budget: Option<toml::Value>,
    pub branch: Option<usize>,
    pub suffix: Option<usize>,
    pub sources: Option<String>,
    pub source_weights: Option<String>,
    pub drafter: Option<String>,
    pub preset: Option<String>,
    pub repeat_penalty: Option<f32>,
    pub repeat_window: Option<usize>,
    pub temperature: Option<f32>,
    pub top_k: Option<usize>,
    pub top_p: Option<f32>,
    pub seed: Option<u64>,
    pub max_tokens: Option<usize>,
}

/// `laserscope/config.toml` in the user's configuration folder.
pub fn default_path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("laserscope").join("config.toml"))
}

impl Config {
    /// Reads the file; a missing default file is an empty configuration.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(named: Option<&Path>) -> Result<Self> {
        let path = match (named, default_path()) {
            (Some(path), _) => path.to_path_buf(),
            (None, Some(path)) if path.exists() => path,
            _ => return Ok(Config::default()),
        };
        let text = std::fs::read_to_string(&path)
            .wrap_err_with(|| format!("reading {}", path.display()))?;
        let config: Config = toml::from_str(&text).map_err(|e| eyre!("{}: {e}", path.display()))?;
        config
            .params()
            .wrap_err_with(|| path.display().to_string())?;
        Ok(config)
    }

    /// The decoding parameters: the file's over the defaults.
    pub fn params(&self) -> Result<Params> {
        self.decode
            .args()
            .and_then(|args| args.over(Params::default()))
            .map_err(|e| eyre!(e))
    }

    /// The theme of the options, of the file, or what the terminal can show.
    pub fn theme(&self, args: &ScreenArgs) -> Result<ThemeName> {
        match args.theme.as_ref().or(self.theme.as_ref()) {
            Some(name) => name.parse().map_err(|e: String| eyre!("--theme: {e}")),
            None => Ok(ThemeName::detect()),
        }
    }

    /// The file's setup under the command line's.
    pub fn under(&self, args: &SetupArgs) -> Result<SetupArgs> {
        let device = match (&args.device, &self.device) {
            (None, Some(text)) => Some(
                text.parse::<DeviceChoice>()
                    .map_err(|e| eyre!("config: device {e}"))?,
            ),
            (given, _) => *given,
        };
        let quantize = match (args.quantize, &self.quantize) {
            (None, Some(text)) => Some(
                text.parse::<FloatWeights>()
                    .map_err(|e| eyre!("config: quantize {e}"))?,
            ),
            (given, _) => given,
        };
        Ok(SetupArgs {
            catalog: args.catalog.clone().or_else(|| self.catalog.clone()),
            pool: args.pool.clone().or_else(|| self.pool.clone()),
            model: args.model.clone().or_else(|| self.model.clone()),
            device,
            threads: args.threads.or(self.threads),
            context: args.context.or(self.context),
            quantize,
            ..args.clone()
        })
    }
}

impl DecodeConfig {
    fn args(&self) -> Result<DecodeArgs, String> {
        use clap::ValueEnum;
        let named = |key: &str, e: String| format!("[decode] {key}: {e}");
        let verify = self
            .verify
            .as_deref()
            .map(|text| VerifyChoice::from_str(text, true));
        let budget = self.budget.as_ref().map(|value| match value {
            toml::Value::String(text) => parse_budget(text),
            other => parse_budget(&other.to_string()),
        });
        let sources = self.sources.as_deref().map(parse_sources);
        let weights = self.source_weights.as_deref().map(SourceWeights::parse);
        let drafter = self.drafter.as_deref().map(Drafter::parse);
        let preset = self.preset.as_deref();
        let preset = preset.map(|text| Preset::from_str(text, true));
        Ok(DecodeArgs {
            verify: verify.transpose().map_err(|e| named("verify", e))?,
            k: self.k,
            tau: self.tau,
            ratio: self.ratio,
            eps: self.eps,
            delta: self.delta,
            budget: budget.transpose().map_err(|e| named("budget", e))?,
            branch: self.branch,
            suffix: self.suffix,
            sources: sources.transpose().map_err(|e| named("sources", e))?,
            online: false,
            source_weights: weights
                .transpose()
                .map_err(|e| named("source-weights", e))?,
            drafter: drafter.transpose().map_err(|e| named("drafter", e))?,
            preset: preset.transpose().map_err(|e| named("preset", e))?,
            repeat_penalty: self.repeat_penalty,
            repeat_window: self.repeat_window,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            seed: self.seed,
            max_tokens: self.max_tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::{Budget, Verify};

    fn read(text: &str) -> Result<Config> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        Config::read(Some(file.path()))
    }

    #[test]
    fn the_file_lies_over_the_defaults_and_under_the_options() {
        let config =
            read("threads = 3\nmodel = \"a\"\n[decode]\nbudget = 8\nverify = \"strict\"").unwrap();
        let params = config.params().unwrap();
        assert_eq!(
            (params.budget, params.verify),
            (Budget::Rows(8), Verify::Strict)
        );
        let args = SetupArgs {
            model: Some("b".into()),
            ..SetupArgs::default()
        };
        let setup = config.under(&args).unwrap();
        assert_eq!(
            (setup.model.as_deref(), setup.threads),
            (Some("b"), Some(3))
        );
    }

    #[test]
    fn rounding_is_read_from_the_file_and_overruled_by_the_option() {
        let config = read("quantize = \"q8\"").unwrap();
        let setup = |quantize| {
            let args = SetupArgs {
                quantize,
                ..SetupArgs::default()
            };
            config.under(&args).unwrap().quantize
        };
        assert_eq!(setup(None), Some(FloatWeights::Eight));
        assert_eq!(setup(Some(FloatWeights::Exact)), Some(FloatWeights::Exact));
        let unknown = read("quantize = \"q5\"").unwrap();
        let error = unknown.under(&SetupArgs::default()).unwrap_err();
        assert!(error.to_string().contains("none, q8 or f32"), "{error}");
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let unknown = read("threads = 1\ntreads = 2").unwrap_err();
        assert!(format!("{unknown:#}").contains("line 2"), "{unknown:#}");
        let range = read("[decode]\ntau = 3.0").unwrap_err();
        assert!(format!("{range:#}").contains("--tau 3"), "{range:#}");
        let word = read("[decode]\nbudget = \"many\"").unwrap_err();
        assert!(format!("{word:#}").contains("budget"), "{word:#}");
    }
}
