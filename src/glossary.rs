//! The words, figures and abbreviations of the screens, from one file
//! (`assets/glossary.toml`): the help, the zoomed panes and `docs/glossary.md` read
//! it, so that no two of them can explain a figure differently.
//!
//! Knows words and the names of panes; nothing of what a pane draws.

use std::sync::LazyLock;

use serde::Deserialize;

const SOURCE: &str = include_str!("../assets/glossary.toml");

/// A pane, screen or dialog that shows words worth explaining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GlossaryPlace {
    /// Decode's running text.
    Text,
    /// Decode's draft tree.
    Tree,
    /// Decode's list of steps.
    Steps,
    /// Decode's pane of one token: its fate and candidates.
    Token,
    /// Decode's pane of hits and sources.
    Pool,
    /// Decode's pane of times and speed-ups.
    Speed,
    /// The Catalog screen.
    Catalog,
    /// The sliders and the what-if.
    Tune,
    /// The Tune screen's heat map and frontier.
    Sweep,
    /// The Compare screen.
    Compare,
    /// The Pool screen.
    Pools,
    /// The Learn screen.
    Learn,
    /// The Batch screen.
    Batch,
    /// The dialog of parameters.
    Settings,
    /// The dialog *Why slow?*.
    WhySlow,
    /// The dialog *Why low?*.
    WhyLow,
    /// The dialog *Inside the pass*.
    Pass,
    /// The acceptance board, a tab of the Catalog screen.
    Board,
}

impl GlossaryPlace {
    #[cfg(test)]
    pub(crate) const ALL: [GlossaryPlace; 18] = [
        GlossaryPlace::Catalog,
        GlossaryPlace::Text,
        GlossaryPlace::Tree,
        GlossaryPlace::Steps,
        GlossaryPlace::Token,
        GlossaryPlace::Pool,
        GlossaryPlace::Speed,
        GlossaryPlace::WhySlow,
        GlossaryPlace::WhyLow,
        GlossaryPlace::Pass,
        GlossaryPlace::Board,
        GlossaryPlace::Settings,
        GlossaryPlace::Tune,
        GlossaryPlace::Sweep,
        GlossaryPlace::Compare,
        GlossaryPlace::Pools,
        GlossaryPlace::Learn,
        GlossaryPlace::Batch,
    ];

    /// As its title on the screen says it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            GlossaryPlace::Text => "TEXT",
            GlossaryPlace::Tree => "DRAFT TREE",
            GlossaryPlace::Steps => "STEPS",
            GlossaryPlace::Token => "TOKEN",
            GlossaryPlace::Pool => "POOL",
            GlossaryPlace::Speed => "SPEED",
            GlossaryPlace::Catalog => "Catalog",
            GlossaryPlace::Tune => "Tune",
            GlossaryPlace::Sweep => "SWEEP",
            GlossaryPlace::Compare => "Compare",
            GlossaryPlace::Pools => "Pool screen",
            GlossaryPlace::Learn => "Learn",
            GlossaryPlace::Batch => "Batch",
            GlossaryPlace::Settings => "SETTINGS",
            GlossaryPlace::WhySlow => "WHY SLOW?",
            GlossaryPlace::WhyLow => "WHY LOW?",
            GlossaryPlace::Pass => "INSIDE THE PASS",
            GlossaryPlace::Board => "Board",
        }
    }
}

/// A word, a figure or an abbreviation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// As the screens write it.
    pub name: String,
    /// Other ways they write it, and its full form.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// Where it is shown.
    pub(crate) panes: Vec<GlossaryPlace>,
    /// What it is, in a line.
    pub short: String,
    /// How it is computed, what to make of it; may be empty.
    #[serde(default)]
    pub long: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    term: Vec<Term>,
}

static TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| read(SOURCE).unwrap_or_default());

fn read(text: &str) -> Result<Vec<Term>, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.term)
}

/// All of them, in the file's order.
pub fn terms() -> &'static [Term] {
    &TERMS
}

/// Those of a pane, in the file's order.
pub fn of(place: GlossaryPlace) -> impl Iterator<Item = &'static Term> {
    terms().iter().filter(move |t| t.panes.contains(&place))
}

/// The term that a screen writes like this; capitals do not matter.
pub fn named(label: &str) -> Option<&'static Term> {
    let is = |name: &str| name.eq_ignore_ascii_case(label);
    terms()
        .iter()
        .find(|t| is(&t.name) || t.also.iter().any(|a| is(a)))
}

/// The terms that hold what was typed: names first, then explanations.
pub(crate) fn find(typed: &str) -> Vec<&'static Term> {
    let typed = typed.trim().to_lowercase();
    let rank = |term: &Term| {
        let holds = |text: &str| text.to_lowercase().contains(&typed);
        let names = || std::iter::once(&term.name).chain(&term.also);
        if names().any(|n| n.to_lowercase() == typed) {
            Some(0)
        } else if names().any(|n| n.to_lowercase().starts_with(&typed)) {
            Some(1)
        } else if names().any(|n| holds(n)) {
            Some(2)
        } else {
            (holds(&term.short) || holds(&term.long)).then_some(3)
        }
    };
    let ranked = terms().iter().filter_map(|t| Some((rank(t)?, t)));
    let mut found: Vec<(u8, &Term)> = ranked.collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, term)| term).collect()
}

/// The glossary as a page: `docs/glossary.md`.
pub fn markdown() -> String {
    let mut sorted: Vec<&Term> = terms().iter().collect();
    sorted.sort_by_key(|t| t.name.to_lowercase());
    let mut out = String::from(
        "# Glossary\n\nThe words, figures and abbreviations of LaserScope's screens. In the program, `?` \
         explains those of the focused pane, and `/` there searches all of them.\n\nThis page is made from \
         `assets/glossary.toml`.\n",
    );
    for term in sorted {
        out.push_str(&entry(term));
    }
    out
}

fn entry(term: &Term) -> String {
    let also = match term.also.is_empty() {
        true => String::new(),
        false => format!(" ({})", code(&term.also)),
    };
    let places: Vec<&str> = term.panes.iter().map(|p| p.title()).collect();
    let long = match term.long.is_empty() {
        true => String::new(),
        false => format!(" {}", term.long),
    };
    let short = &term.short;
    let places = places.join(", ");
    format!(
        "\n**`{}`**{also}: {short}.{long} *On: {places}.*\n",
        term.name
    )
}

fn code(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_can_be_read_and_names_each_word_once() {
        let terms = read(SOURCE).expect("a glossary");
        let mut seen = HashSet::new();
        for term in &terms {
            assert!(!term.panes.is_empty(), "{}: shown nowhere", term.name);
            assert!(!term.short.ends_with('.'), "{}: a line", term.name);
            for name in std::iter::once(&term.name).chain(&term.also) {
                assert!(seen.insert(name.clone()), "`{name}` is explained twice");
            }
        }
    }

    #[test]
    fn every_pane_has_words() {
        for place in GlossaryPlace::ALL {
            assert!(of(place).next().is_some(), "{place:?}");
        }
    }

    #[test]
    fn names_are_found_before_explanations() {
        let found = find("mal");
        assert_eq!(found[0].name, "MAL");
        assert!(find("mean accepted length").iter().any(|t| t.name == "MAL"));
        assert!(found.len() > 1, "explanations that mention it follow");
        assert!(find("no such word at all").is_empty());
    }

    #[test]
    fn labels_are_looked_up_as_screens_write_them() {
        assert_eq!(named("drafts taken").expect("a term").name, "draft token");
        assert_eq!(named("hits").expect("a term").name, "hit");
        assert!(named("nothing of the kind").is_none());
    }
}
