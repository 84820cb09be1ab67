//! Pages, and parts of pages, that are generated from the code. `LASERSCOPE_WRITE_DOCS=1
//! cargo test --release --test laserscope generated` writes them.

use std::fs;

use laserscope::glossary;

use super::{reference, root};

/// Where a generated text goes.
enum Place {
    /// A whole page.
    Page(&'static str),
    /// Between the lines `<!-- NAME: made from the code -->` and `<!-- end of NAME -->`.
    Part(&'static str, &'static str),
}

const GENERATED: [(Place, fn() -> String); 4] = [
    (Place::Page("docs/glossary.md"), glossary::markdown),
    (Place::Page("docs/keys.md"), reference::keys),
    (Place::Page("docs/commands.md"), reference::commands),
    (
        Place::Part("docs/conditions.md", "terms"),
        reference::conditions,
    ),
];

#[test]
fn generated_pages_are_what_the_code_says() {
    let writes = std::env::var_os("LASERSCOPE_WRITE_DOCS").is_some();
    for (place, text) in GENERATED {
        let (Place::Page(name) | Place::Part(name, _)) = place;
        let path = root().join(name);
        let page = fs::read_to_string(&path).unwrap_or_default();
        let wanted = match place {
            Place::Page(_) => text(),
            Place::Part(_, part) => with_part(&page, part, &text()),
        };
        if writes {
            fs::write(&path, wanted).expect("written");
            continue;
        }
        assert!(
            page == wanted,
            "{name} does not match the code: LASERSCOPE_WRITE_DOCS=1 cargo test --release --test \
             laserscope generated writes it"
        );
    }
}

/// The page with one part replaced.
fn with_part(page: &str, part: &str, text: &str) -> String {
    let begin = format!("<!-- {part}: made from the code -->\n");
    let end = format!("<!-- end of {part} -->\n");
    let found = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}\n{text}\n{end}{after}"))
    });
    found.unwrap_or_else(|| panic!("no lines `{}` and `{}`", begin.trim(), end.trim()))
}
