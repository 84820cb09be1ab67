//! A hash of what pools hold, so that a run can tell whether it starts from the
//! same ones. Reads every token once.

use sha2::{Digest, Sha256};

use super::pools::Pools;

impl Pools {
    /// 32 hexadecimal digits over groups, segments, documents and tokens; what is
    /// hidden counts, what was added online does not.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for size in self.groups() {
            part(size.group.as_bytes());
            for shelf in self.shelves_of(&size.group) {
                let segment = self.shelf(shelf).segment;
                part(b"segment");
                for entry in segment.docs.iter() {
                    part(entry.id.as_bytes());
                    part(bytemuck::cast_slice(&segment.tokens_of(&entry)));
                }
            }
        }
        let hash = hash.finalize();
        hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
