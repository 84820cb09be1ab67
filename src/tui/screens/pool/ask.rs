//! What the Pool screen lacks, asked of the engine one thing at a time, and what it
//! answers.

use super::change;
use crate::protocol::{Command, DocumentText, PoolAnswer, PoolName, PoolQuestion};
use crate::tui::action::{Action, PoolAction};
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::pool::state::{OpenDocument, PoolPane, PoolTab, Probed, Wanted};
use crate::tui::screens::pool::supplied::{drafts_of, named_documents};

impl App {
    /// Switches to the Pool screen and shows a document, wherever it is, with
    /// one of its tokens marked.
    pub fn open_document(&mut self, doc_id: &str, position: Option<usize>) -> Vec<Command> {
        if self.screen != Screen::Pool {
            self.pool.came_from = Some(self.screen);
        }
        self.screen = Screen::Pool;
        self.pool.pane = PoolPane::View;
        self.pool.tab = PoolTab::Text;
        self.want_document(doc_id, PoolName::Global, position)
    }

    /// Shows a document in the right pane as soon as it is there.
    pub(crate) fn want_document(
        &mut self,
        id: &str,
        pool: PoolName,
        at: Option<usize>,
    ) -> Vec<Command> {
        self.pool.why_not = None;
        self.pool.scroll = None;
        if let Some(open) = self.pool.open.as_mut().filter(|o| o.text.id == id) {
            let last = open.cells.len().saturating_sub(1);
            open.at = at.map(|at| at.min(last));
            self.pool.wanted = None;
        } else {
            let id = id.into();
            self.pool.wanted = Some(Wanted { id, pool, at });
        }
        if !self.engine.model.is_ready() {
            self.pool.why_not = Some(self.why_no_texts());
        }
        self.find_supplied();
        self.ask_for_lacking()
    }

    /// Why the pools' texts are not there.
    pub(crate) fn why_no_texts(&self) -> String {
        match &self.engine.model {
            crate::tui::app::model::ModelState::None => {
                "This is a replay without a model: a trace names the documents that its drafts \
                 came from, but their texts are in the pools, which are loaded with a model. Run \
                 `laserscope` to read them."
                    .into()
            }
            crate::tui::app::model::ModelState::Failed { .. } => {
                let key = self.key_of(Context::Anywhere, Action::RetryModel);
                format!(
                    "No model is loaded, and the pools are stored as its tokens: {key} tries \
                     again."
                )
            }
            _ => "The pools are loaded with the model, which is not ready yet.".into(),
        }
    }

    /// The document that the right pane is about.
    pub fn document_in_view(&self) -> Option<&str> {
        let pools = &self.pool;
        let wanted = pools.wanted.as_ref().map(|w| w.id.as_str());
        wanted.or(pools.open.as_ref().map(|o| o.text.id.as_str()))
    }

    /// What the screen shows next needs this of the engine; one question at a
    /// time, so that moving fast does not flood the engine.
    pub(crate) fn ask_for_lacking(&mut self) -> Vec<Command> {
        if self.screen != Screen::Pool || !self.engine.model.is_ready() {
            self.name_documents();
            return Vec::new();
        }
        if self.pool.asked.is_some() {
            return Vec::new();
        }
        let Some(question) = self.pool.next_question() else {
            return Vec::new();
        };
        self.pool.asked = Some(question.clone());
        vec![Command::Pool(Box::new(question))]
    }

    /// Without a model, the documents that the shown run names stand in for the
    /// pools'.
    fn name_documents(&mut self) {
        if self.screen != Screen::Pool || self.pool.listed.is_some() {
            return;
        }
        if let Some(record) = self.record() {
            let documents = named_documents(&record.trace);
            self.pool.n_documents = documents.len();
            self.pool.documents = documents;
            self.pool.refilter();
        }
    }

    pub(crate) fn pools_answered(
        &mut self,
        question: PoolQuestion,
        answer: Result<PoolAnswer, String>,
    ) -> Vec<Command> {
        if self.pool.asked.as_ref() == Some(&question) {
            self.pool.asked = None;
        }
        match (question, answer) {
            (question, Err(why)) => self.pools_failed(&question, why),
            (_, Ok(PoolAnswer::Overview(overview))) => self.pool.keep_overview(overview),
            (PoolQuestion::Documents { pool }, Ok(PoolAnswer::Documents(documents))) => {
                self.pool
                    .keep_documents(pool, documents.listed, documents.n);
            }
            (_, Ok(PoolAnswer::Document(text))) => self.document_arrived(text),
            (_, Ok(PoolAnswer::Found(found))) => self.pool.keep_found(found),
            (_, Ok(PoolAnswer::Probe(probe))) => {
                let what = self.pool.probe_of.clone();
                self.pool.probed = Some(Probed { what, probe });
                self.pool.scroll = None;
            }
            (_, Ok(PoolAnswer::Changed { change, now })) => {
                self.pool.keep_overview(now);
                self.pool.listed = None;
                let undo = self.key_of(Context::Pool, Action::Pool(PoolAction::Undo));
                self.tell(Tone::Good, change::told(&change, &undo));
            }
            _ => {}
        }
        self.ask_for_lacking()
    }

    fn pools_failed(&mut self, question: &PoolQuestion, why: String) {
        match question {
            PoolQuestion::Document { id, .. } => {
                if self.pool.wanted.as_ref().is_some_and(|w| w.id == *id) {
                    self.pool.wanted = None;
                    self.pool.open = None;
                    self.pool.why_not = Some(why);
                }
            }
            _ => self.tell(Tone::Problem, why),
        }
    }

    fn document_arrived(&mut self, text: DocumentText) {
        let Some(wanted) = self.pool.wanted.take_if(|w| w.id == text.id) else {
            return;
        };
        self.pool.open = Some(OpenDocument::new(text, wanted.pool, wanted.at));
        self.find_supplied();
    }

    /// The drafts that the document in view supplied in the shown run.
    pub(crate) fn find_supplied(&mut self) {
        let (Some(id), Some(run)) = (self.document_in_view(), self.run()) else {
            self.pool.supplied.clear();
            self.pool.supplied_of = None;
            return;
        };
        let key = (id.to_string(), run.id, run.n_steps());
        if self.pool.supplied_of.as_ref() == Some(&key) {
            return;
        }
        let trace = run.record.as_ref().map(|r| &r.trace);
        let supplied = trace.map_or_else(Vec::new, |t| drafts_of(t, id));
        let same = self
            .pool
            .supplied_of
            .as_ref()
            .is_some_and(|old| old.0 == key.0 && old.1 == key.1);
        self.pool.keep_supplied(supplied, same);
        self.pool.supplied_of = Some(key);
    }
}
