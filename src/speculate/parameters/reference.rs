//! Renders the table as a page, `docs/parameters.md`.

use super::setup::{self, SetupParameter};
use super::{ALL, Parameter, Range, SettingRow, TEMPERATURE};

const INTRODUCTION: &str = "\
# Parameters

## Decoding

Each is an option of `generate`, `bench decode`, `bench batch` and `trace whatif` (`sweep`
takes those that all its cells share, and lists of the rules' numbers), and a key of the same
name in the `[decode]` table of the [configuration file](configuration.md). Most are also in the
playground, among the settings and the sliders.

The last column says what it takes to see the effect of a change on a recorded run: a *what-if*,
which judges its rows again without the model; a *what-if, if lowered*; or a *rerun*. [Rules and
what-if](rules-and-what-if.md) says how far a what-if is exact. *One notch* is the step of a
slider.

This page is generated from `src/speculate/parameters/`.
";

const HEAD: [&str; 9] = [
    "option (`--`) and key",
    "in the playground",
    "what it does",
    "range",
    "default",
    "unit",
    "one notch",
    "goes with",
    "a change needs",
];

const SETUP: &str = "
## Every command

Where the catalog, pools, model and device come from, and how the screens look. A change needs
a rerun or a restart of the program. Options with a key can be set at the top of the
configuration file, where `~` in paths is your home folder.

";

const SETUP_HEAD: [&str; 5] = ["option", "key", "what it does", "range", "default"];

/// The page in Markdown.
pub(crate) fn markdown() -> String {
    let mut page = INTRODUCTION.to_string() + "\n";
    page.push_str(&row(HEAD.map(String::from)));
    page.push_str(&row(HEAD.map(|_| "---".to_string())));
    for parameter in ALL {
        page.push_str(&row(cells(parameter)));
    }
    page.push_str(SETUP);
    page.push_str(&row(SETUP_HEAD.map(String::from)));
    page.push_str(&row(SETUP_HEAD.map(|_| "---".to_string())));
    for parameter in setup::ALL {
        page.push_str(&row(setup_cells(parameter)));
    }
    page
}

fn setup_cells(parameter: &SetupParameter) -> [String; 5] {
    let key = match parameter.is_key {
        true => format!("`{}`", parameter.name),
        false => String::new(),
    };
    [
        format!(
            "`{}`",
            format!("--{} {}", parameter.name, parameter.placeholder).trim_end()
        ),
        key,
        parameter.help.to_string(),
        parameter.range.map_or_else(String::new, Range::in_short),
        parameter.default.to_string(),
    ]
}

fn row<const N: usize>(cells: [String; N]) -> String {
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}

fn cells(parameter: &Parameter) -> [String; 9] {
    [
        format!("`{}`", parameter.name),
        playground(parameter),
        parameter.help.to_string(),
        parameter.range.in_short(),
        parameter.default_text(),
        parameter.unit.to_string(),
        parameter.notches.in_words(),
        company(parameter),
        parameter.reach.in_words().to_string(),
    ]
}

/// Its name on the screens, and where to find it.
fn playground(parameter: &Parameter) -> String {
    match parameter.row {
        SettingRow::Settings(_) => format!("{}: settings, sliders", parameter.label),
        SettingRow::Sliders(_) => format!("{}: sliders", parameter.label),
        SettingRow::None => String::new(),
    }
}

/// The rules that it is a number of, or the parameter that it requires.
fn company(parameter: &Parameter) -> String {
    let is_sampled = parameter.difference == TEMPERATURE.difference;
    if is_sampled && *parameter != TEMPERATURE {
        return TEMPERATURE.name.to_string();
    }
    if !parameter.is_rule_number() {
        return String::new();
    }
    let rules: Vec<&str> = parameter.rules().map(|rule| rule.into()).collect();
    rules.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `LASERSCOPE_WRITE_DOCS=1` writes the page instead.
    #[test]
    fn the_page_is_the_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/parameters.md");
        if std::env::var_os("LASERSCOPE_WRITE_DOCS").is_some() {
            std::fs::write(path, markdown()).expect("written");
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            page == markdown(),
            "docs/parameters.md does not match src/speculate/parameters/: \
             LASERSCOPE_WRITE_DOCS=1 cargo test --release --lib parameters writes it"
        );
    }
}
