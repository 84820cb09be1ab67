//! From a subject of the catalog to the question a run asks: whom it is for, and
//! the prompt.

use color_eyre::eyre::Result;

use super::message::PromptText;
use crate::recsys::{Catalog, Framework, Half, Prompt, Role, Subject, SubjectRef, prompt};
use crate::speculate::trace::SubjectInfo;

/// Which of a subject's prompts is asked: a pool-half user is shown by the older
/// history that the pool knows.
pub fn role_of(subject: Subject<'_>) -> Role {
    match subject.half() {
        Half::Pool => Role::Pool,
        Half::Query => Role::Query,
    }
}

/// A framework's question about a subject.
///
/// # Errors
/// A user of whom this role has nothing to show; a template that fails.
pub fn about(
    catalog: &Catalog,
    at: SubjectRef,
    framework: &Framework,
    role: Role,
) -> Result<(SubjectInfo, PromptText)> {
    let subject = catalog.subject(at);
    let Prompt {
        system,
        examples,
        user,
        opening,
        framework,
    } = prompt(framework, catalog, at, role)?;
    let info = SubjectInfo {
        kind: at.kind.to_string(),
        id: subject.id().to_string(),
        title: subject.label(),
        group: subject.pool_group().map(str::to_string),
        framework,
    };
    let examples = examples
        .into_iter()
        .map(|e| (e.user, e.assistant))
        .collect();
    Ok((
        info,
        PromptText {
            system,
            examples,
            user,
            opening,
            as_recorded: None,
        },
    ))
}

/// A prompt of one's own.
pub fn own(text: &str) -> (SubjectInfo, PromptText) {
    let subject = SubjectInfo {
        kind: "prompt".into(),
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
