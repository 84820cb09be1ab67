//! A hash of the pools' contents, so that runs can tell whether they start from the
//! same ones. Reads every token once.

use sha2::{Digest, Sha256};

use crate::retrieval::index::segment::Segment;
use crate::retrieval::store::pools::Pools;

impl Segment {
    /// Hash of its documents in order; computed once.
    fn content_hash(&self) -> &[u8; 32] {
        self.content_hash.get_or_init(|| {
            let mut hash = Sha256::new();
            for entry in self.docs.iter() {
                add(&mut hash, entry.id.as_bytes());
                add(&mut hash, bytemuck::cast_slice(&self.tokens_of(&entry)));
            }
            hash.finalize().into()
        })
    }
}

fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u64).to_le_bytes());
    hash.update(part);
}

impl Pools {
    /// 32 hexadecimal digits over everything that can draft: groups, documents and
    /// tokens, without hidden ones; with `online`, also the session's answers.
    pub(crate) fn hash(&self, online: bool) -> String {
        let mut hash = Sha256::new();
        for (group, segment) in self.segments() {
            add(&mut hash, group.as_bytes());
            add(&mut hash, segment.content_hash());
        }
        for (part, id) in self.hidden_docs() {
            add(&mut hash, part.as_bytes());
            add(&mut hash, id.as_bytes());
        }
        for (group, segment) in self.online_segments().filter(|_| online) {
            add(&mut hash, b"online");
            add(&mut hash, group.as_bytes());
            add(&mut hash, segment.content_hash());
        }
        hex::encode(&hash.finalize()[..16])
    }

    /// 32 hexadecimal digits over groups, segments, documents and tokens; hidden
    /// documents count, those added online do not.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for size in self.groups() {
            part(size.group.as_bytes());
            for view in self.views_of(&size.group) {
                let segment = self.view(view).segment;
                part(b"segment");
                for entry in segment.docs.iter() {
                    part(entry.id.as_bytes());
                    part(bytemuck::cast_slice(&segment.tokens_of(&entry)));
                }
            }
        }
        hex::encode(&hash.finalize()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::{Online, PoolDoc};

    fn doc(id: &str, tokens: &[u32]) -> PoolDoc {
        PoolDoc {
            id: id.into(),
            title: String::new(),
            group: "item/drama".into(),
            tokens: tokens.to_vec(),
        }
    }

    #[test]
    fn what_can_draft_decides_the_hash() {
        let pools = || Pools::build(vec![doc("a", &[1, 2, 3]), doc("b", &[4, 5])]);
        let plain = pools().hash(true);
        assert_eq!(plain, pools().hash(true));
        assert_ne!(plain, pools().without(&"a".into()).hash(true));
        assert_eq!(plain, pools().without(&"nobody".into()).hash(true));
        let other = Pools::build(vec![doc("a", &[1, 2, 3]), doc("b", &[4, 6])]);
        assert_ne!(plain, other.hash(true));
        let mut online = Online::default();
        online.add(&doc("c", &[7]));
        let with = pools().with_online(&online);
        assert_ne!(plain, with.hash(true));
        assert_eq!(plain, with.hash(false), "the source is off");
    }
}
