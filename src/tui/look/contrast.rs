//! Whether text can be read on its background: contrast as WCAG 2.1 defines it.

use ratatui::style::Color;

use crate::present::palette::{Palette, rgb};

/// The least contrast of what is read (WCAG 2.1, level AA).
pub const LEAST: f64 = 4.5;

/// A colour on a ground that it is hard to read on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Poor {
    pub(crate) text: &'static str,
    pub(crate) ground: &'static str,
    pub(crate) ratio: f64,
}

/// Every pair that stands below [`LEAST`]. What the terminal shows by itself has
/// no known value; black stands for its background.
pub(crate) fn poor_pairs(palette: &Palette) -> Vec<Poor> {
    let ground = match palette.ground {
        Color::Reset => Color::Black,
        known => known,
    };
    let mut grounds = vec![("ground", ground), ("bar", palette.bar)];
    if let Some((step, selection)) = palette.cursor {
        grounds.extend([("step", step), ("selection", selection)]);
    }
    let mut poor = Vec::new();
    for (ground_name, ground) in grounds {
        for (text, color) in palette.read_colours() {
            if let Some(ratio) = contrast(color, ground).filter(|&r| r < LEAST) {
                poor.push(Poor {
                    text,
                    ground: ground_name,
                    ratio,
                });
            }
        }
    }
    poor
}

/// From 1 (none) to 21; `None` where a colour's value is not known.
pub fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

/// Relative luminance.
fn luminance(color: Color) -> Option<f64> {
    let (r, g, b) = rgb(color)?;
    let channel = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    Some(0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::theme::ThemeName;

    #[test]
    fn black_on_white_is_the_most() {
        let ratio = contrast(Color::Black, Color::Rgb(255, 255, 255)).unwrap();
        assert!((ratio - 21.0).abs() < 1e-9);
        assert_eq!(contrast(Color::Reset, Color::Black), None);
    }

    #[test]
    fn everything_that_is_read_has_contrast() {
        for name in ThemeName::ALL {
            let poor = poor_pairs(&name.theme().palette);
            assert!(poor.is_empty(), "{}: {poor:#?}", name.name());
        }
    }
}
