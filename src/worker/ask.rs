//! From a subject of the catalog to a run's subject and prompt.

use color_eyre::eyre::Result;

use crate::protocol::{History, PromptText};
use crate::recsys::{Catalog, Framework, Half, Prompt, Role, Subject, SubjectRef, question};
use crate::speculate::subject::KindName;
use crate::speculate::trace::SubjectInfo;

/// Which prompt of a subject to use: for a pool-half user, the one with the older
/// history, which the pool knows.
pub(crate) fn role_of(subject: Subject<'_>) -> Role {
    match subject.half() {
        Half::Pool => Role::Pool,
        Half::Query => Role::Query,
    }
}

/// A framework's prompt about a subject.
///
/// # Errors
/// A user without history for this role; a template that fails.
pub fn about(
    catalog: &Catalog,
    at: SubjectRef,
    framework: &Framework,
    role: Role,
) -> Result<(SubjectInfo, PromptText)> {
    let subject = catalog.subject(at);
    let info = SubjectInfo {
        kind: at.kind.into(),
        id: subject.id().to_string(),
        title: subject.label(),
        group: subject.pool_group().map(str::to_string),
        framework: framework.name.as_str().into(),
    };
    let question = question(framework, catalog, at, role)?;
    let mut text = as_text(question.write(usize::MAX)?);
    let n_history = question.n_history();
    if n_history > 0 {
        let write = move |newest| Ok(as_text(question.write(newest)?));
        text.history = Some(History::new(n_history, write));
    }
    Ok((info, text))
}

fn as_text(prompt: Prompt) -> PromptText {
    let examples = prompt.examples.into_iter();
    PromptText {
        system: prompt.system,
        examples: examples.map(|e| (e.user, e.assistant)).collect(),
        user: prompt.user,
        opening: prompt.opening,
        history: None,
        as_recorded: None,
    }
}

/// A custom prompt.
pub(crate) fn own(text: &str) -> (SubjectInfo, PromptText) {
    let subject = SubjectInfo {
        kind: KindName::Prompt,
        id: "own".into(),
        title: "your prompt".into(),
        group: None,
        framework: "own prompt".into(),
    };
    (
        subject,
        PromptText {
            user: text.to_string(),
            ..PromptText::default()
        },
    )
}
