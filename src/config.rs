//! The configuration file: defaults < config file < command line.

mod decode;
mod home;
mod save;
pub mod settings;
mod words;

pub(crate) use decode::DecodeConfig;
pub use settings::Settings;

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::SetupArgs;
use crate::recsys::Framework;
use crate::speculate::parameters::setup::{self, SetupParameter};
use crate::speculate::params::Params;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

/// The contents of a configuration file; every key is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) catalog: Option<PathBuf>,
    pub(crate) framework: Option<String>,
    pub(crate) pool: Option<PathBuf>,
    pub(crate) model: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) threads: Option<u16>,
    pub(crate) context: Option<u32>,
    pub(crate) quantize: Option<String>,
    pub(crate) kv: Option<String>,
    pub(crate) theme: Option<String>,
    /// Read from the text, by its lines, where the screens are.
    #[serde(default, rename = "keys")]
    _keys: serde::de::IgnoredAny,
    /// As the keys.
    #[serde(default, rename = "themes")]
    _themes: serde::de::IgnoredAny,
    /// ASCII only.
    pub(crate) ascii: Option<bool>,
    #[serde(default)]
    pub(crate) decode: DecodeConfig,
    /// The file that was read, for messages.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
    /// What it says.
    #[serde(skip)]
    pub(crate) text: String,
}

pub use save::save_decode;

/// `laserscope/config.toml` in the user's configuration folder.
pub(crate) fn default_path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("laserscope").join("config.toml"))
}

impl Config {
    /// Reads the file; a missing default file is an empty configuration.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(named: Option<&Path>) -> Result<Self> {
        Config::parse(named)?.checked()
    }

    /// As [`Config::read`], without checking the parameters.
    pub(crate) fn parse(named: Option<&Path>) -> Result<Self> {
        let path = match (named, default_path()) {
            (Some(path), _) => path.to_path_buf(),
            (None, Some(path)) if path.exists() => path,
            _ => return Ok(Config::default()),
        };
        let text = read_text(&path, SETTINGS_BYTES_MAX)?.text;
        let mut config: Config =
            toml::from_str(&text).map_err(|e| eyre!("{}: {e}", path.display()))?;
        config.expand_home(etcetera::home_dir().ok().as_deref());
        tracing::info!("configuration: {}", path.display());
        config.file = Some(path);
        config.text = text;
        Ok(config)
    }

    /// Checks its parameters.
    pub(crate) fn checked(self) -> Result<Self> {
        if let Some(path) = &self.file {
            let named = || path.display().to_string();
            self.params().wrap_err_with(named)?;
            self.check_setup().wrap_err_with(named)?;
        }
        Ok(self)
    }

    fn check_setup(&self) -> Result<()> {
        let numbers = [
            (&setup::THREADS, self.threads.map(u64::from)),
            (&setup::CONTEXT, self.context.map(u64::from)),
        ];
        for (parameter, n) in numbers {
            let Some(n) = n else { continue };
            let wrong = |why| eyre!("{} = {n}: {why}", parameter.name);
            parameter.check(n).map_err(wrong)?;
        }
        Ok(())
    }

    /// `~` in what may be a path.
    fn expand_home(&mut self, home: Option<&Path>) {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        for path in [&mut self.catalog, &mut self.pool].into_iter().flatten() {
            *path = home::expanded(&shown(path), home);
        }
        for name in [&mut self.model, &mut self.framework].into_iter().flatten() {
            *name = shown(&home::expanded(name, home));
        }
    }

    /// The decoding parameters: the file's over the defaults.
    pub fn params(&self) -> Result<Params> {
        self.params_over(Params::default())
    }

    /// The decoding parameters: the file's over those that go with a framework.
    pub fn params_with(&self, framework: &Framework) -> Result<Params> {
        self.params_over(framework.over(Params::default()))
    }

    fn params_over(&self, base: Params) -> Result<Params> {
        self.decode.given.over(base).map_err(|e| eyre!(e))
    }

    /// The file's setup under the command line's.
    pub fn under(&self, args: &SetupArgs) -> Result<SetupArgs> {
        Ok(SetupArgs {
            framework: args.framework.clone().or_else(|| self.framework.clone()),
            catalog: args.catalog.clone().or_else(|| self.catalog.clone()),
            pool: args.pool.clone().or_else(|| self.pool.clone()),
            model: args.model.clone().or_else(|| self.model.clone()),
            device: self.or_of_file(args.device, &setup::DEVICE, &self.device)?,
            threads: args.threads.or(self.threads),
            context: args.context.or(self.context),
            quantize: self.or_of_file(args.quantize, &setup::QUANTIZE, &self.quantize)?,
            kv: self.or_of_file(args.kv, &setup::KV, &self.kv)?,
            ..args.clone()
        })
    }

    /// What an option gave, or else the file's text for it.
    fn or_of_file<T>(
        &self,
        given: Option<T>,
        parameter: &SetupParameter,
        text: &Option<String>,
    ) -> Result<Option<T>>
    where
        T: std::str::FromStr<Err = String>,
    {
        let (None, Some(text)) = (&given, text) else {
            return Ok(given);
        };
        let file = self.file.as_deref().unwrap_or(Path::new("config"));
        let wrong = |why| eyre!("{}: {} {why}", file.display(), parameter.name);
        text.parse().map(Some).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::FloatWeights;
    use crate::speculate::params::{AcceptanceRule, Budget};

    fn read(text: impl AsRef<[u8]>) -> Result<Config> {
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
            (Budget::Rows(8), AcceptanceRule::Strict)
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
    fn any_encoding_and_line_end_is_read_up_to_a_bound() {
        let text = "model = \"caf\u{e9}\"\r\nthreads = 3\r\n";
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let utf_16: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            ["\u{feff}", text].concat().into_bytes(),
            text.replace("\r\n", "\r").into_bytes(),
            text.chars().map(|c| c as u8).collect(),
            utf_16,
        ] {
            let config = read(&bytes).unwrap();
            let model = config.model.as_deref();
            assert_eq!((model, config.threads), (Some("caf\u{e9}"), Some(3)));
        }
        let huge = read(vec![b' '; SETTINGS_BYTES_MAX as usize + 1]).unwrap_err();
        assert!(huge.to_string().contains("larger than 16 MiB"), "{huge}");
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
