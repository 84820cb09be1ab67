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

fn op<'a>(places: Places, prefix: usize, paths: &'a [Vec<u32>], cpu: &'a Cpu) -> TreeAttention<'a> {
    TreeAttention {
        places,
        prefix,
        paths,
        cpu,
    }
}

/// A plain f64 attention over the same path.
fn reference(
    op: &TreeAttention<'_>,
    (qkv, keys, values): (&[f32], &[f32], &[f32]),
    row: usize,
    head: usize,
) -> Vec<f64> {
    let heads = op.places.heads;
    let d = heads.head_dim;
    let kv = head / (heads.heads / heads.kv_heads);
    let q = &qkv[row * heads.qkv_width() + head * d..][..d];
    let slots: Vec<usize> = (0..op.prefix)
        .chain(op.paths[row].iter().map(|&s| s as usize))
        .collect();
    let key = |slot: usize, i: usize| f64::from(keys[op.places.key_at(slot, kv) + i * TILE]);
    let value = |slot: usize, i: usize| f64::from(values[op.places.value_at(slot, kv) + i]);
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

/// Numbers as stored in a cache of this type.
fn stored<S: Stored>(numbers: &[f32]) -> Vec<S> {
    let mut out = vec![S::from_f64(0.0); numbers.len()];
    S::round(numbers, &mut out);
    out
}

/// The same, read again.
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
        let places = Places::new(heads, prefix + n);
        let qkv = noise(n * heads.qkv_width(), 1);
        let noise = |seed| stored::<S>(&noise(places.numbers(), seed));
        let (keys, values) = (noise(2), noise(3));
        let plain = (read(&keys), read(&values));
        let mut fused: Option<Vec<f32>> = None;
        for isa in Isa::available() {
            let cpu = Cpu::new(2).unwrap().with_isa(isa);
            let tree = op(places, prefix, &paths, &cpu);
            let out = tree.run(&qkv, &keys, &values);
            let (width, d) = (heads.heads * heads.head_dim, heads.head_dim);
            for row in 0..n {
                for head in 0..heads.heads {
                    let want = reference(&tree, (&qkv, &plain.0, &plain.1), row, head);
                    let got = &out[row * width + head * d..][..d];
                    let close = |(g, w): (&f32, &f64)| (f64::from(*g) - w).abs() < 1e-5;
                    assert!(got.iter().zip(&want).all(close), "row {row} head {head}");
                }
                let alone = op(places, prefix, &paths[row..=row], &cpu);
                let q = &qkv[row * heads.qkv_width()..][..heads.qkv_width()];
                // the slots of the other rows are still in the cache
                let single = alone.run(q, &keys, &values);
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
    let places = Places::new(HEADS, 130);
    let qkv = noise(HEADS.qkv_width(), 3);
    let noise = |seed| stored::<f16>(&noise(places.numbers(), seed));
    let (keys, values) = (noise(4), noise(5));
    let cpu = Cpu::new(2).unwrap();
    let run = |prefix: usize| {
        let path: Vec<u32> = (prefix as u32..130).collect();
        op(places, prefix, &[path], &cpu).run(&qkv, &keys, &values)
    };
    let whole = run(0);
    (1..=129).for_each(|prefix| assert_eq!(run(prefix), whole, "prefix {prefix}"));
}
