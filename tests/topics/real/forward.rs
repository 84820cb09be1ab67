//! The real model's forward pass: a row's logits have the same bits in any tree, and
//! the cost of rounding activations compared with floats.

use std::hash::{DefaultHasher, Hash, Hasher};

use laserscope::model::decoder::{Decoder, SequenceRows, TreeBatch};
use laserscope::model::kernels::Isa;
use laserscope::model::logits::Logits;
use laserscope::model::sequences::Sequences;
use laserscope::model::tokenizer::TextCodec;
use laserscope::model::weights::{FloatWeights, Weights};
use laserscope::recsys::knowledge::bundled_knowledge;
use laserscope::recsys::{Catalog, Framework, Role, SubjectKind};
use laserscope::worker::ask;

use super::super::decoder::CPU;
use super::{decode, model};

/// Tokens before those that are checked.
const PROMPT: usize = 16;

fn load(floats: FloatWeights, threads: usize) -> (Decoder, TextCodec) {
    let weights = Weights::open(&model::path(), floats).unwrap();
    let decoder = Decoder::load(&weights, CPU, 1024, threads, |_, _| {}).unwrap();
    (decoder, TextCodec::of(&weights).unwrap())
}

/// Texts of the sample's documents, this many tokens of each after the first ones; a
/// short document continues with the next one.
fn documents(codec: &TextCodec, n: usize, tokens: usize) -> Vec<Vec<u32>> {
    let docs = bundled_knowledge().unwrap();
    let ids: Vec<Vec<u32>> = docs
        .iter()
        .map(|doc| codec.encode(&doc.text).unwrap())
        .collect();
    let from = |i: usize| ids[i..].iter().flatten().copied();
    let documents = (0..n).map(|i| from(i).take(PROMPT + tokens).collect::<Vec<_>>());
    let documents: Vec<_> = documents.filter(|d| d.len() == PROMPT + tokens).collect();
    assert_eq!(documents.len(), n, "the sample has enough documents");
    documents
}

fn bits(logits: &[f32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    logits.iter().for_each(|x| x.to_bits().hash(&mut hasher));
    hasher.finish()
}

/// The bits of every row, token by token.
fn one_by_one(decoder: &mut Decoder, tokens: &[u32], start: usize) -> Vec<u64> {
    decoder.truncate(0);
    decoder.extend(&tokens[..start]).unwrap();
    let row = |&token: &u32| {
        let rows = TreeBatch {
            tokens: &[token],
            parents: &[None],
        };
        let logits = decoder.forward(rows).unwrap();
        decoder.commit_rows(&[0]).unwrap();
        bits(&logits)
    };
    tokens[start..].iter().map(row).collect()
}

/// SplitMix64.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) % below as u64) as usize
}

/// The same in random trees: some of the true tokens, with random ones beside
/// them.
fn in_trees(decoder: &mut Decoder, tokens: &[u32], state: &mut u64) -> Vec<u64> {
    decoder.truncate(0);
    decoder.extend(&tokens[..PROMPT]).unwrap();
    let (mut at, mut found) = (PROMPT, Vec::new());
    while at < tokens.len() {
        let (n, vocab) = (1 + random(state, 24), decoder.vocab());
        let (mut drafts, mut parents, mut on_path) = (vec![tokens[at]], vec![None], vec![0]);
        for node in 1..n {
            if at + on_path.len() < tokens.len() && random(state, 3) == 0 {
                drafts.push(tokens[at + on_path.len()]);
                parents.push(on_path.last().copied());
                on_path.push(node);
            } else {
                drafts.push(random(state, vocab) as u32);
                parents.push(Some(random(state, node)));
            }
        }
        let rows = TreeBatch {
            tokens: &drafts,
            parents: &parents,
        };
        let logits = decoder.forward(rows).unwrap();
        found.extend(
            on_path
                .iter()
                .map(|&node| bits(&logits[node * vocab..][..vocab])),
        );
        decoder.commit_rows(&on_path).unwrap();
        at += on_path.len();
    }
    found
}

fn rows_do_not_depend_on_the_others(n_documents: usize, tokens: usize) {
    let (mut decoder, codec) = load(FloatWeights::Exact, 2);
    let mut state = 7;
    for (i, document) in documents(&codec, n_documents, tokens).iter().enumerate() {
        let alone = one_by_one(&mut decoder, document, PROMPT);
        let among = in_trees(&mut decoder, document, &mut state);
        let differs = alone.iter().zip(&among).position(|(a, b)| a != b);
        assert_eq!(
            differs, None,
            "document {i}: the first token with other logits"
        );
        assert_eq!(alone.len(), among.len());
    }
}

#[test]
fn a_row_has_the_same_bits_in_every_tree() {
    rows_do_not_depend_on_the_others(3, 120);
}

#[test]
#[ignore = "minutes; `.ci/run` runs it"]
fn a_row_has_the_same_bits_in_every_tree_over_100_documents_of_200_tokens() {
    rows_do_not_depend_on_the_others(100, 200);
}

#[test]
fn threads_and_instructions_do_not_show_in_the_bits() {
    let (mut decoder, codec) = load(FloatWeights::Exact, 2);
    let document = &documents(&codec, 1, 24)[0];
    let want = one_by_one(&mut decoder, document, PROMPT);
    for isa in Isa::available()
        .into_iter()
        .filter(|&isa| isa != Isa::Portable)
    {
        decoder.set_isa(isa);
        assert_eq!(one_by_one(&mut decoder, document, PROMPT), want, "{isa:?}");
    }
    for threads in [1, 3] {
        let (mut other, _) = load(FloatWeights::Exact, threads);
        assert_eq!(
            one_by_one(&mut other, document, PROMPT),
            want,
            "{threads} threads"
        );
    }
}

/// A draft below a sequence's next token: that token, and others beside its successors.
fn draft(text: &[u32], vocab: usize, state: &mut u64) -> (Vec<u32>, Vec<Option<usize>>) {
    let n = 1 + random(state, 6);
    let mut tokens = vec![text[0]];
    tokens.extend((1..n).map(|_| random(state, vocab) as u32));
    let parents = (0..n).map(|node| node.checked_sub(1).map(|last| random(state, last + 1)));
    (tokens, parents.collect())
}

/// Prompts behind what all of them share, in chunks beside one another, then answers with
/// drafts: the bits of every answer's rows.
fn together(
    decoder: &mut Decoder,
    texts: &[(Vec<u32>, usize)],
    (shared, answer): (usize, usize),
) -> Vec<Vec<u64>> {
    let longest = texts.iter().map(|(_, start)| start - shared + answer);
    let capacity = longest.max().unwrap() + 8;
    let mut sequences = decoder.sequences(texts.len(), capacity).unwrap();
    let prefix = &texts[0].0[..shared];
    let prefix = decoder.share_prefix(&mut sequences, prefix, &mut |_, _| true);
    let prefix = prefix.unwrap();
    (0..texts.len()).for_each(|slot| sequences.begin(slot, prefix));
    let (mut found, mut state) = (vec![Vec::new(); texts.len()], 3);
    while found.iter().any(|rows| rows.len() < answer) {
        let next: Vec<Next> = (0..texts.len())
            .map(|slot| next(&sequences, slot, &texts[slot], decoder.vocab(), &mut state))
            .collect();
        let rows: Vec<_> = next
            .iter()
            .enumerate()
            .filter(|(slot, _)| found[*slot].len() < answer)
            .map(|(slot, next)| next.rows(slot))
            .collect();
        let Logits::Host(logits) = decoder.forward_sequences(&mut sequences, &rows).unwrap() else {
            panic!("logits on a device");
        };
        let mut logits = logits.chunks(decoder.vocab());
        for rows in &rows {
            let n = rows.tree.tokens.len();
            let kept: Vec<usize> = match rows.wants_logits {
                true => vec![0],
                false => (0..n).collect(),
            };
            if rows.wants_logits {
                let of_rows: Vec<&[f32]> = logits.by_ref().take(n).collect();
                found[rows.slot].push(bits(of_rows[0]));
            }
            let committed = decoder.commit_sequence(&mut sequences, rows.slot, &kept);
            committed.unwrap();
        }
    }
    found
}

struct Next {
    tokens: Vec<u32>,
    parents: Vec<Option<usize>>,
    wants_logits: bool,
}

impl Next {
    fn rows(&self, slot: usize) -> SequenceRows<'_> {
        SequenceRows {
            slot,
            tree: TreeBatch {
                tokens: &self.tokens,
                parents: &self.parents,
            },
            wants_logits: self.wants_logits,
        }
    }
}

fn next(
    sequences: &Sequences,
    slot: usize,
    (ids, start): &(Vec<u32>, usize),
    vocab: usize,
    state: &mut u64,
) -> Next {
    let len = sequences.len(slot);
    if len < *start {
        let chunk = &ids[len..(*start).min(len + 8 + slot)];
        return Next {
            tokens: chunk.to_vec(),
            parents: (0..chunk.len()).map(|i| i.checked_sub(1)).collect(),
            wants_logits: false,
        };
    }
    let (tokens, parents) = draft(&ids[len..], vocab, state);
    Next {
        tokens,
        parents,
        wants_logits: true,
    }
}

#[test]
fn sixteen_sequences_together_have_the_bits_that_each_has_alone() {
    const ANSWER: usize = 12;
    let (mut decoder, codec) = load(FloatWeights::Exact, 2);
    let texts = answers(&codec, 16);
    let equal = |other: &Vec<u32>| {
        let pairs = texts[0].0.iter().zip(other);
        pairs.take_while(|(a, b)| a == b).count()
    };
    let shared = texts.iter().skip(1).map(|(ids, _)| equal(ids)).min();
    let shared = shared.unwrap();
    assert!(shared > 300, "the prompts share {shared} tokens");
    let alone: Vec<Vec<u64>> = texts
        .iter()
        .map(|(ids, start)| one_by_one(&mut decoder, &ids[..start + ANSWER], *start))
        .collect();
    let vectors = |isa: &Isa| *isa != Isa::Portable;
    for isa in Isa::available().into_iter().filter(vectors) {
        decoder.set_isa(isa);
        let among = together(&mut decoder, &texts, (shared, ANSWER));
        for (slot, (alone, among)) in alone.iter().zip(&among).enumerate() {
            let differs = alone.iter().zip(among).position(|(a, b)| a != b);
            assert_eq!(differs, None, "{isa:?}, sequence {slot}");
            assert_eq!(among.len(), ANSWER);
        }
    }
}

/// The most probable token after each one of a document.
fn argmaxes(decoder: &mut Decoder, tokens: &[u32]) -> Vec<usize> {
    decoder.truncate(0);
    let mut found = Vec::new();
    for chunk in tokens.chunks(64) {
        let parents: Vec<_> = (0..chunk.len()).map(|i| i.checked_sub(1)).collect();
        let rows = TreeBatch {
            tokens: chunk,
            parents: &parents,
        };
        let logits = decoder.forward(rows).unwrap();
        decoder
            .commit_rows(&(0..chunk.len()).collect::<Vec<_>>())
            .unwrap();
        found.extend(logits.chunks(decoder.vocab()).map(|row| {
            let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            best.unwrap().0
        }));
    }
    found
}

/// Prompts of the sample with their answers, and where the answers begin.
fn answers(codec: &TextCodec, n: usize) -> Vec<(Vec<u32>, usize)> {
    let catalog = Catalog::bundled().unwrap();
    let framework = Framework::named("kar").unwrap();
    let docs = bundled_knowledge().unwrap();
    let docs = docs
        .iter()
        .filter(|doc| doc.kind == SubjectKind::Item)
        .step_by(7);
    let answers: Vec<_> = docs
        .take(n)
        .map(|doc| {
            let at = catalog.find(doc.kind, &doc.id).unwrap();
            let (_, prompt) = ask::about(&catalog, at, &framework, Role::Query).unwrap();
            let engine = decode::engine().lock().unwrap_or_else(|e| e.into_inner());
            let prompt = engine.model.render(&prompt).unwrap();
            // the prompt ends in the opening, which the document has, too
            let start = prompt.ids.len() - prompt.opening_len;
            let ids = prompt.ids[..start].iter().copied();
            (ids.chain(codec.encode(&doc.text).unwrap()).collect(), start)
        })
        .collect();
    assert_eq!(answers.len(), n, "the sample has enough documents");
    answers
}

/// Share of an answer's positions at which the most probable token is that of
/// the same weights as floats, with nothing rounded.
fn agreement(n_documents: usize) -> f64 {
    let (mut rounded, codec) = load(FloatWeights::Exact, 2);
    let (mut plain, _) = load(FloatWeights::Reference, 2);
    let (mut same, mut all) = (0, 0);
    for (tokens, start) in answers(&codec, n_documents) {
        let (a, b) = (
            argmaxes(&mut rounded, &tokens),
            argmaxes(&mut plain, &tokens),
        );
        let positions = a[start..].iter().zip(&b[start..]);
        same += positions.clone().filter(|(a, b)| a == b).count();
        all += positions.count();
    }
    println!("{same} of {all} positions agree");
    same as f64 / all as f64
}

#[test]
#[ignore = "a minute; `.ci/run` runs it"]
fn rounding_activations_keeps_98_of_100_choices_over_20_documents() {
    let share = agreement(20);
    assert!(share >= 0.98, "{share}");
}
