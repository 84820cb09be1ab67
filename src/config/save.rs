//! Writes settings into the configuration file's `[decode]` table; everything else,
//! comments included, is unchanged.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::atomic_file;
use crate::speculate::options::said;
use crate::speculate::parameters::{self, Value};
use crate::speculate::params::Params;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

/// Makes these parameters the defaults of the file, which is made if need be.
///
/// # Errors
/// A file that is not TOML, or cannot be written; it is then unchanged.
pub fn save_decode(path: &Path, params: &Params) -> Result<()> {
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
        .ok_or_else(|| eyre!("`decode` is not a table"))?;
    let said = said(params, &Params::default());
    for key in parameters::ALL {
        // One that stays keeps its comments; a preset would overrule the others.
        if !said.iter().any(|(parameter, _)| *parameter == key) {
            table.remove(key.name);
        }
    }
    for (parameter, value) in said {
        table[parameter.name] = item(value);
    }
    Ok(document.to_string())
}

/// A number where TOML has one for it, else the text that the option takes.
fn item(said: Value) -> Item {
    let text = said.to_string();
    match (said, text.parse::<i64>(), text.parse::<f64>()) {
        // The shortest digits that mean the number, not those of its double.
        (Value::Number(_), _, Ok(number)) => value(number),
        (Value::Whole(_) | Value::Budget(_), Ok(whole), _) => value(whole),
        _ => value(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Sampling, Source};

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
        for (verify, written) in [
            (
                AcceptanceRule::Margin {
                    k: ALL_RANKS,
                    m: 0.25,
                },
                "verify = \"margin\"\nk = \"all\"\nmargin = 0.25\n",
            ),
            (
                AcceptanceRule::Deferred {
                    h: f32::INFINITY,
                    w: 4,
                },
                "verify = \"deferred\"\nentropy = inf\nwindow = 4\n",
            ),
        ] {
            let params = Params {
                verify,
                ..Params::default()
            };
            let (text, read) = saved("", &params);
            assert_eq!(read, params);
            assert!(text.contains(written), "{text}");
        }
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
