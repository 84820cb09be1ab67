//! From the bytes of a token back to its id.

use ahash::AHashMap;

use crate::model::tokenizer::TextCodec;
use crate::speculate::TokenId;

/// The ids of all tokens by their bytes.
pub(super) struct BytesToIds(AHashMap<Box<[u8]>, TokenId>);

impl BytesToIds {
    /// Of tokens with equal bytes, text beats a marker. Of two of one byte, the second is
    /// the letter: SentencePiece has the bytes as fallbacks before the letters. Of longer
    /// ones, the first.
    pub(super) fn of(codec: &TextCodec) -> Self {
        let mut ids: AHashMap<Box<[u8]>, TokenId> = AHashMap::new();
        let in_order = (0..codec.vocab_size() as TokenId).filter(|id| !codec.is_special(*id));
        for id in in_order {
            let bytes = codec.token_bytes(id);
            if bytes.len() == 1 || !ids.contains_key(bytes) {
                ids.insert(bytes.into(), id);
            }
        }
        let markers = (0..codec.vocab_size() as TokenId).filter(|id| codec.is_special(*id));
        for id in markers {
            ids.entry(codec.token_bytes(id).into()).or_insert(id);
        }
        ids.remove(&b""[..]);
        BytesToIds(ids)
    }

    pub(super) fn id(&self, bytes: &[u8]) -> Option<TokenId> {
        self.0.get(bytes).copied()
    }
}
