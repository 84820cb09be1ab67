//! Finds unsafe code that does not say why it is sound. It reads tokens, so that it
//! also sees code for other platforms and macro bodies, which clippy does not.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::{Tests, sources};

/// Lines of code that may stand between `// SAFETY:` and what it is about.
const BETWEEN: usize = 4;

/// Blocks and implementations without `// SAFETY:`, functions without `# Safety`.
pub fn without_reason(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in sources(root, Tests::Read)? {
        let text = std::fs::read_to_string(&path)?;
        let tokens = text.parse::<TokenStream>();
        let tokens = tokens.map_err(|why| eyre!("{why}"));
        let tokens = tokens.wrap_err_with(|| path.display().to_string())?;
        let mut search = Search {
            lines: text.lines().map(str::trim).collect(),
            found: Vec::new(),
        };
        search.read(tokens, false);
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        let each = search.found.into_iter();
        found.extend(each.map(|(line, what)| format!("{name}, line {line}: {what}")));
    }
    Ok(found)
}

struct Search<'a> {
    lines: Vec<&'a str>,
    found: Vec<(usize, &'static str)>,
}

impl Search<'_> {
    /// Methods of a trait have the trait's contract.
    fn read(&mut self, tokens: TokenStream, of_trait: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let (mut is_impl, mut is_for) = (false, false);
        for (i, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) if ident == "unsafe" => {
                    let line = ident.span().start().line;
                    if let Some(what) = self.lacking(&tokens, i, line, of_trait) {
                        self.found.push((line, what));
                    }
                }
                TokenTree::Ident(ident) if ident == "impl" => is_impl = true,
                TokenTree::Ident(ident) if ident == "for" => is_for = true,
                TokenTree::Group(group) => {
                    self.read(group.stream(), is_impl && is_for);
                    if group.delimiter() == Delimiter::Brace {
                        (is_impl, is_for) = (false, false);
                    }
                }
                TokenTree::Punct(end) if end.as_char() == ';' => (is_impl, is_for) = (false, false),
                _ => {}
            }
        }
    }

    fn lacking(
        &self,
        tokens: &[TokenTree],
        at: usize,
        line: usize,
        of_trait: bool,
    ) -> Option<&'static str> {
        let word = |i: usize| tokens.get(i).map(ToString::to_string).unwrap_or_default();
        let is_name = |i: usize| {
            matches!(
                tokens.get(i),
                Some(TokenTree::Ident(_) | TokenTree::Punct(_))
            )
        };
        match tokens.get(at + 1)? {
            TokenTree::Group(_) => (!self.has_comment(line)).then_some("block"),
            TokenTree::Ident(next) if next == "impl" => {
                (!self.has_comment(line)).then_some("implementation")
            }
            TokenTree::Ident(next) if next == "fn" && is_name(at + 2) && !of_trait => {
                (!has_section(&tokens[..at])).then_some("function")
            }
            TokenTree::Ident(next)
                if next == "extern" && word(at + 3) == "fn" && is_name(at + 4) =>
            {
                (!has_section(&tokens[..at])).then_some("function")
            }
            _ => None,
        }
    }

    fn has_comment(&self, line: usize) -> bool {
        let mut between = 0;
        let above = self.lines[..line - 1].iter().rev();
        let mut near = above.take_while(|line| {
            let is_code = !line.starts_with("//");
            between += usize::from(is_code);
            between <= BETWEEN && !(is_code && line.contains("unsafe"))
        });
        near.any(|line| line.starts_with("// SAFETY:"))
    }
}

/// Whether the documentation that ends where `before` does has `# Safety`.
fn has_section(before: &[TokenTree]) -> bool {
    let is_before_fn = |token: &&TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Ident(ident) => ["pub", "const", "async"].iter().any(|word| ident == word),
        TokenTree::Literal(_) => false,
    };
    let own = before.iter().rev().take_while(is_before_fn);
    own.into_iter()
        .any(|token| token.to_string().contains("# Safety"))
}
