//! The report of the sweep that is shown, and the key that writes it.

use crate::present::number::NOT_RECORDED;
use crate::present::sweep_report::{SweepReport, SweepSource, SweptOn};
use crate::speculate::trace::SubjectInfo;
use crate::tui::app::{App, Tone};
use crate::tui::dialogs::export_sweep::ExportSweepMenu;

impl App {
    /// Asks for the form; where there is nothing to report, says so.
    pub(super) fn ask_for_report(&mut self) {
        let Some(found) = &self.tune.sweep.found else {
            return self.tell_no_cell();
        };
        match found.notes.header.is_some() {
            true => self.ask(ExportSweepMenu::default()),
            false => self.tell(Tone::Info, "No run of the sweep is made yet."),
        }
    }

    /// What the sweep has found so far; `None`: no run was made.
    pub fn sweep_report(&self) -> Option<SweepReport> {
        let found = self.tune.sweep.found.as_ref()?;
        let header = found.notes.header.as_deref()?;
        let subjects: Vec<SubjectInfo> = found.asked.iter().map(|a| a.subject.clone()).collect();
        let framework = header.subject.framework.as_str().to_string();
        let setup = self.engine.setup.words_for(&framework);
        let device = header.device.clone();
        Some(SweepReport::new(SweepSource {
            sweep: &found.sweep,
            notes: &found.notes,
            subjects: &subjects,
            on: SweptOn {
                model: header.model.name.clone(),
                device: device.unwrap_or_else(|| NOT_RECORDED.into()),
                threads: header.threads.unwrap_or_default(),
            },
            framework,
            configured: &self.tune.configured,
            setup: &setup,
            tested: self.tune.tested.clone(),
            paired: None,
        }))
    }
}
