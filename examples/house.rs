//! What the house is like to live in, counted over the source that is shipped (tests
//! left out), with a parser:
//!
//!     cargo run --example house            # every finding, then the counts
//!     cargo run --example house -- --check # fails where a count is above its bound

#![allow(clippy::disallowed_macros, reason = "a report for a reader")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Lines of a function, from its signature to its last brace.
const LONG: usize = 40;
const TOO_LONG: usize = 60;
/// Lines of a file.
const LARGE: usize = 400;
const PARAMETERS: usize = 6;

/// A count, and what it may be at most.
struct Count {
    what: String,
    found: Vec<String>,
    at_most: usize,
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    for path in sources(&root)? {
        let text = std::fs::read_to_string(&path).wrap_err_with(|| path.display().to_string())?;
        let parsed = syn::parse_file(&text).wrap_err_with(|| path.display().to_string())?;
        let mut seen = Seen::default();
        seen.visit_file(&parsed);
        seen.lines = text.lines().count();
        files.insert(module(&root, &path), seen);
    }
    let counts = counts(&files);
    for count in &counts {
        for finding in &count.found {
            println!("{}: {finding}", count.what);
        }
    }
    println!();
    for Count {
        what,
        found,
        at_most,
    } in &counts
    {
        println!("{:>5}  {what} (at most {at_most})", found.len());
    }
    let check = std::env::args().any(|argument| argument == "--check");
    if check && counts.iter().any(|count| count.found.len() > count.at_most) {
        bail!("above the bounds");
    }
    Ok(())
}

/// Source files, tests left out.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if name.ends_with(".rs") && !name.ends_with("_test.rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

type Module = Vec<String>;

/// `src/model/kernels/mod.rs` is `model::kernels`.
fn module(root: &Path, path: &Path) -> Module {
    let inside = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let mut module: Module = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// What a file holds.
#[derive(Default)]
struct Seen {
    lines: usize,
    /// Paths that begin with `crate`, `self` or `super`.
    paths: BTreeSet<Vec<String>>,
    /// Name and lines.
    functions: Vec<(String, usize)>,
    /// Name and number of parameters.
    parameters: Vec<(String, usize)>,
}

impl Seen {
    fn function(&mut self, signature: &syn::Signature, end: proc_macro2::LineColumn) {
        let name = signature.ident.to_string();
        let lines = end.line + 1 - signature.span().start().line;
        self.functions.push((name.clone(), lines));
        self.parameters.push((name, signature.inputs.len()));
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg") || attribute.path().is_ident("test");
        is_cfg
            && quote::ToTokens::to_token_stream(attribute)
                .to_string()
                .contains("test")
    })
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, item.block.span().end());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, item.block.span().end());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        self.name(segments.collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(Vec::new(), &item.tree);
    }
}

impl Seen {
    fn name(&mut self, path: Vec<String>) {
        if matches!(
            path.first().map(String::as_str),
            Some("crate" | "super" | "self")
        ) {
            self.paths.insert(path);
        }
    }

    fn tree(&mut self, mut before: Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before.clone(), tree);
                }
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.name(before);
            }
            syn::UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.name(before);
            }
            syn::UseTree::Glob(_) => self.name(before),
        }
    }
}

/// The file that a path of file `from` leads to: the longest module that there is.
fn target(from: &Module, path: &[String], files: &BTreeMap<Module, Seen>) -> Option<Module> {
    let mut at: Module = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from.clone(),
    };
    let mut rest = &path[1..];
    if path[0] == "super" {
        at.pop();
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop();
            rest = &rest[1..];
        }
    }
    let mut found = files.contains_key(&at).then(|| at.clone());
    for segment in rest {
        at.push(segment.clone());
        if files.contains_key(&at) {
            found = Some(at.clone());
        }
    }
    found.filter(|module| module != from)
}

fn counts(files: &BTreeMap<Module, Seen>) -> Vec<Count> {
    let name = |module: &Module| module.join("::");
    let mut arrows: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, seen) in files {
        let to = seen
            .paths
            .iter()
            .filter_map(|path| target(from, path, files));
        arrows.insert(from, to.collect());
    }
    let functions = |bound: usize| {
        let long = files.iter().flat_map(move |(module, seen)| {
            let long = seen
                .functions
                .iter()
                .filter(move |(_, lines)| *lines > bound);
            long.map(move |(f, lines)| format!("{}::{f}, {lines} lines", module.join("::")))
        });
        long.collect::<Vec<_>>()
    };
    let outside = arrows.iter().filter(|(from, _)| {
        !matches!(
            from.first().map(String::as_str),
            Some("tui" | "start" | "main")
        )
    });
    let into_tui = outside.flat_map(|(from, to)| {
        let tui = to
            .iter()
            .filter(|to| to.first().is_some_and(|room| room == "tui"));
        tui.map(|to| format!("{} imports {}", from.join("::"), to.join("::")))
    });
    let large = files.iter().filter(|(_, seen)| seen.lines > LARGE);
    let many = files.iter().flat_map(|(module, seen)| {
        let many = seen.parameters.iter().filter(|(_, n)| *n > PARAMETERS);
        many.map(|(f, n)| format!("{}::{f}, {n} parameters", module.join("::")))
    });
    let count = |what: String, found, at_most| Count {
        what,
        found,
        at_most,
    };
    vec![
        count("circles between files".into(), circles(&arrows), 0),
        count(
            "`tui` outside `tui/` and the start".into(),
            into_tui.collect(),
            0,
        ),
        count(format!("functions above {LONG} lines"), functions(LONG), 15),
        count(
            format!("functions above {TOO_LONG} lines"),
            functions(TOO_LONG),
            0,
        ),
        count(
            format!("files above {LARGE} lines"),
            large
                .map(|(module, seen)| format!("{}, {} lines", name(module), seen.lines))
                .collect(),
            6,
        ),
        count(
            format!("functions of more than {PARAMETERS} parameters"),
            many.collect(),
            0,
        ),
    ]
}

/// Files that reach each other, as strongly connected components; a module and the files
/// in its own folder are one concept.
fn circles(arrows: &BTreeMap<&Module, BTreeSet<Module>>) -> Vec<String> {
    let reach = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = open.pop() {
            for to in arrows.get(&at).into_iter().flatten() {
                let is_own = to.starts_with(&at) || at.starts_with(to);
                if !is_own && seen.insert(to.clone()) {
                    open.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|from| (*from, reach(from))).collect();
    let mut circles = BTreeSet::new();
    for (from, to) in &reached {
        let back = to
            .iter()
            .filter(|to| reached.get(to).is_some_and(|r| r.contains(*from)));
        let mut circle: BTreeSet<String> = back.map(|module| module.join("::")).collect();
        if !circle.is_empty() {
            circle.insert(from.join("::"));
            circles.insert(circle.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    circles.into_iter().collect()
}
