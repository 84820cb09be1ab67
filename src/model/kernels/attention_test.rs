use super::super::kv::Places;
use super::*;

const HEADS: Heads = Heads {
    heads: 6,
    kv_heads: 2,
    head_dim: 20,
};

fn noise(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// A layer's memory with every cache row written.
fn memory<S: Stored>(heads: Heads, rows: usize, seed: u32) -> KvMemory {
    let rows = rows.next_multiple_of(TILE);
    let qkv = noise(rows * heads.qkv_width(), seed);
    let mut memory = KvMemory::new(Places::new(heads, rows), 1, S::TYPE);
    let at: Vec<usize> = (0..rows).collect();
    memory.append(0, &qkv, &at, &Cpu::new(1).unwrap());
    memory
}

/// Attention of one sequence at the start of the memory.
fn run<S: Stored>(
    memory: &KvMemory,
    prefix: usize,
    paths: &[Vec<u32>],
    qkv: &[f32],
    cpu: &Cpu,
) -> Vec<f32> {
    let sequence = Sequence {
        rows: 0..paths.len(),
        shared: None,
        first: 0,
        committed: prefix,
    };
    run_all::<S>(memory, &[], &[sequence], paths, qkv, cpu)
}

fn run_all<S: Stored>(
    memory: &KvMemory,
    shared: &[Prefix<'_>],
    sequences: &[Sequence],
    paths: &[Vec<u32>],
    qkv: &[f32],
    cpu: &Cpu,
) -> Vec<f32> {
    let op = TreeAttention {
        layer: 0,
        memory,
        shared,
        sequences,
        paths,
        plan: &Plan::new(sequences, memory.places.heads, cpu.pool.threads()),
        cpu,
    };
    op.run::<S>(qkv)
}

/// Plain f64 attention of one head of a row over the same path.
fn reference<S: Stored>(
    memory: &KvMemory,
    qkv: &[f32],
    (prefix, path): (usize, &[u32]),
    (row, head): (usize, usize),
) -> Vec<f64> {
    let (places, heads) = (memory.places, memory.places.heads);
    let (keys, values) = memory.layer::<S>(0);
    let (keys, values) = (read(keys), read(values));
    let d = heads.head_dim;
    let kv = head / (heads.heads / heads.kv_heads);
    let q = &qkv[row * heads.qkv_width() + head * d..][..d];
    let slots: Vec<usize> = (0..prefix)
        .chain(path.iter().map(|&s| s as usize))
        .collect();
    let key = |slot: usize, i: usize| f64::from(keys[places.key_at(slot, kv) + i * TILE]);
    let value = |slot: usize, i: usize| f64::from(values[places.value_at(slot, kv) + i]);
    let score = |&s: &usize| (0..d).map(|i| f64::from(q[i]) * key(s, i)).sum::<f64>();
    let weights: Vec<f64> = slots
        .iter()
        .map(|s| (score(s) / (d as f64).sqrt()).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let weighted = |i: usize| slots.iter().zip(&weights).map(move |(&s, w)| (s, *w, i));
    (0..d)
        .map(|i| weighted(i).map(|(s, w, i)| w * value(s, i)).sum::<f64>() / total)
        .collect()
}

/// Cached numbers as f32.
fn read<S: Stored>(numbers: &[S]) -> Vec<f32> {
    let mut out = vec![0.0; numbers.len()];
    S::widen(numbers, &mut out);
    out
}

#[test]
fn matches_a_plain_reference_and_ignores_the_other_rows() {
    matches_a_plain_reference::<f16>();
    matches_a_plain_reference::<f32>();
}

fn matches_a_plain_reference<S: Stored>() {
    let large = Heads {
        heads: 9,
        kv_heads: 3,
        head_dim: 64,
    };
    let odd = Heads {
        heads: 4,
        kv_heads: 4,
        head_dim: 100,
    };
    let wide = Heads {
        heads: 7,
        kv_heads: 1,
        head_dim: 80,
    };
    for (heads, prefix, n) in [
        (HEADS, 5, 4),
        (large, 37, 4),
        (large, 200, 30),
        (odd, 70, 9),
        (wide, 150, 3),
    ] {
        // branches of five below the root
        let mut paths: Vec<Vec<u32>> = vec![vec![prefix as u32]];
        for i in 1..n {
            let parent = if i % 5 == 1 { 0 } else { i - 1 };
            let mut path = paths[parent].clone();
            path.push((prefix + i) as u32);
            paths.push(path);
        }
        let qkv = noise(n * heads.qkv_width(), 1);
        let memory = memory::<S>(heads, prefix + n, 2);
        let mut fused: Option<Vec<f32>> = None;
        for isa in Isa::available() {
            let cpu = Cpu::new(2).unwrap().with_isa(isa);
            let out = run::<S>(&memory, prefix, &paths, &qkv, &cpu);
            let (width, d) = (heads.heads * heads.head_dim, heads.head_dim);
            for row in 0..n {
                for head in 0..heads.heads {
                    let read = (prefix, paths[row].as_slice());
                    let want = reference::<S>(&memory, &qkv, read, (row, head));
                    let got = &out[row * width + head * d..][..d];
                    let close = |(g, w): (&f32, &f64)| (f64::from(*g) - w).abs() < 1e-5;
                    assert!(got.iter().zip(&want).all(close), "row {row} head {head}");
                }
                let q = &qkv[row * heads.qkv_width()..][..heads.qkv_width()];
                // the other rows are still in the cache
                let single = run::<S>(&memory, prefix, &paths[row..=row], q, &cpu);
                assert_eq!(single, out[row * width..][..width], "row {row} alone");
            }
            if isa != Isa::Portable {
                let first = fused.get_or_insert_with(|| out.clone());
                assert_eq!(*first, out, "{isa:?} has other bits");
            }
        }
    }
}

#[test]
fn a_position_counts_the_same_in_the_prefix_and_in_the_tree() {
    let qkv = noise(HEADS.qkv_width(), 3);
    let memory = memory::<f16>(HEADS, 130, 4);
    let cpu = Cpu::new(2).unwrap();
    let run = |prefix: usize| {
        let path: Vec<u32> = (prefix as u32..130).collect();
        run::<f16>(&memory, prefix, &[path], &qkv, &cpu)
    };
    let whole = run(0);
    (1..=129).for_each(|prefix| assert_eq!(run(prefix), whole, "prefix {prefix}"));
}

#[test]
fn where_a_prefix_lies_does_not_show() {
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            let cpu = Cpu::new(threads).unwrap().with_isa(isa);
            for shared in [0, 1, 15, 16, 17, 63, 64, 70, 131] {
                where_one_lies_does_not_show::<f16>(shared, &cpu);
                where_one_lies_does_not_show::<f32>(shared, &cpu);
            }
        }
    }
}

/// Three sequences, two behind the same prefix of `shared` rows, against each one stored as
/// a whole.
fn where_one_lies_does_not_show<S: Stored>(shared: usize, cpu: &Cpu) {
    const OWN: [(usize, usize); 3] = [(5, 4), (90, 1), (0, 9)];
    let rows_of_slot = 112;
    let width = HEADS.qkv_width();
    let text = |seed, n: usize| noise(n * width, seed);
    let prefixes = [text(7, shared), text(8, 20)];
    let begins = [Some(0), Some(1), Some(0)];
    let places = Places::new(HEADS, 3 * rows_of_slot);
    let mut own = KvMemory::new(places, 1, S::TYPE);
    let keep = |qkv: &[f32]| {
        let n = qkv.len() / width;
        let mut memory = KvMemory::new(Places::new(HEADS, n), 1, S::TYPE);
        memory.append(0, qkv, &(0..n).collect::<Vec<_>>(), cpu);
        memory
    };
    let memories = prefixes.each_ref().map(|prefix| keep(prefix));
    let read = [0, 1].map(|i| Prefix {
        memory: &memories[i],
        rows: prefixes[i].len() / width,
    });
    let (mut sequences, mut paths, mut qkv, mut want) = (vec![], vec![], vec![], vec![]);
    for (slot, (committed, n)) in OWN.into_iter().enumerate() {
        let rows = text(20 + slot as u32, committed + n);
        let at: Vec<usize> = (0..committed + n)
            .map(|i| slot * rows_of_slot + i)
            .collect();
        own.append(0, &rows, &at, cpu);
        let first = paths.len();
        // every other row is a child of the row before it, the rest are roots
        for i in 0..n {
            let mut path = if i % 2 == 1 {
                Vec::clone(&paths[first + i - 1])
            } else {
                vec![]
            };
            path.push((committed + i) as u32);
            paths.push(path);
        }
        sequences.push(Sequence {
            rows: first..first + n,
            shared: begins[slot],
            first: slot * rows_of_slot,
            committed,
        });
        qkv.extend_from_slice(&rows[committed * width..]);
        let before = &prefixes[begins[slot].unwrap()];
        let whole = keep(&[before, rows.as_slice()].concat());
        let offset = before.len() / width;
        let path = |path: &Vec<u32>| path.iter().map(|row| row + offset as u32).collect();
        let shifted: Vec<Vec<u32>> = paths[first..].iter().map(path).collect();
        let q = &rows[committed * width..];
        want.extend(run::<S>(&whole, offset + committed, &shifted, q, cpu));
    }
    let got = run_all::<S>(&own, &read, &sequences, &paths, &qkv, cpu);
    assert_eq!(got, want, "{:?}, {shared} shared rows", cpu.isa);
}
