//! What a value of a heat map means: how good or bad it is, and how it is written. Where
//! autoregressive decoding has a value in the middle, the scale diverges from there.

use super::number::{percent, three};
use crate::speculate::sweep::Measure;

/// How far a scale reaches at least, lest noise look like a difference: of the speed-up as a
/// logarithm, of the share of repeated 4-grams, of the log-probability in nats.
const LEAST_REACH: (f64, f64, f64) = (0.1, 0.01, 0.05);
/// Shares below this are bad, whatever the others are.
const BAD_SHARE: f64 = 0.5;
/// Part of a diverging scale's reach that counts as no difference.
const NEUTRAL: f64 = 0.1;

/// How good a value is, for themes with few colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeatLevel {
    Worst,
    Bad,
    Neutral,
    Good,
    Best,
}

/// The scale of a measure over the cells of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HeatScale {
    pub(crate) measure: Measure,
    worst: f64,
    best: f64,
    /// What autoregressive decoding has, where that lies in the middle.
    pub(crate) middle: Option<f64>,
}

impl HeatScale {
    /// Over the values of all cells; `plain`: that of autoregressive decoding.
    pub(crate) fn of(
        measure: Measure,
        values: impl IntoIterator<Item = f64>,
        plain: Option<f64>,
    ) -> Self {
        let seen = values
            .into_iter()
            .fold(None, |ends: Option<(f64, f64)>, v| {
                let (low, high) = ends.unwrap_or((v, v));
                Some((low.min(v), high.max(v)))
            });
        let (low, high) = seen.unwrap_or((0.0, 1.0));
        let around = diverging(measure, (low, high), plain);
        around.unwrap_or_else(|| sequential(measure, (low, high)))
    }

    /// From 0, bad, to 1, good; 0.5 is as autoregressive on a diverging scale. Values that
    /// are all the same are neither.
    pub(crate) fn goodness(&self, value: f64) -> f64 {
        let [worst, best, value] = [self.worst, self.best, value].map(|v| match self.measure {
            Measure::SpeedUp => v.max(1e-9).ln(),
            _ => v,
        });
        match best == worst {
            true => 0.5,
            false => ((value - worst) / (best - worst)).clamp(0.0, 1.0),
        }
    }

    pub(crate) fn level(&self, value: f64) -> HeatLevel {
        let goodness = self.goodness(value);
        if self.middle.is_some() {
            return match 2.0 * goodness - 1.0 {
                off if off.abs() <= NEUTRAL => HeatLevel::Neutral,
                off if off < -0.5 => HeatLevel::Worst,
                off if off < 0.0 => HeatLevel::Bad,
                off if off <= 0.5 => HeatLevel::Good,
                _ => HeatLevel::Best,
            };
        }
        match goodness {
            g if g < 0.2 => HeatLevel::Worst,
            g if g < 0.4 => HeatLevel::Bad,
            g if g <= 0.6 => HeatLevel::Neutral,
            g if g <= 0.8 => HeatLevel::Good,
            _ => HeatLevel::Best,
        }
    }

    /// The value that lies at this goodness.
    pub(crate) fn value_at(&self, goodness: f64) -> f64 {
        let between = |worst: f64, best: f64| worst + goodness * (best - worst);
        match self.measure {
            Measure::SpeedUp => between(self.worst.ln(), self.best.ln()).exp(),
            // No share is below nothing.
            Measure::Repetition => between(self.worst, self.best).max(0.0),
            _ => between(self.worst, self.best),
        }
    }

    /// Which values are good, for people.
    pub(crate) fn about(&self) -> String {
        let way = match self.measure {
            Measure::Repetition => "less is better",
            _ => "more is better",
        };
        match self.middle {
            Some(plain) => format!(
                "{way}; {} is as autoregressive",
                written(self.measure, plain)
            ),
            None => way.to_string(),
        }
    }
}

/// Around what autoregressive decoding has; `None`: that is not in the middle.
fn diverging(measure: Measure, (low, high): (f64, f64), plain: Option<f64>) -> Option<HeatScale> {
    let (of_speed, of_repetition, of_log) = LEAST_REACH;
    let reach = |plain: f64, least: f64| (plain - low).max(high - plain).max(least);
    let (middle, worst, best) = match measure {
        Measure::SpeedUp => {
            let reach = low.ln().abs().max(high.ln().abs()).max(of_speed);
            (1.0, (-reach).exp(), reach.exp())
        }
        Measure::Repetition => {
            let plain = plain?;
            let reach = reach(plain, of_repetition);
            (plain, plain + reach, plain - reach)
        }
        Measure::LogProb => {
            let plain = plain?;
            let reach = reach(plain, of_log);
            (plain, plain - reach, plain + reach)
        }
        _ => return None,
    };
    Some(HeatScale {
        measure,
        worst,
        best,
        middle: Some(middle),
    })
}

fn sequential(measure: Measure, (low, high): (f64, f64)) -> HeatScale {
    let (worst, best) = match measure {
        Measure::Repetition => (high, low),
        Measure::Mal => (1.0, high),
        Measure::Acceptance => (0.0, high),
        Measure::InCommon | Measure::Agreement | Measure::FactsKept => (low.min(BAD_SHARE), 1.0),
        Measure::LogProb | Measure::SpeedUp => (low, high),
    };
    HeatScale {
        measure,
        worst,
        best,
        middle: None,
    }
}

/// A value with its unit.
pub(crate) fn written(measure: Measure, value: f64) -> String {
    match measure {
        Measure::SpeedUp => format!("{}x", three(value)),
        Measure::Mal => three(value),
        Measure::LogProb => format!("{value:.2}"),
        Measure::InCommon | Measure::Agreement | Measure::Acceptance | Measure::FactsKept => {
            percent(value)
        }
        Measure::Repetition => format!("{:.1}%", value * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(measure: Measure, values: [f64; 2], plain: f64) -> HeatScale {
        HeatScale::of(measure, values, Some(plain))
    }

    #[test]
    fn what_is_as_autoregressive_is_neither_good_nor_bad() {
        for (measure, values, plain) in [
            (Measure::SpeedUp, [0.8, 2.0], 1.0),
            (Measure::Repetition, [0.02, 0.2], 0.03),
            (Measure::LogProb, [-0.9, -0.5], -0.52),
        ] {
            let scale = scale(measure, values, plain);
            assert_eq!(scale.level(plain), HeatLevel::Neutral, "{measure:?}");
            assert!((scale.goodness(plain) - 0.5).abs() < 1e-9, "{measure:?}");
            assert!((scale.value_at(0.5) - plain).abs() < 1e-9, "{measure:?}");
        }
        // Twice as fast is as good as half as fast is bad.
        let speed = scale(Measure::SpeedUp, [0.5, 1.5], 1.0);
        assert_eq!(speed.level(0.5), HeatLevel::Worst);
        assert!((speed.goodness(2.0) + speed.goodness(0.5) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn little_repetition_is_good_and_much_of_all_else() {
        for measure in Measure::ALL {
            // Nothing commits less than a token per step.
            let values = [1.02, 1.17].map(|v| if measure == Measure::Mal { v } else { v - 1.0 });
            let scale = scale(measure, values, 0.1);
            let [least, most] = values.map(|v| scale.goodness(v));
            match measure {
                Measure::Repetition => assert!(least > most),
                Measure::SpeedUp => assert!(least < most && most < 0.5),
                _ => assert!(least < most, "{}", measure.name()),
            }
        }
    }

    #[test]
    fn noise_is_no_difference_and_most_of_the_text_is_good() {
        let speed = scale(Measure::SpeedUp, [0.995, 1.004], 1.0);
        assert_eq!(speed.level(1.004), HeatLevel::Neutral);
        let common = HeatScale::of(Measure::InCommon, [0.96, 0.99], None);
        assert_eq!(common.level(0.96), HeatLevel::Best);
        assert_eq!(common.level(0.55), HeatLevel::Worst);
        assert_eq!(HeatScale::of(Measure::Mal, [1.0], None).goodness(1.0), 0.5);
    }
}
