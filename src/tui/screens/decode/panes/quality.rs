//! How good the answer is, in a line: how likely the model finds it, and which of
//! the catalog's facts it names.

use ratatui::text::{Line, Span};

use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::recsys::answer;
use crate::recsys::quality::{mentions, n_named};
use crate::tui::app::App;
use crate::worker::ask;

pub(crate) fn line(app: &App, record: &Record, label: usize, theme: &Theme) -> Line<'static> {
    let mean = record.log_prob.mean();
    let mean = mean.map_or("—".into(), |mean| format!("{mean:.2}"));
    // Reading the whole text is for when it grew, not for every frame.
    let rest = record.told_of_text.get(record.ids.len(), || {
        let rest = [facts(app, record), json(record)];
        rest.into_iter().flatten().collect::<String>()
    });
    Line::from(vec![
        Span::styled(format!("{:<label$}", "quality"), theme.dim()),
        Span::styled(format!("log p {mean}"), theme.strong()),
        Span::styled(rest.to_string(), theme.text()),
    ])
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
