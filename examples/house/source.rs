//! The source as a parser reads it: what each file names, and what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};
use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// `src/model/kernels/mod.rs` is `model::kernels`.
pub type Module = Vec<String>;

/// Every file by its module.
pub type Files = BTreeMap<Module, SourceFile>;

/// Whether code that only tests have is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    LeftOut,
    Read,
}

/// What a file holds.
#[derive(Default)]
pub struct SourceFile {
    pub lines: usize,
    /// Paths that begin with `crate`, `self` or `super`.
    pub paths: BTreeSet<Vec<String>>,
    pub functions: Vec<Function>,
    /// Literal texts, those of attributes left out, with their lines.
    pub texts: Vec<(String, usize)>,
    /// Traits that it defines.
    pub traits: BTreeSet<String>,
    /// Structs, enums, type aliases and traits that it defines; associated types left out.
    pub types: Vec<String>,
    /// Its modules that only tests have.
    pub test_modules: Vec<String>,
}

pub struct Function {
    pub name: String,
    /// From the signature to the last brace.
    pub lines: usize,
    pub parameters: usize,
    /// The trait whose method it is.
    pub of_trait: Option<String>,
}

/// Reads every file of a folder.
pub fn read(root: &Path, tests: Tests) -> Result<Files> {
    let mut files = Files::new();
    for path in sources(root, tests)? {
        let text = std::fs::read_to_string(&path).wrap_err_with(|| path.display().to_string())?;
        let parsed = syn::parse_file(&text).wrap_err_with(|| path.display().to_string())?;
        let mut reader = Reader::new(tests);
        reader.visit_file(&parsed);
        reader.file.lines = text.lines().count();
        files.insert(module(root, &path), reader.file);
    }
    if tests == Tests::LeftOut {
        let of_file = |(module, file): (&Module, &SourceFile)| {
            let inside = file.test_modules.iter().cloned();
            let inside = inside.map(|name| [module.clone(), vec![name]].concat());
            inside.collect::<Vec<_>>()
        };
        let only_tests: Vec<Module> = files.iter().flat_map(of_file).collect();
        files.retain(|module, _| !only_tests.iter().any(|test| module.starts_with(test)));
    }
    Ok(files)
}

/// The files that each file names.
pub fn arrows(files: &Files) -> BTreeMap<&Module, BTreeSet<Module>> {
    let of_file = |(from, file): (&'_ Module, &'_ SourceFile)| -> BTreeSet<Module> {
        let paths = file.paths.iter();
        paths.filter_map(|path| target(from, path, files)).collect()
    };
    files
        .iter()
        .map(|(m, file)| (m, of_file((m, file))))
        .collect()
}

/// The paths of every file of a folder.
pub fn sources(folder: &Path, tests: Tests) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_wanted = tests == Tests::Read || !name.ends_with("_test.rs");
        if path.is_dir() {
            found.extend(sources(&path, tests)?);
        } else if name.ends_with(".rs") && is_wanted {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn module(root: &Path, path: &Path) -> Module {
    let inside = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let parts = inside.components();
    let mut module: Module = parts
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// The file that a path of file `from` leads to: the longest module that there is.
fn target(from: &Module, path: &[String], files: &Files) -> Option<Module> {
    let mut at: Module = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from.clone(),
    };
    let supers = path
        .iter()
        .take_while(|segment| *segment == "super")
        .count();
    at.truncate(at.len().saturating_sub(supers));
    let mut found = files.contains_key(&at).then(|| at.clone());
    for segment in &path[supers.max(1)..] {
        at.push(segment.clone());
        if files.contains_key(&at) {
            found = Some(at.clone());
        }
    }
    found.filter(|module| module != from)
}

struct Reader {
    tests: Tests,
    file: SourceFile,
    /// The trait that is being implemented.
    of_trait: Option<String>,
    /// Modules inside the file that are open.
    depth: usize,
}

impl Reader {
    fn new(tests: Tests) -> Self {
        Reader {
            tests,
            file: SourceFile::default(),
            of_trait: None,
            depth: 0,
        }
    }

    fn function(&mut self, signature: &syn::Signature, end: proc_macro2::LineColumn) {
        self.file.functions.push(Function {
            name: signature.ident.to_string(),
            lines: end.line + 1 - signature.span().start().line,
            parameters: signature.inputs.len(),
            of_trait: self.of_trait.clone(),
        });
    }

    fn name(&mut self, mut path: Vec<String>) {
        let Some(first) = path.first_mut() else {
            return;
        };
        // As the program itself names its library.
        if first == "laserscope" {
            *first = "crate".into();
        }
        // In a module inside the file, the first steps up stay in the file.
        if self.depth > 0 && matches!(first.as_str(), "super" | "self") {
            let supers = path.iter().take_while(|s| *s == "super").count();
            if supers <= self.depth {
                return;
            }
            path.drain(..self.depth);
        }
        if matches!(path[0].as_str(), "crate" | "super" | "self") {
            self.file.paths.insert(path);
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
            syn::UseTree::Name(syn::UseName { ident })
            | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                before.push(ident.to_string());
                self.name(before);
            }
            syn::UseTree::Glob(_) => self.name(before),
        }
    }

    /// Paths in what a macro is given: `crate :: a :: b`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let ident = ident.to_string();
                    let begins = matches!(ident.as_str(), "crate" | "super" | "self");
                    if begins && path.last().is_none_or(|last| last != "super") {
                        self.name(std::mem::take(&mut path));
                    }
                    if begins || !path.is_empty() {
                        path.push(ident);
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                TokenTree::Group(group) => {
                    self.name(std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                TokenTree::Literal(literal) => {
                    self.name(std::mem::take(&mut path));
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        let line = literal.span().start().line;
                        self.file.texts.push((text.value(), line));
                    }
                }
                TokenTree::Punct(_) => self.name(std::mem::take(&mut path)),
            }
        }
        self.name(path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if self.tests == Tests::Read || !is_test(attributes) {
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(module) = item {
            self.file.test_modules.push(module.ident.to_string());
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, item);
        self.depth -= 1;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.file.traits.insert(item.ident.to_string());
        self.file.types.push(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.file.types.push(item.ident.to_string());
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.file.types.push(item.ident.to_string());
        visit::visit_item_enum(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.file.types.push(item.ident.to_string());
        visit::visit_item_type(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let path = item.trait_.as_ref().map(|(_, path, _)| path);
        let name = path.and_then(|path| path.segments.last());
        self.of_trait = name.map(|segment| segment.ident.to_string());
        visit::visit_item_impl(self, item);
        self.of_trait = None;
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

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        let line = text.span().start().line;
        self.file.texts.push((text.value(), line));
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
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
