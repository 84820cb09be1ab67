//! A recorded batch on the Batch screen: its runs become recordings of this session.

use super::state::{BatchScreen, BatchStand, LaneRun, ShownBatch, name_of};
use crate::present::lane_text::LaneText;
use crate::protocol::RunId;
use crate::speculate::passes::{BatchCourse, RecordedBatch};
use crate::speculate::trace::Trace;
use crate::tui::app::{App, Tone};
use crate::tui::runs::run::{Recording, Run};
use crate::tui::screens::Screen;

impl App {
    /// Shows a recorded batch, and says what could not be read of it.
    pub fn open_batch(&mut self, batch: RecordedBatch) {
        self.show_recorded_batch(batch, Recording::File);
        self.screen = Screen::Batch;
        let problems = self.batch.batch.as_ref().map_or(&[][..], |b| &b.problems);
        let text = match problems {
            [] => return,
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} {} more like this.", rest.len()),
        };
        self.tell(Tone::Problem, text);
    }

    /// Puts a recorded batch on the Batch screen.
    pub(crate) fn show_recorded_batch(&mut self, batch: RecordedBatch, kind: Recording) {
        let RecordedBatch {
            header,
            passes,
            traces,
            problems,
            ..
        } = batch;
        let course = BatchCourse::of(header, passes);
        let mut runs: Vec<LaneRun> = Vec::new();
        for trace in traces {
            let run = self.recorded_lane(trace, kind, &course);
            runs.push(run);
        }
        runs.extend(without_trace(&course, &runs));
        let last = course.passes.len().saturating_sub(1);
        self.batch = BatchScreen {
            size: self.batch.size,
            points: self.batch.points.take(),
            sorting: self.batch.sorting,
            n_begun: self.batch.n_begun + 1,
            ..BatchScreen::default()
        };
        self.batch.batch = Some(ShownBatch {
            id: self.batch.n_begun,
            n_ended: course.n_ended_by(last),
            course: Some(course),
            runs,
            stand: BatchStand::Recorded,
            problems,
        });
    }

    /// A trace as a run of this session, and as a lane's.
    fn recorded_lane(&mut self, trace: Trace, kind: Recording, course: &BatchCourse) -> LaneRun {
        let subject = trace.header.subject.clone();
        let name = name_of(&subject.kind, &subject.id);
        let id = self.add_lane_recording(trace, kind);
        let record = self.run_of(id).and_then(|run| run.record.as_ref());
        let text = record.map(LaneText::of).unwrap_or_default();
        self.park_runs();
        LaneRun {
            stay: course.last_stay_of(&name),
            title: subject.title,
            run: Some(id),
            name,
            text,
        }
    }

    fn add_lane_recording(&mut self, trace: Trace, kind: Recording) -> RunId {
        let id = self.next_run_id();
        let mut run = Run::recorded(id, trace, kind);
        run.play_all();
        self.session.runs.push(run);
        id
    }
}

/// The subjects of passes whose runs could not be read.
fn without_trace(course: &BatchCourse, runs: &[LaneRun]) -> Vec<LaneRun> {
    let is_known = |name: &str| runs.iter().any(|run| run.name == name);
    let stays = course.stays.iter().enumerate();
    let last = stays.filter(|(at, stay)| course.last_stay_of(&stay.subject) == Some(*at));
    let lacking = last.filter(|(_, stay)| !is_known(&stay.subject));
    lacking
        .map(|(at, stay)| LaneRun {
            title: stay.subject.clone(),
            name: stay.subject.clone(),
            run: None,
            text: LaneText::default(),
            stay: Some(at),
        })
        .collect()
}
