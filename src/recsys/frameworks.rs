//! Frameworks: how a recommender asks for knowledge. A framework is a TOML file with a
//! template for items and one for users, which anyone can copy and edit; four ship,
//! others are found by path, or by name in the user's folder.
//!
//! Must not know catalogs (`prompts.rs` fills the templates), tokens or chat markup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, WrapErr, ensure, eyre};
use serde::Deserialize;

use super::random::hash_text;
use super::subject::SubjectKind;
use crate::jinja::{self, Missing};
use crate::speculate::params::Params;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};

/// The default framework.
pub(crate) const DEFAULT: &str = "kar";

/// The frameworks that ship, by name; the wording is ours. KAR: Xi et al., RecSys
/// 2024 (arXiv 2306.10933). TRAWL: Luo et al., 2024. ONCE: Liu et al., WSDM 2024.
/// RLMRec: Ren et al., WWW 2024.
const BUNDLED: [(&str, &str); 4] = [
    (DEFAULT, include_str!("frameworks/kar.toml")),
    ("trawl", include_str!("frameworks/trawl.toml")),
    ("once", include_str!("frameworks/once.toml")),
    ("rlmrec", include_str!("frameworks/rlmrec.toml")),
];

const EXTENSION: &str = "toml";

const ITEM_NAMES: [&str; 11] = [
    "id",
    "title",
    "year",
    "decade",
    "genres",
    "director",
    "country",
    "themes",
    "facts",
    "noun",
    "categories",
];
const USER_NAMES: [&str; 7] = [
    "id",
    "name",
    "history",
    "favourites",
    "facts",
    "noun",
    "categories",
];

/// How a recommender asks for knowledge.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// The name in knowledge documents and for `--framework`.
    pub name: String,
    /// As lists and the Catalog screen say it.
    pub title: String,
    pub(crate) about: String,
    /// Default for the maximum tokens of an answer.
    pub max_tokens: Option<usize>,
    item: Template,
    user: Template,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// Absent: the chat template's own default.
    pub(crate) system: Option<String>,
    /// Example questions with their ideal answers.
    #[serde(default)]
    pub(crate) example: Vec<Example>,
    pub(crate) user: String,
    pub(crate) opening: String,
}

/// A question and its answer, shown to the model before the real one; plain
/// text, the same for every subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The question.
    pub user: String,
    /// The answer.
    pub assistant: String,
}

/// A framework and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundFramework {
    pub(crate) framework: Framework,
    /// Its TOML, as written.
    pub(crate) text: String,
    /// `None`: it ships.
    pub(crate) path: Option<PathBuf>,
}

impl Example {
    pub(super) fn trimmed(&self) -> Self {
        Example {
            user: self.user.trim().to_string(),
            assistant: self.assistant.trim().to_string(),
        }
    }
}

impl Framework {
    /// A bundled framework, or a custom one by a path that ends in `.toml`.
    ///
    /// # Errors
    /// An unknown name, with the known ones; a file that cannot be read; a template
    /// at fault, by file, template and field.
    pub fn named(name: &str) -> Result<Self, Report> {
        Ok(find(name, None)?.framework)
    }

    /// The names of those that ship.
    pub fn names() -> Vec<&'static str> {
        BUNDLED.iter().map(|(name, _)| *name).collect()
    }

    /// Reads a framework and checks its templates. `file` is the name in error messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, Report> {
        let framework: Self = toml::from_str(text).wrap_err_with(|| format!("reading {file}"))?;
        framework
            .check()
            .wrap_err_with(|| format!("reading {file}"))?;
        Ok(framework)
    }

    /// A hash of name and templates, as 16 hexadecimal digits: different prompts have
    /// different hashes.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:016x}", hash_text(0, &format!("{self:?}")))
    }

    /// Sets its answer length in `params`, if it has one.
    pub(crate) fn over(&self, params: Params) -> Params {
        Params {
            max_tokens: self.max_tokens.unwrap_or(params.max_tokens),
            ..params
        }
    }

    fn check(&self) -> Result<(), Report> {
        let is_plain = |c: char| c.is_alphanumeric() || "-_ .".contains(c);
        ensure!(
            !self.name.is_empty() && self.name.chars().all(is_plain),
            "name {:?}: must consist of letters, digits, - and _, since pools and documents are \
            named after it",
            self.name
        );
        ensure!(
            self.max_tokens != Some(0),
            "max_tokens = 0: must be at least 1, or left out"
        );
        self.item.check("item", &ITEM_NAMES)?;
        self.user.check("user", &USER_NAMES)
    }

    pub(super) fn template(&self, kind: SubjectKind) -> &Template {
        match kind {
            SubjectKind::Item => &self.item,
            SubjectKind::User => &self.user,
        }
    }
}

/// A framework by the path of its file, which ends in `.toml`, or by name: one in
/// `folder` (`once.toml` there is `once`), else one that ships.
///
/// # Errors
/// An unknown name, with the known ones; a file that cannot be read; a template error,
/// with file, template and field.
pub(crate) fn find(name: &str, folder: Option<&Path>) -> Result<FoundFramework, Report> {
    if Path::new(name).extension().is_some_and(|e| e == EXTENSION) {
        return read(Path::new(name));
    }
    let own = folder.map(|folder| folder.join(format!("{name}.{EXTENSION}")));
    if let Some(path) = own.filter(|path| path.is_file()) {
        return read(&path);
    }
    match BUNDLED.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => bundled(name, text),
        None => Err(unknown(name, folder)),
    }
}

/// Those that ship, then those in `folder`, by name; the latter override the former of
/// the same name. A bad file is listed as an error.
pub(crate) fn all(folder: Option<&Path>) -> Vec<Result<FoundFramework, Report>> {
    let own = own_files(folder);
    let name_of = |path: &PathBuf| path.file_stem().map(|stem| stem.to_owned());
    let is_replaced = |name: &str| {
        own.iter()
            .any(|path| name_of(path).is_some_and(|n| n == name))
    };
    let shipped = BUNDLED.iter().filter(|(name, _)| !is_replaced(name));
    let shipped = shipped.map(|(name, text)| bundled(name, text));
    shipped.chain(own.iter().map(|path| read(path))).collect()
}

fn own_files(folder: Option<&Path>) -> Vec<PathBuf> {
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let files = entries.into_iter().flatten().flatten().map(|e| e.path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|e| e == EXTENSION))
        .collect();
    files.sort();
    files
}

fn bundled(name: &str, text: &str) -> Result<FoundFramework, Report> {
    Ok(FoundFramework {
        framework: Framework::parse(&format!("frameworks/{name}.{EXTENSION}"), text)?,
        text: text.to_string(),
        path: None,
    })
}

fn read(path: &Path) -> Result<FoundFramework, Report> {
    let file = path.display().to_string();
    let text = read_text(path, SETTINGS_BYTES_MAX)?.text;
    Ok(FoundFramework {
        framework: Framework::parse(&file, &text)?,
        text,
        path: Some(path.to_path_buf()),
    })
}

fn unknown(name: &str, folder: Option<&Path>) -> Report {
    let own = own_files(folder);
    let own = own.iter().filter_map(|path| path.file_stem()?.to_str());
    let known: BTreeSet<&str> = Framework::names().into_iter().chain(own).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let place = folder.map_or_else(String::new, |folder| {
        format!(
            ", or {} in {}",
            format_args!("{name}.{EXTENSION}"),
            folder.display()
        )
    });
    eyre!(
        "unknown framework `{name}`: known are {}, or give a .toml file{place}",
        known.join(", ")
    )
}

impl Template {
    fn check(&self, table: &str, names: &[&str]) -> Result<(), Report> {
        for (part, text) in self.parts() {
            let name = format!("{table}.{part}");
            let unknown: BTreeSet<String> = parsed(&name, text)
                .wrap_err_with(|| format!("template {name}"))?
                .free_names()
                .into_iter()
                .filter(|used| !names.contains(&used.as_str()))
                .collect();
            ensure!(
                unknown.is_empty(),
                "template {name} uses the unknown {unknown:?}; available are {}",
                names.join(", ")
            );
        }
        ensure!(
            !self.user.trim().is_empty(),
            "template {table}.user is empty"
        );
        Ok(())
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let system = self.system.as_deref().map(|text| ("system", text));
        system.into_iter().chain([
            ("user", self.user.as_str()),
            ("opening", self.opening.as_str()),
        ])
    }
}

/// A parsed template that uses only available variables. The filter `json` writes JSON
/// without spaces.
pub(super) fn parsed(name: &str, text: &str) -> Result<jinja::Template, jinja::Error> {
    jinja::Template::parse(name, text, Missing::Strict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_framework_is_well_formed() {
        for name in Framework::names() {
            assert_eq!(Framework::named(name).expect("well formed").name, name);
        }
    }

    #[test]
    fn a_template_may_only_use_what_it_is_given() {
        let text = include_str!("frameworks/kar.toml").replace("{{ title }}", "{{ actors }}");
        let error = Framework::parse("mine.toml", &text).expect_err("unknown name");
        let message = format!("{error:#}");
        assert!(
            message.contains("mine.toml") && message.contains("actors"),
            "{message}"
        );
    }

    #[test]
    fn json_is_what_a_model_would_write() {
        let template = parsed("test", r#"{{ "Miller's <x> \"é\"" | json }}"#).expect("parses");
        let text = template.render(&[]).expect("renders");
        assert_eq!(text, r#""Miller's <x> \"é\"""#);
    }

    #[test]
    fn a_folder_adds_frameworks_and_replaces_those_of_its_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let put = |file: &str, text: String| {
            std::fs::write(folder.path().join(file), text).expect("writes");
        };
        let own = |title: &str| {
            let once = include_str!("frameworks/once.toml");
            once.replace("title = \"ONCE\"", &format!("title = \"{title}\""))
        };
        put(
            "mine.toml",
            own("Mine").replace("name = \"once\"", "name = \"mine\""),
        );
        put("once.toml", own("Ours"));
        put("broken.toml", "name = 3".into());
        put("notes.txt", "no framework".into());
        let at = Some(folder.path());
        let title = |name: &str| find(name, at).map(|found| found.framework.title);
        assert_eq!(title("mine").expect("found"), "Mine");
        assert_eq!(title("once").expect("found"), "Ours");
        assert_eq!(title("kar").expect("found"), "KAR");
        let listed = all(at);
        let names: Vec<&str> = listed
            .iter()
            .flatten()
            .map(|found| found.framework.name.as_str())
            .collect();
        assert_eq!(names, ["kar", "trawl", "rlmrec", "mine", "once"]);
        let broken = listed.iter().find_map(|found| found.as_ref().err());
        assert!(format!("{:#}", broken.expect("told")).contains("broken.toml"));
        let unknown = title("karr").expect_err("unknown").to_string();
        assert!(
            unknown.contains("mine") && unknown.contains("karr"),
            "{unknown}"
        );
    }
}
