//! The course of a batch: which subject is in which lane at which pass, and how far its
//! answer has come by then. Grows pass by pass, live or from a record; knows no texts.

use std::collections::HashMap;

use super::profiled::ProfiledPass;
use super::{LaneRecord, PassRecord, PassesHeader};
use crate::speculate::cost::PassCosts;

/// A run in its lane, from the first pass with rows of it to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Stay {
    pub(crate) lane: usize,
    /// `item/i101`
    pub(crate) subject: String,
    /// Index of the first pass.
    pub(crate) first: usize,
    /// Rows of its prompt that were computed in passes; the shared prefix is not among
    /// them.
    pub(crate) prompt_rows: usize,
    /// Per step: the pass that made it, and the tokens committed up to its end.
    steps: Vec<(usize, usize)>,
    /// Whether its last step has ended it.
    is_ended: bool,
}

impl Stay {
    fn new(first: usize, record: &LaneRecord) -> Self {
        Stay {
            lane: record.lane,
            subject: record.subject.clone(),
            first,
            prompt_rows: 0,
            steps: Vec::new(),
            is_ended: false,
        }
    }

    /// Steps made by the end of a pass.
    pub(crate) fn n_steps_by(&self, pass: usize) -> usize {
        self.steps.partition_point(|&(at, _)| at <= pass)
    }

    /// Tokens committed by the end of a pass.
    pub(crate) fn n_tokens_by(&self, pass: usize) -> usize {
        let n_steps = self.n_steps_by(pass);
        n_steps.checked_sub(1).map_or(0, |last| self.steps[last].1)
    }

    /// Tokens per step by the end of a pass; `None` before the first step.
    pub(crate) fn mal_by(&self, pass: usize) -> Option<f64> {
        let n_steps = self.n_steps_by(pass);
        (n_steps > 0).then(|| self.n_tokens_by(pass) as f64 / n_steps as f64)
    }

    /// Whether it has ended by the end of a pass.
    pub(crate) fn is_over_by(&self, pass: usize) -> bool {
        self.is_ended && self.steps.last().is_some_and(|&(at, _)| at <= pass)
    }

    /// Whether this is the record of its next rows. A run that was cut off is decoded again
    /// from its prompt.
    fn goes_on_with(&self, record: &LaneRecord) -> bool {
        let is_next = match record.step {
            Some(step) => step == self.steps.len(),
            None => self.steps.is_empty(),
        };
        !self.is_ended && self.subject == record.subject && is_next
    }

    fn add(&mut self, pass: usize, record: &LaneRecord) {
        match record.step {
            None => self.prompt_rows += record.rows,
            Some(_) => {
                let before = self.steps.last().map_or(0, |step| step.1);
                self.steps.push((pass, before + record.committed));
            }
        }
        self.is_ended = record.ended;
    }
}

/// A batch as recorded so far.
#[derive(Clone, Debug)]
pub struct BatchCourse {
    /// What its passes have in common.
    pub header: PassesHeader,
    /// In order.
    pub passes: Vec<PassRecord>,
    /// Every subject's stay in its lane, in the order in which they began.
    pub(crate) stays: Vec<Stay>,
    /// What the passes cost by the profile; one for each.
    pub(super) times: Vec<ProfiledPass>,
    /// Indices of the stays in each lane.
    in_lane: Vec<Vec<usize>>,
    /// Index of each subject's last stay.
    last_of: HashMap<String, usize>,
    costs: PassCosts,
}

impl BatchCourse {
    /// A batch before its first pass.
    pub fn new(header: PassesHeader) -> Self {
        BatchCourse {
            costs: PassCosts::new(&header.cost).shared_by(header.threads),
            in_lane: vec![Vec::new(); header.lanes],
            last_of: HashMap::new(),
            header,
            passes: Vec::new(),
            stays: Vec::new(),
            times: Vec::new(),
        }
    }

    /// A batch with all its passes.
    pub fn of(header: PassesHeader, passes: impl IntoIterator<Item = PassRecord>) -> Self {
        let mut course = BatchCourse::new(header);
        passes.into_iter().for_each(|pass| course.push(pass));
        course
    }

    /// Adds the next pass.
    pub fn push(&mut self, pass: PassRecord) {
        let index = self.passes.len();
        let mut stays = Vec::new();
        for record in &pass.lanes {
            stays.push(self.stay_of(index, record));
        }
        let times = ProfiledPass::of(&pass, &self.contexts(&pass, &stays), &self.costs);
        for (record, &stay) in pass.lanes.iter().zip(&stays) {
            self.stays[stay].add(index, record);
        }
        self.times.push(times);
        self.passes.push(pass);
    }

    /// The stay that a lane's rows belong to; begins one where there is none.
    fn stay_of(&mut self, pass: usize, record: &LaneRecord) -> usize {
        if self.in_lane.len() <= record.lane {
            self.in_lane.resize(record.lane + 1, Vec::new());
        }
        let in_lane = &mut self.in_lane[record.lane];
        let last = in_lane.last().copied();
        if let Some(at) = last.filter(|&at| self.stays[at].goes_on_with(record)) {
            return at;
        }
        let at = self.stays.len();
        in_lane.push(at);
        self.last_of.insert(record.subject.clone(), at);
        self.stays.push(Stay::new(pass, record));
        at
    }

    /// Tokens of its own and of the shared prefix that a root row of each lane attends to.
    fn contexts(&self, pass: &PassRecord, stays: &[usize]) -> Vec<(usize, usize)> {
        let tokens = |&stay: &usize| {
            let stay = &self.stays[stay];
            let (own, shared) = self.prompt_of(stay);
            (own + stay.steps.last().map_or(0, |step| step.1), shared)
        };
        debug_assert_eq!(pass.lanes.len(), stays.len());
        stays.iter().map(tokens).collect()
    }

    /// Tokens of its prompt after the shared prefix, and in it. Prefixes are listed by
    /// kind, items first.
    fn prompt_of(&self, stay: &Stay) -> (usize, usize) {
        let shared = match self.header.shared.as_slice() {
            [_, users, ..] if stay.subject.starts_with("user/") => *users,
            [first, ..] => *first,
            [] => 0,
        };
        (stay.prompt_rows + 1, shared)
    }

    /// The costs that rows were allocated by.
    pub(crate) fn costs(&self) -> &PassCosts {
        &self.costs
    }

    /// Lanes there are.
    pub(crate) fn n_lanes(&self) -> usize {
        self.in_lane.len()
    }

    /// Index of the last stay in a lane that has begun by a pass; it may have ended before.
    pub(crate) fn stay_in(&self, lane: usize, pass: usize) -> Option<usize> {
        let stays = self.in_lane.get(lane)?;
        let n_begun = stays.partition_point(|&at| self.stays[at].first <= pass);
        Some(stays[n_begun.checked_sub(1)?])
    }

    /// Answers that are complete by the end of a pass.
    pub(crate) fn n_ended_by(&self, pass: usize) -> usize {
        let is_over = |stay: &&Stay| stay.is_over_by(pass);
        self.stays.iter().filter(is_over).count()
    }

    /// The last attempt at a subject: the one that its trace is of.
    pub(crate) fn last_stay_of(&self, subject: &str) -> Option<usize> {
        self.last_of.get(subject).copied()
    }

    /// Each subject with the steps of its last attempt.
    pub(crate) fn steps_by_subject(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        let stays = self.stays.iter().enumerate();
        let last = stays.filter(|(at, stay)| self.last_stay_of(&stay.subject) == Some(*at));
        last.map(|(_, stay)| (stay.subject.clone(), stay.steps.len()))
    }

    /// The pass that made a step of a stay.
    pub(crate) fn pass_of(&self, stay: usize, step: usize) -> Option<usize> {
        Some(self.stays.get(stay)?.steps.get(step)?.0)
    }

    /// Of the passes up to one, the median of the lowest path probability that was given a
    /// row. `None`: none was.
    pub(crate) fn median_cut(&self, pass: usize) -> Option<f32> {
        let upto = self.passes.get(..=pass)?;
        let mut cuts: Vec<f32> = upto.iter().filter_map(|pass| pass.cut).collect();
        cuts.sort_by(f32::total_cmp);
        cuts.get(cuts.len() / 2).copied()
    }

    /// Mean tokens that a root row attends to around a pass: own, and shared. `None`: no
    /// step was made.
    pub(crate) fn mean_context(&self, pass: usize) -> Option<(usize, usize)> {
        let upto = self.times.get(..=pass)?;
        let times = upto.iter().rev().find(|times| times.n_roots > 0)?;
        let mean = |sum: usize| (sum as f32 / times.n_roots as f32).round() as usize;
        Some((mean(times.own), mean(times.shared)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{header, pass, prompt, step};
    use super::*;

    #[test]
    fn a_lane_is_handed_on_when_its_run_has_ended() {
        let course = BatchCourse::of(
            header(2),
            [
                pass(vec![prompt(0, "item/a", 5), prompt(1, "item/b", 6)]),
                pass(vec![
                    step(0, "item/a", 0, 3, 2, false),
                    step(1, "item/b", 0, 1, 1, true),
                ]),
                pass(vec![
                    step(0, "item/a", 1, 1, 1, false),
                    prompt(1, "item/c", 4),
                ]),
                pass(vec![
                    step(0, "item/a", 2, 2, 2, true),
                    step(1, "item/c", 0, 1, 1, false),
                ]),
            ],
        );
        let names = |pass| {
            let stay = |lane| Some(course.stays[course.stay_in(lane, pass)?].subject.as_str());
            [stay(0), stay(1)]
        };
        assert_eq!(names(1), [Some("item/a"), Some("item/b")]);
        assert_eq!(names(2), [Some("item/a"), Some("item/c")]);
        let a = &course.stays[0];
        assert_eq!(
            (a.n_tokens_by(0), a.n_tokens_by(1), a.n_tokens_by(3)),
            (0, 2, 5)
        );
        assert_eq!((a.mal_by(0), a.mal_by(2)), (None, Some(1.5)));
        assert!(!a.is_over_by(2) && a.is_over_by(3));
        assert_eq!([0, 1, 2, 3].map(|p| course.n_ended_by(p)), [0, 1, 1, 2]);
        assert_eq!(course.pass_of(0, 2), Some(3));
        assert_eq!(course.stay_in(2, 3), None);
    }

    #[test]
    fn a_run_that_was_cut_off_is_another_stay_when_it_is_decoded_again() {
        let course = BatchCourse::of(
            header(1),
            [
                pass(vec![prompt(0, "item/a", 5)]),
                pass(vec![step(0, "item/a", 0, 1, 1, false)]),
                pass(vec![prompt(0, "item/a", 5)]),
                pass(vec![step(0, "item/a", 0, 1, 1, true)]),
                pass(vec![step(0, "item/a", 0, 1, 1, true)]),
            ],
        );
        assert_eq!(course.stays.len(), 3);
        assert_eq!(course.last_stay_of("item/a"), Some(2));
        assert_eq!(course.last_stay_of("item/b"), None);
    }

    #[test]
    fn a_root_attends_to_the_prefix_the_rest_of_the_prompt_and_the_answer() {
        let mut with_prefix = header(2);
        with_prefix.shared = vec![100, 40];
        let course = BatchCourse::of(
            with_prefix,
            [
                pass(vec![prompt(0, "item/a", 9), prompt(1, "user/u", 19)]),
                pass(vec![
                    step(0, "item/a", 0, 3, 3, false),
                    step(1, "user/u", 0, 1, 1, false),
                ]),
                pass(vec![step(0, "item/a", 1, 1, 1, false)]),
            ],
        );
        assert_eq!(course.mean_context(0), None);
        assert_eq!(course.mean_context(1), Some((15, 70)));
        assert_eq!(course.mean_context(2), Some((13, 100)));
        assert_eq!(course.mean_context(3), None);
    }
}
