//! Links within the repository: the file exists, and so does the heading.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::{Page, pages, root};

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        for link in page.links() {
            if let Err(why) = follow(&page, &link) {
                broken.push(format!("{}: ({link}) {why}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_list_of_documents_has_every_document() {
    let list = Page::named("docs/README.md").links();
    let linked: HashSet<&str> = list.iter().map(String::as_str).collect();
    for page in pages().iter().filter(|page| page.path.starts_with("docs")) {
        let name = page.path.file_name().expect("a name");
        let name = name.to_str().expect("UTF-8");
        assert!(name == "README.md" || linked.contains(name), "{name}");
    }
}

fn follow(page: &Page, link: &str) -> Result<(), String> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let path = match file {
        "" => page.path.clone(),
        _ => plain(&page.path.with_file_name(file)),
    };
    if !root().join(&path).exists() {
        return Err("does not exist".into());
    }
    let is_page = path.extension().is_some_and(|end| end == "md");
    if heading.is_empty() || !is_page {
        return Ok(());
    }
    match super::page(path).anchors().contains(heading) {
        true => Ok(()),
        false => Err("has no such heading".into()),
    }
}

/// The path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

impl Page {
    /// The targets of its links and pictures, except those outside the repository.
    fn links(&self) -> Vec<String> {
        let prose: Vec<&str> = self.prose().collect();
        let prose = prose.join(" ");
        let ends = prose.split("](").skip(1);
        let targets = ends.filter_map(|rest| Some(rest.split_once(')')?.0.to_string()));
        targets.filter(|link| !link.contains("://")).collect()
    }

    /// Its headings as GitHub anchors.
    fn anchors(&self) -> HashSet<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings
            .map(|heading| {
                let text = heading.trim_start_matches('#').trim().to_lowercase();
                let kept = text
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.map(|c| if c == ' ' { '-' } else { c }).collect()
            })
            .collect()
    }
}
