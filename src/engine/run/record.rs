//! Records a whole run.

use color_eyre::eyre::Result;

use crate::engine::{Engine, Run, RunSpec};
use crate::speculate::trace::{End, Trace};
use crate::speculate::verify::Finish;

impl Engine {
    /// Runs to the end. `go_on` is called before every step and while the prompt is
    /// processed; `false` ends the run as cancelled.
    ///
    /// # Errors
    /// As [`Engine::begin`]; the model's errors.
    pub fn record(
        &mut self,
        spec: RunSpec,
        go_on: &mut dyn FnMut(Option<&Run<'_>>) -> bool,
    ) -> Result<(Trace, End)> {
        let run = self.begin(spec, &mut |_, _| go_on(None))?;
        record(run, go_on)
    }

    /// As [`Engine::record`], for figures only: nothing is recorded of what retrieval could
    /// have drafted beyond the budget.
    ///
    /// # Errors
    /// As [`Engine::record`].
    pub(crate) fn record_for_figures(
        &mut self,
        spec: RunSpec,
        go_on: &mut dyn FnMut(Option<&Run<'_>>) -> bool,
    ) -> Result<(Trace, End)> {
        let run = self.begin(spec, &mut |_, _| go_on(None))?;
        record(run.without_offers(), go_on)
    }
}

fn record(
    mut run: Run<'_>,
    go_on: &mut dyn FnMut(Option<&Run<'_>>) -> bool,
) -> Result<(Trace, End)> {
    let mut trace = Trace::new(run.header().clone());
    while let Some(step) = run.step()? {
        trace.push(step);
        if !go_on(Some(&run)) {
            run.cancel();
        }
    }
    let end = run.end().unwrap_or(End {
        finish: Finish::Cancelled,
        steps: 0,
        tokens: 0,
        decode_ms: None,
    });
    trace.end = Some(end.clone());
    Ok((trace, end))
}
