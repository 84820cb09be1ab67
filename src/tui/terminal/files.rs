//! What the playground writes and reads: traces, exports, pictures of the screen.
//! Every file appears whole or not at all, and none is overwritten.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::buffer::Buffer;

use crate::atomic_file;
use crate::file_name::file_name;
use crate::present::board::{BoardForm, BoardRow};
use crate::present::format::Format;
use crate::present::picture;
use crate::present::sweep_report::{SweepForm, SweepReport};
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;

/// How a run is written in another form.
pub(crate) type Exporter = fn(&Trace, Format) -> String;

/// How the rows of a board are written in a form.
pub(crate) type BoardWriter = fn(&[&BoardRow], BoardForm) -> String;

/// How a sweep's report is written in a form.
pub(crate) type SweepWriter = fn(&SweepReport, SweepForm) -> String;

pub(crate) type SettingsWriter = fn(&Params) -> Result<String>;

/// What the terminal's owner is given besides the start.
#[derive(Clone, Debug)]
pub struct Files {
    /// Writes a run in another form.
    pub exporter: Exporter,
    /// Writes the rows of a board in a form, without prompts and answers.
    pub board: BoardWriter,
    /// Writes a sweep's report in a form.
    pub sweep: SweepWriter,
    /// Puts a text on the clipboard.
    pub copy: fn(&str) -> Result<()>,
    /// Writes settings to the configuration file; says where that is.
    pub save_settings: SettingsWriter,
    /// Where progress in the lessons is kept.
    pub learned: PathBuf,
}

/// Writes a run's trace beside the others; says where.
pub(crate) fn save(folder: &Path, trace: &Trace) -> Result<String> {
    let mut text = Vec::new();
    trace.save(&mut text).wrap_err("writing the trace")?;
    write_new(folder, &stem(trace), &[("jsonl", &text)])
}

/// Writes a run in another form beside the traces.
pub(crate) fn export(
    folder: &Path,
    trace: &Trace,
    format: Format,
    exporter: Exporter,
) -> Result<String> {
    let text = exporter(trace, format);
    write_new(folder, &stem(trace), &[(format.name(), text.as_bytes())])
}

/// Writes the rows of a board in every form beside the traces.
pub(crate) fn board(folder: &Path, rows: &[BoardRow], write: BoardWriter) -> Result<String> {
    let rows: Vec<&BoardRow> = rows.iter().collect();
    let written = BoardForm::ALL.map(|(form, ending)| (ending, write(&rows, form)));
    let forms = written.each_ref();
    let forms = forms.map(|(ending, text)| (*ending, text.as_bytes()));
    write_new(folder, "board", &forms)
}

/// Writes a sweep's report beside the traces.
pub(crate) fn sweep(
    folder: &Path,
    report: &SweepReport,
    form: SweepForm,
    write: SweepWriter,
) -> Result<String> {
    let text = write(report, form);
    write_new(folder, "sweep", &[(form.ending(), text.as_bytes())])
}

/// Writes a drawn screen as a picture and as text.
pub(crate) fn picture(folder: &Path, drawn: &Buffer) -> Result<String> {
    let (svg, text) = (picture::svg(drawn), picture::plain(drawn));
    let forms = [("svg", svg.as_bytes()), ("txt", text.as_bytes())];
    write_new(folder, "screen", &forms)
}

/// Reads a recording.
pub(crate) fn load(path: &Path) -> Result<Trace> {
    let reading = || format!("reading {}", path.display());
    let file = fs::File::open(path).wrap_err_with(reading)?;
    Trace::load(BufReader::new(file)).wrap_err_with(reading)
}

/// `item-m12-relaxed`
fn stem(trace: &Trace) -> String {
    let header = &trace.header;
    format!(
        "{}-{}-{}",
        file_name(header.subject.kind.as_str()),
        file_name(&header.subject.id),
        header.params.verify.name()
    )
}

/// Writes the same thing in several forms under one name, with a number if that
/// is taken; the paths, for a message.
pub(crate) fn write_new(folder: &Path, stem: &str, forms: &[(&str, &[u8])]) -> Result<String> {
    fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
    let stems = std::iter::once(stem.to_string()).chain((2..).map(|n| format!("{stem}-{n}")));
    let paths = |stem: &str| -> Vec<PathBuf> {
        let name = |(ending, _): &(&str, &[u8])| folder.join(format!("{stem}.{ending}"));
        forms.iter().map(name).collect()
    };
    let mut free = stems
        .map(|s| paths(&s))
        .filter(|p| !p.iter().any(|p| p.exists()));
    let paths = free.next().unwrap_or_else(|| paths(stem));
    for (path, (_, content)) in paths.iter().zip(forms) {
        atomic_file::write(path, content)?;
    }
    let told: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    Ok(told.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_recording_writes_outside_the_folder() {
        let shipped = &include_bytes!("../../../assets/traces/strict.jsonl")[..];
        let mut trace = Trace::load(shipped).expect("a trace");
        assert_eq!(stem(&trace), "item-i220-strict");
        let outside = tempfile::tempdir().expect("a folder");
        let folder = outside.path().join("a/b");
        for hostile in [
            "../../x",
            "/tmp/x",
            "..",
            "",
            "x\u{0}y\u{1b}[2J",
            "a\\..\\b",
        ] {
            trace.header.subject.kind = hostile.into();
            trace.header.subject.id = hostile.repeat(40);
            write_new(&folder, &stem(&trace), &[("html", b"x")]).expect(hostile);
        }
        let entries = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
        assert_eq!(entries(&folder), 6);
        assert_eq!(
            (entries(outside.path()), entries(&outside.path().join("a"))),
            (1, 1)
        );
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let forms: [(&str, &[u8]); 2] = [("svg", b"a"), ("txt", b"b")];
        let first = write_new(folder.path(), "screen", &forms).expect("written");
        assert!(first.contains("screen.svg") && first.contains("screen.txt"));
        fs::remove_file(folder.path().join("screen.svg")).expect("removed");
        let second = write_new(folder.path(), "screen", &forms).expect("written");
        assert!(
            second.contains("screen-2.svg"),
            "the text of the first stays: {second}"
        );
        assert_eq!(
            fs::read(folder.path().join("screen-2.txt")).expect("read"),
            b"b"
        );
    }
}
