//! One subject at a time: each answer is written and joins the pools before the next run
//! begins.

use color_eyre::eyre::Result;

use super::books::{Books, rendered};
use super::recorded::Recorder;
use crate::commands::one_run::{document, record, record_for_figures, report};
use crate::engine::{Engine, RunSpec};
use crate::recsys::{KnowledgeDoc, SubjectRef};
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;

/// How one subject ended.
enum Outcome {
    Answered(Box<(RunSpec, Trace)>),
    /// The prompt does not fit into the context.
    TooLong,
    Cancelled,
}

/// Answers the remaining subjects. `false`: cancelled.
pub(crate) fn go_on(
    engine: &mut Engine,
    books: &mut Books<'_>,
    recorder: &mut Option<Recorder>,
) -> Result<bool> {
    catch_up(engine, books)?;
    while let Some(&at) = books.plan.subjects.get(books.next) {
        books.show(books.next, at);
        let outcome = answer(engine, books, at)?;
        // The reference run may still be cancelled, but the answer is written.
        books.next += usize::from(!matches!(outcome, Outcome::Cancelled));
        match outcome {
            Outcome::Cancelled => return Ok(false),
            Outcome::TooLong => books.leave_out(engine, at),
            Outcome::Answered(answered) => {
                let (spec, trace) = *answered;
                if let Some(recorder) = recorder {
                    recorder.run(&trace)?;
                    recorder.steps(&trace)?;
                }
                if !books.measure(engine, spec, &trace)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Adds the existing answers to the pools, in order.
fn catch_up(engine: &mut Engine, books: &mut Books<'_>) -> Result<()> {
    if books.kept.is_none() {
        return Ok(());
    }
    let done = books.catch_up(engine)?;
    books.say_resumed(done.len());
    let done = done.into_iter().map(|(_, doc)| doc);
    let docs: Vec<KnowledgeDoc> = books.before().into_iter().chain(done).collect();
    books.join(engine, &docs)
}

/// Decodes one subject, writes its answer and adds it to the pools.
fn answer(engine: &mut Engine, books: &mut Books<'_>, at: SubjectRef) -> Result<Outcome> {
    let Some(spec) = rendered(engine, &books.spec(at)?)? else {
        return Ok(Outcome::TooLong);
    };
    let (trace, end) = match books.batch.args.batch.traces {
        Some(_) => record(engine, spec.clone())?,
        None => record_for_figures(engine, spec.clone())?,
    };
    if end.finish == Finish::Cancelled {
        return Ok(Outcome::Cancelled);
    }
    let doc = document(&trace, &end);
    if let Some(kept) = &mut books.kept {
        kept.log.append(&doc)?;
    }
    books.join(engine, std::slice::from_ref(&doc))?;
    let json = books.batch.args.json;
    if json || books.kept.is_none() {
        report(json, &trace, &end, books.batch.catalog)?;
    }
    books.measured.add(&trace);
    Ok(Outcome::Answered(Box::new((spec, trace))))
}
