//! Names in less room than they take: what tells one from another stays.

use crate::present::token_text::{columns, fit};

/// What stands between the parts of a run's name.
const BETWEEN: &str = " · ";
/// Shorter beginnings are not worth leaving out.
const LEAST_PREFIX: usize = 6;

/// The words that all names begin with, with the blank behind them; empty where they
/// are few or there is only one name.
pub(crate) fn common_prefix<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let (Some(first), Some(second)) = (names.next(), names.next()) else {
        return String::new();
    };
    let mut shared = shared(first, second);
    for name in names {
        shared = self::shared(shared, name);
    }
    let words = shared.rfind(' ').map_or("", |at| &shared[..=at]);
    match columns(words) >= LEAST_PREFIX {
        true => words.to_string(),
        false => String::new(),
    }
}

fn shared<'a>(a: &'a str, b: &str) -> &'a str {
    let mut pairs = a.char_indices().zip(b.chars());
    let end = pairs.find(|((_, x), y)| x != y).map(|((at, _), _)| at);
    let until = end.unwrap_or(a.len().min(b.len()));
    &a[..until]
}

/// A name cut to a width: what all names begin with goes first.
pub(crate) fn fit_after(prefix: &str, name: &str, width: usize) -> String {
    match name.strip_prefix(prefix) {
        Some(rest) if !prefix.is_empty() && columns(name) > width => {
            fit(&format!("…{rest}"), width)
        }
        _ => fit(name, width),
    }
}

/// A run's name cut to a width beside another's: first of all a part in which they
/// differ, then the rule, which every name begins with, then what else differs and fits
/// whole, then the rest. The parts keep their order.
pub(crate) fn telling(name: &str, beside: &str, width: usize) -> String {
    if columns(name) <= width {
        return name.to_string();
    }
    let theirs: Vec<&str> = beside.split(BETWEEN).collect();
    let parts: Vec<&str> = name.split(BETWEEN).collect();
    let differs = |&at: &usize| !theirs.contains(&parts[at]);
    let own = (0..parts.len()).filter(differs);
    let shared = (0..parts.len()).filter(|at| !differs(at));
    let mut by_worth: Vec<usize> = own.chain(shared).collect();
    // A rule that differs is the first part already.
    if let Some(place) = by_worth.iter().position(|&at| at == 0).filter(|&at| at > 1) {
        by_worth[1..=place].rotate_right(1);
    }
    let mut kept: Vec<usize> = Vec::new();
    for at in by_worth {
        let mut more = kept.clone();
        more.push(at);
        more.sort_unstable();
        if columns(&joined(&parts, &more)) > width {
            break;
        }
        kept = more;
    }
    match kept.is_empty() {
        true => fit(name, width),
        false => joined(&parts, &kept),
    }
}

fn joined(parts: &[&str], kept: &[usize]) -> String {
    let kept: Vec<&str> = kept.iter().map(|&at| parts[at]).collect();
    kept.join(BETWEEN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_shared_words_go_first() {
        let names = ["Synthetic viewer 002 (noir)", "Synthetic viewer 007 (war)"];
        let prefix = common_prefix(names.into_iter());
        assert_eq!(prefix, "Synthetic viewer ");
        assert_eq!(fit_after(&prefix, names[0], 12), "…002 (noir)");
        assert_eq!(fit_after(&prefix, names[0], 40), names[0]);
        assert_eq!(
            common_prefix(["12 Angry Men", "12 Monkeys"].into_iter()),
            ""
        );
        assert_eq!(common_prefix(["Heat"].into_iter()), "");
        assert_eq!(fit_after("", "Casablanca", 6), "Casab…");
    }

    #[test]
    fn what_differs_stays() {
        let a = "relaxed k=2 tau=0.10 · budget 12 · group crime 37 docs";
        let b = "relaxed k=2 tau=0.10 · budget 64 · group crime 37 docs";
        assert_eq!(telling(a, b, 20), "budget 12");
        assert_eq!(telling(a, b, 32), "relaxed k=2 tau=0.10 · budget 12");
        assert_eq!(telling(a, a, 20), "relaxed k=2 tau=0.10");
        assert_eq!(telling(a, b, 80), a);
        assert_eq!(telling(a, "strict", 8), "relaxed…");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_place(a in "[a-c日· ]{0,30}", b in "[a-c日· ]{0,30}", width in 0usize..24) {
            let prefix = common_prefix([a.as_str(), b.as_str()].into_iter());
            prop_assert!(a.starts_with(&prefix) && b.starts_with(&prefix));
            prop_assert!(columns(&fit_after(&prefix, &a, width)) <= width);
            prop_assert!(columns(&telling(&a, &b, width)) <= width);
        }
    }
}
