//! Finished answers as pool documents, and their names.

use color_eyre::eyre::Result;

use crate::model::tokenizer::TextCodec;
use crate::retrieval::PoolDoc;
use crate::speculate::subject::{DocId, GroupKey, KindName};
use crate::speculate::trace::SubjectInfo;

/// A finished answer as a pool document.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// The subject's id in its catalog.
    pub id: String,
    /// The subject's title or name.
    pub title: String,
    /// Item, user or prompt.
    pub kind: KindName,
    /// `None`: not known.
    pub group: Option<String>,
    /// The framework that asked; `None`: not known.
    pub framework: Option<String>,
    /// The answer, its opening included.
    pub text: String,
    /// Ended by an end-of-text token, not at a limit.
    pub ended: bool,
}

impl Knowledge {
    /// The pool document: with the generated end token, under its kind's group.
    pub fn tokenize(&self, codec: &TextCodec) -> Result<PoolDoc> {
        let mut tokens = codec.encode_text(&self.text)?;
        let eos = codec.eos_ids().first().copied();
        tokens.extend(eos.filter(|_| self.ended));
        Ok(PoolDoc {
            id: DocId::of(&self.kind, &self.id),
            title: self.title.clone(),
            group: GroupKey::new(&self.kind, self.group.as_deref(), self.framework.as_deref()),
            tokens,
        })
    }
}

/// The pool that serves a subject, if it has a group.
pub(in crate::engine) fn pool_of(subject: &SubjectInfo) -> Option<GroupKey> {
    let group = subject.group.as_deref()?;
    let framework = Some(subject.framework.as_str());
    Some(GroupKey::new(&subject.kind, Some(group), framework))
}
