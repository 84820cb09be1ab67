//! Conditions: what they match, how they are written, and that no input makes the
//! parser panic.

use proptest::prelude::*;
use strum::VariantArray;

use super::*;
use crate::speculate::params::{AcceptanceRule, Budget, Params};
use crate::speculate::trace::{SourceHit, TokenBytes};
use crate::speculate::whatif::tests::{run, thinned};

/// A run whose tokens are letters.
fn letters() -> Trace {
    let params = Params {
        verify: AcceptanceRule::Relaxed { k: 2, tau: 0.05 },
        budget: Budget::Rows(8),
        ..Params::default()
    };
    let mut trace = run(3, 40, 8, params);
    let mut first = trace.steps.remove(0);
    first.tokens = (0..12)
        .map(|id| (id, TokenBytes::new(&[b' ', b'a' + id as u8])))
        .collect();
    first.retrieval.push(SourceHit {
        source: Source::Local,
        matched: 9,
        count: 1,
    });
    let rest = std::mem::take(&mut trace.steps);
    let mut trace = Trace::new(trace.header);
    trace.push(first);
    rest.into_iter().for_each(|step| trace.push(step));
    trace
}

fn found(text: &str, trace: &Trace) -> Vec<usize> {
    let condition = Condition::parse(text).unwrap();
    condition.all(trace).collect()
}

#[test]
fn steps_are_found_by_what_happened_in_them() {
    use crate::speculate::verify::Fate;
    let trace = letters();
    let by = |has: &dyn Fn(&crate::speculate::trace::Step) -> bool| -> Vec<usize> {
        let steps = trace.steps.iter().filter(|step| has(step));
        steps.map(|step| step.index).collect()
    };
    let rejected = by(&|s| s.verdict.count(Fate::Rejected) > 0);
    assert_eq!(found("rejected", &trace), rejected);
    assert_eq!(found("first rejection", &trace), rejected[..1]);
    assert_eq!(found("not rejected or REJECTED", &trace).len(), 40);
    let none = by(&|s| s.verdict.path.is_empty());
    assert!(!none.is_empty() && none.len() < 40);
    assert_eq!(found("none", &trace), none);
    let few = by(&|s| s.verdict.n_committed() < 2);
    assert_eq!(found("committed<2", &trace), few);
    assert_eq!(found("match>=8", &trace), [0]);
    assert_eq!(found("hit and step<=2", &trace), [0, 1]);
    assert_eq!(found("source=local", &trace), [0usize; 0]);
    assert_eq!(found("source!=local", &trace).len(), 40);
    let unsure = by(&|s| {
        let p = |&n: &usize| s.score(n).unwrap().p;
        let argmax_p = || s.row(s.verdict.stop()).unwrap().argmax_p().unwrap();
        let bonus = s.verdict.bonus.map(|_| argmax_p());
        s.verdict.path.iter().map(p).chain(bonus).any(|p| p < 0.3)
    });
    assert_eq!(found("p<0.3", &trace), unsure);
    let relaxed = found("relaxed", &trace);
    assert_eq!(found("rank>1", &trace), relaxed);
}

#[test]
fn text_is_found_where_it_ends() {
    let trace = letters();
    let all: String = (0..40).map(|at| committed(&trace, at)).collect();
    for at in 1..40 {
        let before: String = (0..at).map(|at| committed(&trace, at)).collect();
        let upto = before.clone() + &committed(&trace, at);
        let tail = &upto[before.len() - 2..before.len() + 2];
        let condition = Condition::Text(Text::Text, TextSign::Contains, tail.into());
        assert!(condition.matches(&trace, at), "{tail:?} of {all:?}");
    }
    let token = committed(&trace, 5).trim()[..1].to_uppercase();
    let condition = Condition::parse(&format!("token={token}")).unwrap();
    assert!(condition.matches(&trace, 5));
    assert_eq!(found("text~zz", &trace), [0usize; 0]);
}

fn committed(trace: &Trace, at: usize) -> String {
    let step = &trace.steps[at];
    let tokens = step.verdict.committed(&step.tree);
    tokens
        .map(|(id, _)| String::from_utf8_lossy(trace.token_bytes(id)).into_owned())
        .collect()
}

#[test]
fn the_next_and_the_one_before() {
    let trace = letters();
    let condition = Condition::parse("rejected").unwrap();
    let all: Vec<usize> = condition.all(&trace).collect();
    assert_eq!(
        condition.find(&trace, all[1], Direction::Forward),
        Some(all[2])
    );
    assert_eq!(
        condition.find(&trace, all[1], Direction::Back),
        Some(all[0])
    );
    assert_eq!(condition.find(&trace, 99, Direction::Forward), None);
    assert_eq!(condition.find(&trace, 0, Direction::Back), None);
}

#[test]
fn an_error_says_where_and_what_would_fit() {
    let error = |text: &str| Condition::parse(text).unwrap_err();
    let typo = error("rejected and relxed");
    assert_eq!((typo.at, typo.found.as_deref()), (13, Some("relxed")));
    assert!(typo.expected.iter().any(|word| word == "relaxed"));
    assert!(
        typo.to_string()
            .starts_with("unexpected `relxed` at 14: expected accepted")
    );
    assert_eq!(error("committed").expected.len(), 6);
    assert_eq!(error("ms>fast").expected, ["a number"]);
    assert_eq!(error("source=here").expected[0], "group");
    assert_eq!(error("(lost").expected, ["and", "or", ")"]);
    assert_eq!(error("lost lost").expected, ["and", "or"]);
    assert_eq!(error("text~\"open").expected, ["\""]);
    assert_eq!(error("").found, None);
    assert!(Condition::parse(&"(".repeat(100_000)).is_err());
    assert!(Condition::parse(&"not ".repeat(100_000)).is_err());
    for joined in [" or ", " and "] {
        let of = |n: usize| Condition::parse(&vec!["hit"; n].join(joined));
        assert!(of(256).is_ok());
        let error = of(20_000).unwrap_err().to_string();
        assert!(error.contains("fewer terms"), "{error}");
    }
}

#[test]
fn typing_goes_on_with_the_words_that_fit() {
    let words = |text: &str| complete(text, text.len());
    assert_eq!(words("rej"), ["rejected"]);
    assert_eq!(words("rejected a"), ["and"]);
    assert_eq!(words("rejected and fi"), ["first"]);
    assert_eq!(words("source=l"), ["local"]);
    assert_eq!(words("source="), ["group", "global", "local", "online"]);
    assert_eq!(words("ms>"), [""; 0]);
    assert_eq!(words("(lost "), ["and", "or", ")"]);
    assert!(words("").contains(&"first".to_string()));
    assert_eq!(complete("rej or lost", 3), ["rejected"]);
    assert_eq!(words("nonsense "), [""; 0]);
}

#[test]
fn help_shows_what_can_be_read() {
    for line in HELP {
        Condition::parse(line.example).unwrap();
    }
    let shown: Vec<&str> = HELP.iter().flat_map(|h| [h.example, h.about]).collect();
    let shown = shown.join(" ");
    for word in parse::term_words() {
        let is_word = !["not", "first", "("].contains(&word);
        assert!(!is_word || shown.contains(word), "{word} has no help");
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    let word = prop::sample::select(Word::VARIANTS).prop_map(Condition::Word);
    let number = (
        prop::sample::select(Number::VARIANTS),
        prop::sample::select(&Sign::ALL[..]),
        0f64..1e9,
    );
    let number = number.prop_map(|(number, sign, value)| Condition::Number(number, sign, value));
    let source = (prop::sample::select(&Source::ALL[..]), any::<bool>())
        .prop_map(|(source, is)| Condition::Source(source, if is { Is::It } else { Is::Not }));
    let text = (
        prop::sample::select(Text::VARIANTS),
        prop::sample::select(&TextSign::ALL[..]),
        ".+",
    )
        .prop_map(|(text, sign, value)| Condition::Text(text, sign, value));
    let term = prop_oneof![word, number, source, text];
    term.prop_recursive(5, 40, 2, |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|c| Condition::Not(Box::new(c))),
            inner.clone().prop_map(|c| Condition::First(Box::new(c))),
            pair().prop_map(|(a, b)| Condition::And(Box::new(a), Box::new(b))),
            pair().prop_map(|(a, b)| Condition::Or(Box::new(a), Box::new(b))),
        ]
    })
}

/// A condition without `first`, on figures of the size that steps have.
fn of_a_step() -> impl Strategy<Value = Condition> {
    let number = (
        prop::sample::select(Number::VARIANTS),
        prop::sample::select(&Sign::ALL[..]),
        0u32..40,
    );
    let number =
        number.prop_map(|(number, sign, n)| Condition::Number(number, sign, f64::from(n) / 10.0));
    let word = prop::sample::select(Word::VARIANTS).prop_map(Condition::Word);
    prop_oneof![3 => number, 1 => word].prop_recursive(3, 12, 2, |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|c| Condition::Not(Box::new(c))),
            pair().prop_map(|(a, b)| Condition::And(Box::new(a), Box::new(b))),
            pair().prop_map(|(a, b)| Condition::Or(Box::new(a), Box::new(b))),
        ]
    })
}

proptest! {
    /// What is removed from a recording changes no answer: it is the whole recording's, or
    /// the step counts as not recorded and does not match.
    #[test]
    fn what_is_not_recorded_matches_nothing(condition in of_a_step(), seed: u64, percent in 0u32..101) {
        let params = Params { budget: Budget::Rows(8), ..Params::default() };
        let whole = run(seed, 12, 8, params);
        let thin = thinned(&whole, seed, percent);
        let known = |trace: &Trace, step| matching::matches(&condition, trace, step);
        let mut unknown = 0;
        for step in 0..12 {
            match known(&thin, step) {
                Some(found) => prop_assert_eq!(known(&whole, step), Some(found)),
                None => unknown += 1,
            }
            prop_assert_eq!(condition.matches(&thin, step), known(&thin, step) == Some(true));
        }
        prop_assert_eq!(condition.not_recorded(&thin), unknown);
        prop_assert_eq!(condition.not_recorded(&whole), 0);
        prop_assert_eq!(condition.lack(&thin).is_empty(), unknown == 0);
    }

    #[test]
    fn what_is_printed_is_read_back(condition in condition()) {
        prop_assert_eq!(Condition::parse(&condition.to_string()), Ok(condition));
    }

    #[test]
    fn nothing_typed_makes_it_panic(text in ".{0,60}", cursor in 0usize..70) {
        let _ = Condition::parse(&text);
        let _ = complete(&text, cursor);
    }

    #[test]
    fn nothing_typed_of_its_own_words_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "not ", "first ", "(", ")", "and ", "or ", "text", "~", "=", "\"", "\\", "é", "p", "<", "0.2", "source", "local", "miss ",
        ]), 0..14),
        cursor in 0usize..60,
    ) {
        let text = parts.concat();
        if let Ok(condition) = Condition::parse(&text) {
            prop_assert_eq!(Condition::parse(&condition.to_string()), Ok(condition));
        }
        let _ = complete(&text, cursor);
    }
}
