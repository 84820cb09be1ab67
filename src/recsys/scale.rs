//! What the ratings of a catalog mean: stars, grades, thumbs, or how often something
//! was played; and from which rating on an item counts as liked.
//!
//! Must not know files: `import/values.rs` finds the scale of values read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a catalog's ratings mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scale {
    /// From `min` to `max`, both included. Thumbs are -1 to 1.
    Range {
        /// The lowest rating.
        min: f32,
        /// The highest rating.
        max: f32,
    },
    /// Plays, purchases, weights: 0 or more, without an end.
    Counts,
    /// No ratings, only interactions; each is stored as 1.
    Implicit,
}

impl Scale {
    /// The most frequent one, and the sample's.
    pub(crate) const FIVE_STARS: Self = Scale::Range { min: 1.0, max: 5.0 };

    /// A rating above this is a like: above 60% of the maximum, so that 3 of 5, 6 of 10
    /// and 0 of 1 are not likes; any count is one.
    pub(crate) fn liked_above(self) -> f32 {
        match self {
            // In this order, 60% of 5 is exactly 3.
            Scale::Range { max, .. } => max * 3.0 / 5.0,
            Scale::Counts | Scale::Implicit => 0.0,
        }
    }

    pub(crate) fn contains(self, rating: f32) -> bool {
        match self {
            Scale::Range { min, max } => (min..=max).contains(&rating),
            Scale::Counts | Scale::Implicit => rating >= 0.0,
        }
    }

    /// The rating in stars out of five, as used in prompts. A count is a like, so five.
    pub(crate) fn stars(self, rating: f32) -> f32 {
        match self {
            Scale::Range { max: 5.0, .. } => rating,
            Scale::Range { max, .. } if max > 0.0 => (rating * 10.0 / max).round().max(0.0) / 2.0,
            _ if rating > self.liked_above() => 5.0,
            _ => 0.0,
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scale::Range { min, max } if *min < 0.0 => write!(f, "{min}/+{max}"),
            Scale::Range { min, max } => write!(f, "{min}-{max}"),
            Scale::Counts => f.write_str("counts"),
            Scale::Implicit => f.write_str("none"),
        }
    }
}

impl FromStr for Scale {
    type Err = String;

    /// `1-10`, `0-1`, `-1/+1`, `counts`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "counts" => return Ok(Scale::Counts),
            "none" => return Ok(Scale::Implicit),
            _ => {}
        }
        // The first sign may belong to the minimum.
        let cut = text.find('/').or_else(|| {
            let after_first = text.char_indices().skip(1);
            let mut dashes = after_first.filter(|&(_, c)| c == '-');
            dashes.next().map(|(at, _)| at)
        });
        let number = |text: &str| text.trim().parse::<f32>().ok().filter(|n| n.is_finite());
        let bounds = cut.and_then(|at| Some((number(&text[..at])?, number(&text[at + 1..])?)));
        match bounds {
            Some((min, max)) if min < max && max > 0.0 => Ok(Scale::Range { min, max }),
            _ => Err(
                "must be the lowest and highest rating as in 1-10, 0-1 or -1/+1, or counts, or none"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(text: &str) -> Scale {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in [
            "1-5", "0.5-5", "1-10", "0-1", "0-100", "-1/+1", "-10/+10", "counts", "none",
        ] {
            assert_eq!(scale(text).to_string(), text);
        }
        assert_eq!(scale("-1-1"), scale("-1/+1"));
        for bad in ["", "5", "5-1", "1-", "a-b", "1-inf", "-5/-1", "stars"] {
            assert!(bad.parse::<Scale>().is_err(), "{bad}");
        }
    }

    #[test]
    fn above_sixty_percent_is_liked() {
        for (text, liked, not) in [
            ("1-5", 3.5, 3.0),
            ("1-10", 6.5, 6.0),
            ("0-100", 61.0, 60.0),
            ("0-1", 1.0, 0.0),
            ("-1/+1", 1.0, -1.0),
            ("counts", 1.0, 0.0),
        ] {
            let above = scale(text).liked_above();
            assert!(liked > above && not <= above, "{text}");
        }
    }

    #[test]
    fn prompts_hear_of_five_stars() {
        assert_eq!(scale("1-5").stars(4.5), 4.5);
        assert_eq!(scale("1-10").stars(9.0), 4.5);
        assert_eq!(scale("0-100").stars(80.0), 4.0);
        assert_eq!(scale("-1/+1").stars(-1.0), 0.0);
        assert_eq!(scale("counts").stars(13_883.0), 5.0);
    }
}
