//! How good the answer is, in a line: how likely the model finds it, and which of
//! the catalog's facts it names.

use ratatui::text::{Line, Span};

use crate::present::number::{NOT_RECORDED, UNKNOWN};
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::recsys::answer;
use crate::recsys::quality::{mentions, n_named};
use crate::speculate::quality::LogProb;
use crate::tui::app::App;
use crate::worker::ask;

pub(crate) fn line(app: &App, record: &Record, label: usize, theme: &Theme) -> Line<'static> {
    let log_p = log_p(&record.log_prob);
    // Reading the whole text is for when it grew, not for every frame.
    let rest = record.told_of_text.get(record.ids.len(), || {
        let rest = [facts(app, record), json(record)];
        rest.into_iter().flatten().collect::<String>()
    });
    Line::from(vec![
        Span::styled(format!("{:<label$}", "quality"), theme.dim()),
        Span::styled(format!("log p {log_p}"), theme.strong()),
        Span::styled(rest.to_string(), theme.text()),
    ])
}

/// The mean, and of how many tokens where the others are not recorded.
fn log_p(found: &LogProb) -> String {
    let (n, missing) = (found.tokens, found.not_recorded);
    match (found.mean(), missing) {
        (None, 0) => UNKNOWN.into(),
        (None, _) => NOT_RECORDED.into(),
        (Some(mean), 0) => format!("{mean:.2}"),
        (Some(mean), _) => format!("{mean:.2} of {n}/{}", n + missing),
    }
}

fn facts(app: &App, record: &Record) -> Option<String> {
    let catalog = app.catalog.catalog.as_ref()?;
    let at = app.catalog.find(&record.trace.header.subject)?;
    let role = ask::role_of(catalog.subject(at));
    let (named, of) = n_named(&mentions(catalog, at, role, &record.text()));
    Some(format!(" · facts {named}/{of}"))
}

fn json(record: &Record) -> Option<String> {
    let text = record.text();
    let is_object = text.trim_start().starts_with('{');
    is_object.then(|| format!(" · JSON {}", answer::read(&text).validity.name()))
}
