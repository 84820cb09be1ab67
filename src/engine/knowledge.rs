//! Finished answers as documents of pools, and what the pools call them.

use color_eyre::eyre::Result;

use crate::model::tokenizer::TextCodec;
use crate::retrieval::PoolDoc;
use crate::speculate::trace::SubjectInfo;

/// A finished answer as a pool document.
#[derive(Clone, Debug)]
pub struct Knowledge {
    pub id: String,
    pub title: String,
    /// `item` or `user`.
    pub kind: String,
    pub group: String,
    /// What asked for it; `None`: not known.
    pub framework: Option<String>,
    /// The answer, its opening included.
    pub text: String,
    /// It ended by itself, not at a limit.
    pub ended: bool,
}

impl Knowledge {
    /// The document as pools hold it: with the end that was generated, under
    /// its kind's group.
    pub fn tokenize(&self, codec: &TextCodec) -> Result<PoolDoc> {
        let mut tokens = codec.encode_text(&self.text)?;
        let eos = codec.eos_ids().first().copied();
        tokens.extend(eos.filter(|_| self.ended));
        Ok(PoolDoc {
            id: document_name(&self.kind, &self.id),
            title: self.title.clone(),
            group: pool_group(&self.kind, &self.group, self.framework.as_deref()),
            tokens,
        })
    }
}

/// What pools call a subject's document: an item and a user may share an id.
pub fn document_name(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

/// The framework whose pools bear no name of a framework, as do those of answers
/// that came without one.
const UNNAMED_FRAMEWORK: &str = "kar";

/// The pool of a subject's group: items and users have pools of their own, also
/// where their groups share a name, and so have frameworks: one's prose does not
/// predict another's phrases. `item/crime`, `item/crime@once`.
fn pool_group(kind: &str, group: &str, framework: Option<&str>) -> String {
    match framework {
        None | Some("" | UNNAMED_FRAMEWORK) => format!("{kind}/{group}"),
        Some(framework) => format!("{kind}/{group}@{framework}"),
    }
}

/// The pool that serves a subject, if it has a group.
pub(super) fn pool_of(subject: &SubjectInfo) -> Option<String> {
    let group = subject.group.as_ref()?;
    Some(pool_group(&subject.kind, group, Some(&subject.framework)))
}
