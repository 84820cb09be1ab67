//! Beginning a batch: for the subjects marked in the catalog, else for a sample of them.

use super::state::{BatchScreen, BatchStand, LaneRun, ShownBatch, name_of};
use crate::present::lane_text::LaneText;
use crate::present::number::count;
use crate::protocol::{Asked, BatchRequest, Command, RunId};
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Run;
use crate::tui::screens::Screen;

/// Without marks, this many times the batch size are sampled.
const SAMPLED: usize = 2;

impl App {
    /// Begins a batch.
    pub(crate) fn start_batch(&mut self) -> Vec<Command> {
        if self.learn.course.is_some() {
            let key = self.key_of(Context::Learn, Action::Close);
            let text = format!("{key} leaves the lesson; then a batch can begin.");
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        if let Some(why) = self.why_no_model("A batch") {
            self.tell(Tone::Info, why);
            return Vec::new();
        }
        match self.asked_together() {
            Ok(asked) if asked.is_empty() => {
                self.tell(Tone::Problem, "No subjects: the catalog lists none.");
                Vec::new()
            }
            Ok(asked) => self.begin_batch(asked),
            Err(why) => {
                self.tell(Tone::Problem, why);
                Vec::new()
            }
        }
    }

    /// The subjects marked, in order; else a sample over the groups of the list in front.
    fn asked_together(&self) -> Result<Vec<Asked>, String> {
        let marked = &self.catalog.marked;
        let subjects = match marked.is_empty() {
            false => marked.clone(),
            true => {
                let catalog = self.catalog.catalog.as_ref().ok_or("No catalog is open.")?;
                catalog.stratified_sample(self.catalog.kind, SAMPLED * self.batch.size)
            }
        };
        let ask = |at| self.catalog.question_about(at);
        let asked = subjects.into_iter().map(ask);
        let asked = asked.map(|question| {
            let (subject, prompt) = question.map_err(|why| format!("No batch: {why:#}"))?;
            Ok(Asked { subject, prompt })
        });
        asked.collect()
    }

    fn begin_batch(&mut self, asked: Vec<Asked>) -> Vec<Command> {
        let (size, n) = (self.batch.size, asked.len());
        let asked: Vec<(RunId, Asked)> = asked
            .into_iter()
            .map(|asked| (self.next_run_id(), asked))
            .collect();
        let id = self.batch.n_begun + 1;
        self.batch = BatchScreen {
            size,
            points: self.batch.points.take(),
            sorting: self.batch.sorting,
            n_begun: id,
            ..BatchScreen::default()
        };
        self.batch.batch = Some(ShownBatch {
            id,
            course: None,
            runs: asked.iter().map(lane_run).collect(),
            stand: BatchStand::Preparing { done: 0, total: 0 },
            n_ended: 0,
            problems: Vec::new(),
        });
        self.screen = Screen::Batch;
        self.tell_begun(n);
        let request = BatchRequest {
            batch: id,
            lanes: size,
            params: self.next.params,
            asked,
        };
        vec![
            Command::SetPace(self.decode.pace.duration()),
            Command::Batch(Box::new(request)),
        ]
    }

    fn tell_begun(&mut self, n: usize) {
        let marked = match self.catalog.marked.is_empty() {
            true => {
                let key = self.key_of(Context::Catalog, Action::Mark);
                format!("sampled over the groups; {key} in the catalog marks others")
            }
            false => "as marked".into(),
        };
        let (n, size) = (count(n, "subject"), self.batch.size);
        self.tell(
            Tone::Info,
            format!("{n}, up to {size} in a pass: {marked}."),
        );
    }

    /// A run of the batch has its lane: from now on it is one of the session's.
    pub(super) fn add_lane_run(&mut self, id: RunId, subject_and_prompt: Asked) {
        let Asked { subject, prompt } = subject_and_prompt;
        let run = Run::live(id, subject, self.next.params, prompt);
        self.session.runs.push(run);
    }
}

fn lane_run((id, asked): &(RunId, Asked)) -> LaneRun {
    LaneRun {
        name: name_of(&asked.subject.kind, &asked.subject.id),
        title: asked.subject.title.clone(),
        run: Some(*id),
        text: LaneText::default(),
        stay: None,
    }
}
