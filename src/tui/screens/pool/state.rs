//! How the Pool screen is looked at: the pools, their documents, one document's
//! text, and what is searched and drafted in them. What is missing is asked of
//! the engine, one thing at a time.
//!
//! Knows what the engine answers; nothing of panes' places.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;

use crate::present::token_text::Joiner;
use crate::protocol::{
    DocumentText, FoundDocument, FoundText, ListedDoc, Overview, PoolName, PoolQuestion, Probe,
    RunId, Section,
};
use crate::speculate::subject::DocId;
use crate::speculate::trace::TokenBytes;
use crate::tui::screens::decode::state::Zoom;
use crate::tui::screens::pool::columns::{
    DocumentColumn, FoundColumn, SectionColumn, SuppliedColumn,
};
use crate::tui::screens::pool::supplied::Supplied;
use crate::tui::screens::{Screen, Typing};
use crate::tui::widgets::ring::neighbour;
use crate::tui::widgets::sort::Sorting;

/// The Pool screen's panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolPane {
    /// The list of pools.
    Pools,
    /// The list of documents.
    Documents,
    /// The right one, whatever it shows.
    View,
}

/// What the right pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolTab {
    /// The selected document's text.
    Text,
    /// The drafts it supplied in the shown run.
    Supplied,
    /// The documents in which a phrase occurs.
    Found,
    /// What would be drafted next.
    Drafts,
}

impl PoolTab {
    pub(crate) const ALL: [PoolTab; 4] = [
        PoolTab::Text,
        PoolTab::Supplied,
        PoolTab::Found,
        PoolTab::Drafts,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            PoolTab::Text => "TEXT",
            PoolTab::Supplied => "SUPPLIED",
            PoolTab::Found => "FOUND",
            PoolTab::Drafts => "DRAFTS",
        }
    }

    pub(crate) fn neighbour(self, forward: bool) -> Self {
        neighbour(&Self::ALL, self, forward)
    }
}

/// A document as it is drawn: its tokens' texts.
#[derive(Clone, Debug)]
pub struct OpenDocument {
    /// Its tokens.
    pub text: DocumentText,
    /// Where it was looked for.
    pub(crate) pool: PoolName,
    pub(crate) cells: Vec<DocumentCell>,
    /// The token that is marked.
    pub at: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentCell {
    pub(crate) text: String,
    /// Byte offsets after which the line breaks.
    pub(crate) breaks: Vec<usize>,
}

/// What was probed, in words, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Probed {
    pub(crate) what: String,
    pub(crate) probe: Probe,
}

/// A document that is to be opened as soon as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) id: DocId,
    pub(crate) pool: PoolName,
    pub(crate) at: Option<usize>,
}

/// The Pool screen's state.
#[derive(Debug)]
pub struct PoolScreen {
    /// The one with the focus.
    pub pane: PoolPane,
    /// What the right pane shows.
    pub tab: PoolTab,
    /// `None` until the engine has answered.
    pub overview: Option<Overview>,
    /// Its pools, in the list's order.
    pub(super) sections: Vec<Section>,
    pub(super) pools_sorting: Sorting<SectionColumn>,
    pub(super) documents_sorting: Sorting<DocumentColumn>,
    pub(crate) pool_row: usize,
    /// Documents of the selected pool as the engine lists them.
    pub documents: Vec<ListedDoc>,
    pub(crate) n_documents: usize,
    /// Which pool these are of.
    pub(crate) listed: Option<PoolName>,
    pub(crate) filter: Input,
    pub(crate) typing: Typing,
    /// Indexes of the documents that the filter leaves.
    pub rows: Vec<usize>,
    /// The selected one of `rows`.
    pub row: usize,
    /// The document shown.
    pub open: Option<OpenDocument>,
    pub(crate) wanted: Option<Wanted>,
    /// The screen that a document was opened from, to go back to.
    pub(crate) came_from: Option<Screen>,
    /// Why the wanted document cannot be shown.
    pub why_not: Option<String>,
    pub(crate) found: Option<FoundText>,
    /// Indexes of its documents, in the list's order.
    pub(super) found_rows: Vec<usize>,
    pub(super) found_sorting: Sorting<FoundColumn>,
    pub(crate) found_row: usize,
    pub(crate) probed: Option<Probed>,
    /// What the last probe is of.
    pub(crate) probe_of: String,
    /// First line shown of the text or the trees; `None`: the first, or where
    /// the text is marked.
    pub(crate) scroll: Option<usize>,
    /// Whether one pane fills the screen.
    pub zoom: Zoom,
    /// Texts typed so far: they need names.
    pub(crate) n_typed: usize,
    /// The drafts of the run shown that the document in view supplied, in the list's order.
    pub supplied: Vec<Supplied>,
    pub(super) supplied_sorting: Sorting<SuppliedColumn>,
    /// The selected one of them.
    pub supplied_row: usize,
    pub(crate) supplied_of: Option<(String, RunId, usize)>,
    /// Asked and not answered yet.
    pub(crate) asked: Option<PoolQuestion>,
    matcher: Matcher,
}

impl Default for PoolScreen {
    fn default() -> Self {
        PoolScreen {
            pane: PoolPane::Documents,
            tab: PoolTab::Text,
            overview: None,
            sections: Vec::new(),
            pools_sorting: Sorting::default(),
            documents_sorting: Sorting::default(),
            pool_row: 0,
            documents: Vec::new(),
            n_documents: 0,
            listed: None,
            filter: Input::default(),
            typing: Typing::No,
            rows: Vec::new(),
            row: 0,
            open: None,
            wanted: None,
            came_from: None,
            why_not: None,
            found: None,
            found_rows: Vec::new(),
            found_sorting: Sorting::default(),
            found_row: 0,
            probed: None,
            probe_of: String::new(),
            scroll: None,
            zoom: Zoom::All,
            n_typed: 0,
            supplied: Vec::new(),
            supplied_sorting: Sorting::default(),
            supplied_row: 0,
            supplied_of: None,
            asked: None,
            matcher: Matcher::new(Config::DEFAULT),
        }
    }
}

impl PoolScreen {
    pub(crate) fn sections(&self) -> &[Section] {
        match &self.overview {
            Some(_) => &self.sections,
            None => &[],
        }
    }

    pub(crate) fn pool(&self) -> Option<&PoolName> {
        self.sections().get(self.pool_row).map(|s| &s.pool)
    }

    /// The document selected in the list.
    pub fn selected(&self) -> Option<&ListedDoc> {
        self.rows.get(self.row).map(|&i| &self.documents[i])
    }

    /// A find by its row in the list.
    pub(crate) fn found_at(&self, row: usize) -> Option<&FoundDocument> {
        let found = self.found.as_ref()?;
        found.documents.get(*self.found_rows.get(row)?)
    }

    pub(crate) fn keep_found(&mut self, found: FoundText) {
        self.found = Some(found);
        self.found_row = 0;
        self.arrange_found();
    }

    /// Everything that was read of the pools is old.
    pub(crate) fn forget(&mut self) {
        self.asked = None;
        self.overview = None;
        self.listed = None;
    }

    pub(crate) fn select_pool(&mut self, row: usize) {
        self.pool_row = row.min(self.sections().len().saturating_sub(1));
        self.row = 0;
    }

    pub(crate) fn select_document(&mut self, row: usize) {
        self.row = row.min(self.rows.len().saturating_sub(1));
    }

    /// Lists again what the filter leaves, best first or as it is sorted.
    pub(crate) fn refilter(&mut self) {
        self.row = 0;
        self.rows = self.matching();
        self.arrange_documents();
    }

    /// The documents that the filter leaves, best first.
    fn matching(&mut self) -> Vec<usize> {
        let wanted = self.filter.value().trim();
        if wanted.is_empty() {
            return (0..self.documents.len()).collect();
        }
        let pattern = Pattern::parse(wanted, CaseMatching::Ignore, Normalization::Smart);
        let mut letters = Vec::new();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (i, doc) in self.documents.iter().enumerate() {
            let name = format!("{} {} {}", doc.title, doc.id, doc.group);
            let name = Utf32Str::new(&name, &mut letters);
            if let Some(score) = pattern.score(name, &mut self.matcher) {
                found.push((score, i));
            }
        }
        found.sort_by_key(|&(score, i)| (std::cmp::Reverse(score), i));
        found.into_iter().map(|(_, i)| i).collect()
    }

    pub(crate) fn keep_overview(&mut self, overview: Overview) {
        let pool = self.sections.get(self.pool_row).map(|s| s.pool.clone());
        self.overview = Some(overview);
        self.arrange_pools();
        let is_it = |s: &Section| Some(&s.pool) == pool.as_ref();
        self.pool_row = self.sections().iter().position(is_it).unwrap_or(0);
    }

    pub(crate) fn keep_documents(&mut self, pool: PoolName, listed: Vec<ListedDoc>, n: usize) {
        let selected = self.selected().map(|d| d.id.clone());
        let row = self.row;
        let same_pool = self.listed.as_ref() == Some(&pool);
        self.documents = listed;
        self.n_documents = n;
        self.listed = Some(pool);
        self.refilter();
        let found = self
            .rows
            .iter()
            .position(|&i| Some(&self.documents[i].id) == selected.as_ref());
        self.select_document(found.unwrap_or(if same_pool { row } else { 0 }));
    }
}

impl OpenDocument {
    pub(crate) fn new(text: DocumentText, pool: PoolName, at: Option<usize>) -> Self {
        let mut joiner = Joiner::default();
        let mut cells: Vec<DocumentCell> = Vec::with_capacity(text.tokens.len());
        for (_, bytes) in &text.tokens {
            let joined = joiner.push(bytes.as_bytes());
            let n = cells.len();
            for before in &mut cells[n - joined.absorbed..] {
                let begun = before.text.rfind('⟨').unwrap_or(before.text.len());
                before.text.truncate(begun);
            }
            cells.push(DocumentCell {
                text: joined.shown.text,
                breaks: joined.shown.breaks,
            });
        }
        let at = at.map(|at| at.min(cells.len().saturating_sub(1)));
        OpenDocument {
            text,
            pool,
            cells,
            at,
        }
    }
}

impl Probed {
    /// A token of its trees.
    pub(crate) fn bytes(&self, token: crate::speculate::TokenId) -> Option<&TokenBytes> {
        let found = self.probe.tokens.binary_search_by_key(&token, |t| t.0);
        found.ok().map(|i| &self.probe.tokens[i].1)
    }
}

impl PoolScreen {
    pub(crate) fn next_question(&mut self) -> Option<PoolQuestion> {
        if let Some(wanted) = &self.wanted {
            return Some(PoolQuestion::Document {
                pool: wanted.pool.clone(),
                id: wanted.id.clone(),
            });
        }
        if self.overview.is_none() {
            return Some(PoolQuestion::Overview);
        }
        let pool = self.pool()?.clone();
        (self.listed.as_ref() != Some(&pool)).then_some(PoolQuestion::Documents { pool })
    }
}
