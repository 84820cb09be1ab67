//! Settings written into the configuration file: its `[decode]` table, whatever
//! else it holds, comments too, left as it is.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::atomic_file;
use crate::speculate::options::options;
use crate::speculate::params::Params;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

/// Every key that settings are written under; `preset` would overrule them.
const KEYS: [&str; 20] = [
    "preset",
    "verify",
    "k",
    "tau",
    "ratio",
    "eps",
    "delta",
    "budget",
    "branch",
    "suffix",
    "sources",
    "source-weights",
    "drafter",
    "repeat-penalty",
    "repeat-window",
    "temperature",
    "top-k",
    "top-p",
    "seed",
    "max-tokens",
];

/// Makes these parameters the defaults of the file, which is made if need be.
///
/// # Errors
/// A file that is no TOML, or cannot be written; it stays as it was then.
pub(crate) fn save_decode(path: &Path, params: &Params) -> Result<()> {
    let shown = path.display();
    let text = match path.exists() {
        true => read_text(path, SETTINGS_BYTES_MAX)?.text,
        false => String::new(),
    };
    let text = with_decode(&text, params).wrap_err_with(|| shown.to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).wrap_err_with(|| format!("writing {shown}"))?;
    atomic_file::write(path, text)
}

fn with_decode(text: &str, params: &Params) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let decode = document
        .entry("decode")
        .or_insert_with(|| Item::Table(Table::new()));
    let table = decode
        .as_table_mut()
        .ok_or_else(|| eyre!("`decode` is no table"))?;
    let said = pairs(params);
    for key in KEYS {
        // One that stays keeps its comments.
        if !said.iter().any(|(name, _)| name == key) {
            table.remove(key);
        }
    }
    for (name, said) in said {
        let name = name.as_str();
        table[name] = match (said.parse::<i64>(), said.parse::<f64>()) {
            (Ok(whole), _) if !is_fraction(name) => value(whole),
            (_, Ok(number)) => value(number),
            _ => value(said),
        };
    }
    Ok(document.to_string())
}

/// The keys that say what differs from the defaults, and the rule.
fn pairs(params: &Params) -> Vec<(String, String)> {
    let mut words = options(params, &Params::default()).into_iter();
    let mut pairs = Vec::new();
    while let (Some(name), Some(said)) = (words.next(), words.next()) {
        pairs.push((name.trim_start_matches("--").to_string(), said));
    }
    pairs
}

fn is_fraction(name: &str) -> bool {
    matches!(
        name,
        "tau" | "ratio" | "eps" | "delta" | "repeat-penalty" | "temperature" | "top-p"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::speculate::params::{AcceptanceRule, Budget, Sampling, Source};

    fn saved(text: &str, params: &Params) -> (String, Params) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("config.toml");
        if !text.is_empty() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes it");
            std::fs::write(&path, text).expect("writes");
        }
        save_decode(&path, params).expect("saves");
        let config = Config::read(Some(&path)).expect("reads");
        let text = std::fs::read_to_string(&path).expect("reads");
        (text, config.params().expect("good"))
    }

    #[test]
    fn what_is_saved_is_read_back_and_the_rest_stays() {
        let mut params = Params {
            verify: AcceptanceRule::Relaxed { k: 3, tau: 0.25 },
            budget: Budget::Rows(16),
            max_suffix: 8,
            repeat_penalty: 1.0,
            ..Params::default()
        };
        params.sources.toggle(Source::Global);
        let before =
            "# mine\ntheme = \"light\"\n\n[decode]\n# why\nverify = \"typical\"\neps = 0.2\n";
        let (text, read) = saved(before, &params);
        assert_eq!(read, params);
        assert!(
            text.contains("# mine\ntheme = \"light\"") && text.contains("# why"),
            "{text}"
        );
        assert!(!text.contains("eps"), "{text}");
        params = Params {
            verify: AcceptanceRule::Strict,
            sampling: Some(Sampling {
                temperature: 0.7,
                top_k: Some(40),
                top_p: None,
                seed: 9,
            }),
            ..Params::default()
        };
        assert_eq!(saved("", &params).1, params);
        assert_eq!(saved(&text, &Params::default()).1, Params::default());
    }

    #[test]
    fn a_file_that_is_no_toml_stays_as_it_was() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "theme = ").expect("writes");
        let error = save_decode(file.path(), &Params::default()).expect_err("no TOML");
        assert!(format!("{error:#}").contains("line 1"), "{error:#}");
        assert_eq!(
            std::fs::read_to_string(file.path()).expect("reads"),
            "theme = "
        );
    }
}
