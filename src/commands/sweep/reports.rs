//! Where the reports of a sweep go: checked before any run is made.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, ensure, eyre};

use crate::atomic_file;
use crate::commands::outputs::{self, Kind};
use crate::export;
use crate::present::sweep_report::{SweepForm, SweepReport};

/// The table is printed, not written.
const FORMS: [SweepForm; 3] = [SweepForm::Html, SweepForm::Markdown, SweepForm::Svg];

/// A report to be written.
pub(super) struct ReportPlace {
    path: PathBuf,
    form: SweepForm,
}

/// The files of --report, each with the form that its ending chooses.
///
/// # Errors
/// An ending without a form; a file named twice; a file that is no report and would be
/// overwritten.
pub(super) fn places(paths: &[PathBuf]) -> Result<Vec<ReportPlace>> {
    let mut places: Vec<ReportPlace> = Vec::new();
    for path in paths {
        let form = form_of(path)?;
        for other in &places {
            outputs::expect_apart("--report", path, "--report", &other.path)?;
        }
        outputs::expect_own("--report", path, kind(form))?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        ensure!(
            folder.is_none_or(Path::is_dir),
            "--report {}: its folder does not exist: make it first",
            path.display()
        );
        places.push(ReportPlace {
            path: path.clone(),
            form,
        });
    }
    Ok(places)
}

fn form_of(path: &Path) -> Result<SweepForm> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let found = ending.and_then(|ending| ending.to_ascii_lowercase().parse().ok());
    found.filter(|form| FORMS.contains(form)).ok_or_else(|| {
        let endings = FORMS.map(|form| format!(".{}", form.ending()));
        eyre!(
            "--report {}: the ending chooses the form and must be one of {} (--csv prints the \
            table)",
            path.display(),
            endings.join(", ")
        )
    })
}

fn kind(form: SweepForm) -> Kind {
    match form {
        SweepForm::Html => Kind::SweepPage,
        SweepForm::Markdown => Kind::SweepDocument,
        SweepForm::Svg | SweepForm::Csv => Kind::SweepPicture,
    }
}

/// Writes all of them, each whole.
pub(super) fn write(places: &[ReportPlace], report: &SweepReport) -> Result<()> {
    for ReportPlace { path, form } in places {
        atomic_file::write(path, export::sweep::sweep_report(report, *form))?;
        note!("report: {}", path.display());
    }
    Ok(())
}
