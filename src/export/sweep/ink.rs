//! The colours of charts, by role, for a light and a dark page. The heat maps' go from orange
//! over grey to blue, or from grey to blue: told apart with any kind of colour vision, and
//! bad is never told from good by colour alone, since every cell has its figure.

use std::fmt::Write;

use plotters::style::RGBColor;

/// Steps of a heat map's scale, from bad to good.
pub(super) const BINS: u8 = 9;

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Ground,
    Text,
    Dim,
    Line,
    Accent,
    /// A cell of a heat map.
    Heat(HeatInk),
    /// The figure in it.
    OnHeat(HeatInk),
}

/// A step of a scale, from 0, bad, to [`BINS`] - 1, good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeatInk {
    pub(super) scale: InkScale,
    pub(super) bin: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InkScale {
    /// From bad over as autoregressive to good.
    Diverging,
    /// From bad to good.
    Sequential,
}

/// Whether colours are fixed, as in a picture that anything may show, or the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inks {
    Fixed,
    /// Place holders, for [`with_variables`].
    Variables,
}

const DIVERGING: [[u32; 9]; 2] = [
    [
        0xb35806, 0xd9822b, 0xf0ae6a, 0xf8d7b0, 0xf0f0ee, 0xcddcee, 0x93b6dd, 0x4d86c4, 0x1d5a9c,
    ],
    [
        0xf0994a, 0xc4752d, 0x8f5622, 0x5c3d20, 0x2a3140, 0x25466b, 0x2f659e, 0x4a8bcd, 0x86bdf5,
    ],
];
const SEQUENTIAL: [[u32; 9]; 2] = [
    [
        0xf4f4f2, 0xe2e9f1, 0xcddcee, 0xb3cbe6, 0x93b6dd, 0x6f9dd0, 0x4d86c4, 0x316fb1, 0x1d5a9c,
    ],
    [
        0x2a3140, 0x273a53, 0x25466b, 0x295585, 0x2f659e, 0x3a77b6, 0x4a8bcd, 0x66a4e2, 0x86bdf5,
    ],
];
/// Ground, text, dim, line and accent: as in the themes of the screens.
const PLAIN: [[u32; 5]; 2] = [
    [0xfcfbf8, 0x2a2f3a, 0x565d6b, 0xc9c6bb, 0x005f73],
    [0x10131a, 0xcdd5e3, 0x9fa9be, 0x414c62, 0x5fd3e8],
];
const BLACK: u32 = 0x101319;
const WHITE: u32 = 0xffffff;

/// A light or a dark page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PagePaper {
    Light,
    Dark,
}

impl Ink {
    fn all() -> impl Iterator<Item = Ink> {
        let plain = [Ink::Ground, Ink::Text, Ink::Dim, Ink::Line, Ink::Accent];
        let scales = [InkScale::Diverging, InkScale::Sequential].into_iter();
        let heat = scales.flat_map(|scale| (0..BINS).map(move |bin| HeatInk { scale, bin }));
        let heat = heat.flat_map(|heat| [Ink::Heat(heat), Ink::OnHeat(heat)]);
        plain.into_iter().chain(heat)
    }

    fn on(self, paper: PagePaper) -> u32 {
        let of = paper as usize;
        match self {
            Ink::Ground => PLAIN[of][0],
            Ink::Text => PLAIN[of][1],
            Ink::Dim => PLAIN[of][2],
            Ink::Line => PLAIN[of][3],
            Ink::Accent => PLAIN[of][4],
            Ink::Heat(HeatInk { scale, bin }) => {
                let scale = match scale {
                    InkScale::Diverging => &DIVERGING,
                    InkScale::Sequential => &SEQUENTIAL,
                };
                scale[of][usize::from(bin.min(BINS - 1))]
            }
            Ink::OnHeat(heat) => {
                let ground = Ink::Heat(heat).on(paper);
                match contrast(BLACK, ground) >= contrast(WHITE, ground) {
                    true => BLACK,
                    false => WHITE,
                }
            }
        }
    }

    /// The name of its variable on a page.
    fn name(self) -> String {
        match self {
            Ink::Ground => "ground".into(),
            Ink::Text => "text".into(),
            Ink::Dim => "dim".into(),
            Ink::Line => "line".into(),
            Ink::Accent => "accent".into(),
            Ink::Heat(heat) => heat.name("heat"),
            Ink::OnHeat(heat) => heat.name("on-heat"),
        }
    }
}

impl HeatInk {
    /// Of a value this good, from 0 to 1.
    pub(super) fn of(scale: InkScale, goodness: f64) -> Self {
        HeatInk {
            scale,
            bin: (goodness.clamp(0.0, 1.0) * f64::from(BINS - 1)).round() as u8,
        }
    }

    fn name(self, role: &str) -> String {
        let scale = match self.scale {
            InkScale::Diverging => 'd',
            InkScale::Sequential => 's',
        };
        format!("{role}-{scale}{}", self.bin)
    }
}

impl Inks {
    pub(super) fn colour(self, ink: Ink) -> RGBColor {
        match self {
            Inks::Fixed => rgb(ink.on(PagePaper::Light)),
            Inks::Variables => rgb(place_holder(ink)),
        }
    }
}

/// No colour of a chart.
fn place_holder(ink: Ink) -> u32 {
    let at = Ink::all().position(|other| other == ink).unwrap_or(0);
    0x00fe_0000 | at as u32
}

fn rgb(value: u32) -> RGBColor {
    RGBColor((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

/// A chart drawn with place holders, in the colours of the page that it is put into.
pub(super) fn with_variables(svg: &str) -> String {
    Ink::all().fold(svg.to_string(), |svg, ink| {
        let drawn = format!("\"#{:06X}\"", place_holder(ink));
        svg.replace(&drawn, &format!("\"var(--{})\"", ink.name()))
    })
}

/// The variables of a page.
pub(super) fn variables(paper: PagePaper) -> String {
    let mut out = String::new();
    for ink in Ink::all() {
        let _ = write!(out, "--{}:#{:06x};", ink.name(), ink.on(paper));
    }
    out
}

/// WCAG's contrast of two colours.
fn contrast(a: u32, b: u32) -> f64 {
    let [a, b] = [a, b].map(luminance);
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: u32) -> f64 {
    let channel = |shift: u32| {
        let share = f64::from((colour >> shift) & 0xff) / 255.0;
        match share <= 0.040_45 {
            true => share / 12.92,
            false => ((share + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_read_on_both_papers() {
        for paper in [PagePaper::Light, PagePaper::Dark] {
            for ink in Ink::all() {
                let ground = match ink {
                    Ink::Ground | Ink::Line | Ink::Heat(_) => continue,
                    Ink::OnHeat(heat) => Ink::Heat(heat),
                    Ink::Text | Ink::Dim | Ink::Accent => Ink::Ground,
                };
                let found = contrast(ink.on(paper), ground.on(paper));
                assert!(found >= 4.5, "{ink:?} on {paper:?}: {found:.2}");
            }
        }
    }

    #[test]
    fn every_place_holder_becomes_a_variable() {
        let drawn: String = Ink::all()
            .map(|ink| format!("fill=\"#{:06X}\" ", place_holder(ink)))
            .collect();
        let page = with_variables(&drawn);
        assert!(!page.contains('#'), "{page}");
        assert!(page.contains("var(--heat-d4)") && page.contains("var(--on-heat-s8)"));
        assert_eq!(
            variables(PagePaper::Dark).matches(';').count(),
            Ink::all().count()
        );
    }

    #[test]
    fn the_middle_is_the_middle() {
        let bins = [0.0, 0.5, 1.0].map(|g| HeatInk::of(InkScale::Diverging, g).bin);
        assert_eq!(bins, [0, BINS / 2, BINS - 1]);
    }
}
