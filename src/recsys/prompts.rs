//! Prompts: a framework's templates filled with the catalog's facts.
//!
//! A framework is a TOML file with one template for items and one for users,
//! which anyone can copy and edit. Must not know tokens or chat markup: the
//! model's own chat template wraps what comes out of here.

use std::collections::BTreeSet;

use color_eyre::eyre::{Report, WrapErr, bail, ensure, eyre};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Fact, Item, Subject, SubjectKind, SubjectRef, User};
use super::history::{Rating, Role};
use super::random::hash_text;

/// The frameworks that ship, by name. KAR: Xi et al., RecSys 2024 (arXiv
/// 2306.10933); the wording is ours.
const BUNDLED: [(&str, &str); 1] = [("kar", include_str!("frameworks/kar.toml"))];

/// How many of a user's favourites of each kind a template is given.
const N_FAVOURITES: usize = 3;

const ITEM_NAMES: [&str; 10] = [
    "id", "title", "year", "decade", "genres", "director", "country", "themes", "facts", "noun",
];
const USER_NAMES: [&str; 6] = ["id", "name", "history", "favourites", "facts", "noun"];

/// How a recommender asks for knowledge.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// As knowledge documents and `--framework` name it.
    pub name: String,
    pub title: String,
    pub about: String,
    item: Template,
    user: Template,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    /// Absent: the chat template's own default.
    system: Option<String>,
    /// Earlier questions and the answers they should have had.
    #[serde(default)]
    example: Vec<Example>,
    user: String,
    opening: String,
}

/// A question and its answer, shown to the model before the real one; plain
/// text, the same for every subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub user: String,
    pub assistant: String,
}

/// What is asked of the model about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Absent: the chat template's own default.
    pub system: Option<String>,
    /// Earlier turns that show how an answer looks.
    pub examples: Vec<Example>,
    pub user: String,
    /// The answer's first words, put in the assistant's mouth; may be empty.
    pub opening: String,
    /// Name of the framework.
    pub framework: String,
}

impl Example {
    fn trimmed(&self) -> Self {
        Example {
            user: self.user.trim().to_string(),
            assistant: self.assistant.trim().to_string(),
        }
    }
}

impl Framework {
    /// One of the bundled frameworks, or one's own: a path that ends in `.toml`.
    ///
    /// # Errors
    /// An unknown name, with the known ones; a file that cannot be read.
    pub fn named(name: &str) -> Result<Self, Report> {
        if name.ends_with(".toml") {
            let text = std::fs::read_to_string(name).wrap_err_with(|| format!("reading {name}"))?;
            return Self::parse(name, &text);
        }
        match BUNDLED.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(&format!("frameworks/{name}.toml"), text),
            None => Err(eyre!(
                "unknown framework `{name}`: there is {}, or a file of your own that ends in .toml",
                Self::names().join(", ")
            )),
        }
    }

    pub fn names() -> Vec<&'static str> {
        BUNDLED.iter().map(|(name, _)| *name).collect()
    }

    /// Reads a framework and checks its templates. `file` is the name that error
    /// messages carry.
    pub fn parse(file: &str, text: &str) -> Result<Self, Report> {
        let framework: Self = toml::from_str(text).wrap_err_with(|| format!("reading {file}"))?;
        framework
            .check()
            .wrap_err_with(|| format!("reading {file}"))?;
        Ok(framework)
    }

    /// A hash of name and templates, as 16 hexadecimal digits: other prompts,
    /// another hash.
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", hash_text(0, &format!("{self:?}")))
    }

    fn check(&self) -> Result<(), Report> {
        self.item.check("item", &ITEM_NAMES)?;
        self.user.check("user", &USER_NAMES)
    }

    fn template(&self, kind: SubjectKind) -> &Template {
        match kind {
            SubjectKind::Item => &self.item,
            SubjectKind::User => &self.user,
        }
    }
}

impl Template {
    fn check(&self, table: &str, names: &[&str]) -> Result<(), Report> {
        for (part, text) in self.parts() {
            let environment = environment();
            let name = format!("{table}.{part}");
            let template = environment
                .template_from_named_str(&name, text)
                .wrap_err_with(|| format!("template {name}"))?;
            let unknown: BTreeSet<String> = template
                .undeclared_variables(false)
                .into_iter()
                .filter(|used| !names.contains(&used.as_str()))
                .filter(|used| !environment.globals().any(|(global, _)| global == used))
                .collect();
            ensure!(
                unknown.is_empty(),
                "template {name} uses {unknown:?}; it is given {}",
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

/// The prompt about one subject. An item's is the same in both roles.
///
/// # Errors
/// A user of whom this role has nothing to show, and a template that fails.
pub fn prompt(
    framework: &Framework,
    catalog: &Catalog,
    at: SubjectRef,
    role: Role,
) -> Result<Prompt, Report> {
    let facts = match catalog.subject(at) {
        Subject::Item(item) => Value::from_serialize(ItemFacts::of(item, &catalog.noun)),
        Subject::User(user) => user_facts(catalog, user, role)?,
    };
    let template = framework.template(at.kind);
    let fill = |part: &str, text: &str| {
        let name = format!("{} {}.{part}", framework.name, at.kind);
        let filled = environment().render_named_str(&name, text, &facts);
        filled.map_err(|error| eyre!("template {error:#}"))
    };
    Ok(Prompt {
        system: template
            .system
            .as_deref()
            .map(|text| fill("system", text.trim()))
            .transpose()?,
        examples: template.example.iter().map(Example::trimmed).collect(),
        user: fill("user", template.user.trim())?.trim().to_owned(),
        opening: fill("opening", template.opening.trim_end_matches('\n'))?,
        framework: framework.name.clone(),
    })
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment
}

#[derive(Serialize)]
struct ItemFacts<'a> {
    id: &'a str,
    title: &'a str,
    /// Like `decade`, absent where unknown, and like an empty text false in a
    /// template's `if`.
    year: Option<u16>,
    decade: Option<String>,
    genres: &'a [String],
    director: &'a str,
    country: &'a str,
    themes: &'a [String],
    facts: &'a [Fact],
    /// `movie`, `book`, ...
    noun: &'a str,
}

impl<'a> ItemFacts<'a> {
    fn of(item: &'a Item, noun: &'a str) -> Self {
        Self {
            id: &item.id,
            title: &item.title,
            year: item.year,
            decade: decade(item),
            genres: &item.genres,
            director: &item.director,
            country: &item.country,
            themes: &item.themes,
            facts: &item.facts,
            noun,
        }
    }
}

fn decade(item: &Item) -> Option<String> {
    item.year.map(|year| format!("{}s", year / 10 * 10))
}

#[derive(Serialize)]
struct SeenItem<'a> {
    #[serde(flatten)]
    item: ItemFacts<'a>,
    /// `5`, or `4.5`.
    stars: String,
}

/// What comes back most often in a history, most frequent first.
#[derive(Serialize)]
struct Favourites {
    genres: Vec<Favourite>,
    directors: Vec<Favourite>,
    themes: Vec<Favourite>,
    countries: Vec<Favourite>,
    decades: Vec<Favourite>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Favourite {
    name: String,
    n: usize,
}

fn user_facts(catalog: &Catalog, user: &User, role: Role) -> Result<Value, Report> {
    let shown = catalog.protocol.shown(&user.history, role);
    if shown.is_empty() {
        bail!(
            "user `{}` has too few ratings above {} stars for a prompt: pick another user",
            user.id,
            catalog.protocol.positive_above_stars
        );
    }
    let item_of = |rating: &Rating| &catalog.items[rating.item_idx()];
    let items: Vec<&Item> = shown.iter().map(item_of).collect();
    let history: Vec<SeenItem> = shown
        .iter()
        .map(|rating| SeenItem {
            item: ItemFacts::of(item_of(rating), &catalog.noun),
            stars: rating.stars.to_string(),
        })
        .collect();
    Ok(context! {
        id => user.id,
        name => user.name,
        history => history,
        favourites => favourites(&items),
        facts => user.facts,
        noun => catalog.noun,
    })
}

fn favourites(items: &[&Item]) -> Favourites {
    let of = |list: fn(&Item) -> Vec<String>| tally(items.iter().flat_map(|item| list(item)));
    Favourites {
        genres: of(|item| item.genres.clone()),
        directors: of(|item| vec![item.director.clone()]),
        themes: of(|item| item.themes.clone()),
        countries: of(|item| vec![item.country.clone()]),
        decades: of(|item| decade(item).into_iter().collect()),
    }
}

/// The most frequent names; ties go to the one met first.
fn tally(names: impl Iterator<Item = String>) -> Vec<Favourite> {
    let mut counts: Vec<Favourite> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        match counts.iter_mut().find(|known| known.name == name) {
            Some(known) => known.n += 1,
            None => counts.push(Favourite { name, n: 1 }),
        }
    }
    counts.sort_by_key(|known| std::cmp::Reverse(known.n));
    counts.truncate(N_FAVOURITES);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_ties_keep_their_order() {
        let names = ["b", "a", "c", "a", "d"].map(str::to_owned);
        let names: Vec<(String, usize)> = tally(names.into_iter())
            .into_iter()
            .map(|f| (f.name, f.n))
            .collect();
        let want = [("a", 2), ("b", 1), ("c", 1)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(names, want);
    }

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
}
