//! Damage as done to files by bad disks, careless writers and attackers.

/// Numbers at the edges of what sizes, counts and offsets are kept in.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    1 << 62,
    i64::MAX as u64,
    u64::MAX,
];
/// The same in text form, plus some that are not numbers.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1e999",
    "-0.0",
    "NaN",
    "2147483648",
    "4294967296",
    "4611686018427387904",
    "18446744073709551615",
    "18446744073709551616",
    "0.0000001",
    "null",
];
/// Most bytes that one piece of damage repeats something to.
const REPEATED: usize = 60_000;

/// SplitMix64: the same numbers everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn of(name: &str, i: u64) -> Self {
        let fold = |n: u64, byte: u8| (n ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Dice(name.bytes().fold(i.wrapping_mul(0x9E37_79B9), fold))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// One of the seeds with one to four pieces of damage.
pub fn damaged(seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.one(seeds).clone();
    for _ in 0..=dice.below(4) {
        damage(&mut bytes, seeds, words, dice);
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let longest = 1 << dice.below(9);
    let end = (at + 1 + dice.below(longest)).min(bytes.len());
    match dice.below(11) {
        0 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|b| *b ^= 1 << (at % 8)),
        1 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|b| *b = at as u8),
        2 => write_over(bytes, at, &dice.one(&EDGES).to_le_bytes()),
        3 => write_over(bytes, at, &(*dice.one(&EDGES) as u32).to_le_bytes()),
        4 => drop(bytes.drain(at.min(end)..end)),
        5 => bytes.truncate(at),
        6 => {
            let piece = bytes[at.min(end)..end].to_vec();
            repeat(bytes, at, &piece, dice);
        }
        7 => {
            let other = dice.one(seeds);
            let from = dice.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        8 if !words.is_empty() => {
            let word = dice.one(words).as_bytes();
            match dice.below(3) {
                0 => repeat(bytes, at, word, dice),
                _ => drop(bytes.splice(at..at, word.iter().copied())),
            }
        }
        _ => number(bytes, at, dice),
    }
}

fn write_over(bytes: &mut [u8], at: usize, with: &[u8]) {
    bytes[at..].iter_mut().zip(with).for_each(|(b, w)| *b = *w);
}

/// Twice, or often enough to overflow a careless recursion.
fn repeat(bytes: &mut Vec<u8>, at: usize, piece: &[u8], dice: &mut Dice) {
    let most = REPEATED / piece.len().max(1);
    let n = match dice.below(8) {
        0 => most,
        _ => 1 + dice.below(4),
    };
    let repeated = piece.repeat(n.min(most));
    drop(bytes.splice(at..at, repeated));
}

/// Replaces a number of a text by another.
fn number(bytes: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let is_digit = |b: &u8| b.is_ascii_digit();
    let Some(from) = bytes[at..].iter().position(is_digit).map(|n| at + n) else {
        return;
    };
    let n = bytes[from..].iter().take_while(|b| is_digit(b)).count();
    let other = dice.one(&NUMBERS).bytes();
    drop(bytes.splice(from..from + n, other));
}

#[test]
fn damage_is_the_same_everywhere_and_rarely_none() {
    let seeds = vec![b"{\"a\": 12, \"b\": [1, 2]}".to_vec(), b"other".to_vec()];
    let of = |i| damaged(&seeds, &["["], &mut Dice::of("test", i));
    let n_same = (0..500).filter(|&i| seeds.contains(&of(i))).count();
    assert!(n_same < 60, "{n_same}");
    let bytes = (0..500)
        .flat_map(of)
        .fold(0u64, |sum, b| sum.wrapping_mul(31) + u64::from(b));
    let again = (0..500)
        .flat_map(of)
        .fold(0u64, |sum, b| sum.wrapping_mul(31) + u64::from(b));
    assert_eq!(bytes, again);
}
