//! What charts are drawn on: an SVG by plotters, with marks and texts in roles' colours.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, ShapeStyle, TextStyle};

use super::ink::{Ink, Inks, with_variables};
use crate::export::escape;

pub(super) type ChartArea<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type DrawingError = DrawingAreaErrorKind<std::io::Error>;
pub(super) type DrawingResult = Result<(), DrawingError>;

/// Width and height in pixels.
pub(super) type ChartSize = (u32, u32);

const FONT: &str = "sans-serif";
/// Columns of an em that a letter takes, about.
const LETTER: f64 = 0.56;

/// Where a text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextAnchor {
    Left,
    Middle,
    Right,
}

/// How a text is written.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) px: f64,
    pub(super) ink: Ink,
    pub(super) anchor: TextAnchor,
    pub(super) weight: FontStyle,
}

/// Text in the usual size.
pub(super) const PLAIN: Lettering = Lettering {
    px: 13.0,
    ink: Ink::Text,
    anchor: TextAnchor::Left,
    weight: FontStyle::Normal,
};

/// A part of a drawing.
pub(super) struct ChartSheet<'a> {
    pub(super) area: ChartArea<'a>,
    pub(super) inks: Inks,
}

/// How many pixels wide a text is, about.
pub(super) fn text_width(text: &str, px: f64) -> i32 {
    (text.chars().count() as f64 * px * LETTER).round() as i32
}

/// A chart as a picture by itself; where it cannot be drawn, which a test would catch, it
/// shows the error.
pub(super) fn picture(size: ChartSize, draw: impl Fn(&ChartSheet<'_>) -> DrawingResult) -> String {
    drawn(size, Inks::Fixed, draw)
}

/// A chart for a page, in the page's colours and as wide as there is room. `label`: what it
/// shows, for who does not see it.
pub(super) fn figure(
    size: ChartSize,
    label: &str,
    draw: impl Fn(&ChartSheet<'_>) -> DrawingResult,
) -> String {
    let svg = with_variables(&drawn(size, Inks::Variables, draw));
    let fixed = format!("<svg width=\"{}\" height=\"{}\"", size.0, size.1);
    let label = escape::html(label);
    let wide = format!(
        "<svg class=\"chart\" style=\"width:{}px\" role=\"img\" aria-label=\"{label}\"",
        size.0
    );
    svg.replacen(&fixed, &wide, 1)
}

fn drawn(size: ChartSize, inks: Inks, draw: impl Fn(&ChartSheet<'_>) -> DrawingResult) -> String {
    let mut svg = String::new();
    let outcome = {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let sheet = ChartSheet { area, inks };
        let ground = inks.colour(Ink::Ground);
        let filled = sheet.area.fill(&ground);
        filled
            .and_then(|()| draw(&sheet))
            .and_then(|()| sheet.area.present())
    };
    match outcome {
        Ok(()) => svg,
        Err(error) => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><text y=\"20\">{}</text></svg>",
            escape::html(&error.to_string())
        ),
    }
}

impl<'a> ChartSheet<'a> {
    /// A part of it, with coordinates of its own.
    pub(super) fn part(&self, (x, y): (u32, u32), (width, height): ChartSize) -> ChartSheet<'a> {
        ChartSheet {
            area: self.area.clone().shrink((x, y), (width, height)),
            inks: self.inks,
        }
    }

    /// The text's middle is at the height of the point; control characters, which no XML
    /// may hold, are replaced.
    pub(super) fn text(&self, text: &str, at: (i32, i32), how: Lettering) -> DrawingResult {
        let pos = match how.anchor {
            TextAnchor::Left => HPos::Left,
            TextAnchor::Middle => HPos::Center,
            TextAnchor::Right => HPos::Right,
        };
        let text = text.replace(char::is_control, "\u{fffd}");
        self.area.draw_text(&text, &self.style(how, pos), at)
    }

    fn style(&self, how: Lettering, pos: HPos) -> TextStyle<'static> {
        let font = (FONT, how.px, how.weight).into_font();
        let colour = self.inks.colour(how.ink);
        font.color(&colour).pos(Pos::new(pos, VPos::Center))
    }

    /// For the names of axes.
    pub(super) fn axis_style(&self, px: f64, ink: Ink) -> TextStyle<'static> {
        (FONT, px).into_font().color(&self.inks.colour(ink))
    }

    pub(super) fn stroke(&self, ink: Ink, width: u32) -> ShapeStyle {
        self.inks.colour(ink).stroke_width(width)
    }

    fn filled(&self, ink: Ink) -> ShapeStyle {
        self.inks.colour(ink).filled()
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, ink: Ink, width: u32) -> DrawingResult {
        self.area
            .draw(&PathElement::new(points, self.stroke(ink, width)))
    }

    pub(super) fn fill(&self, corners: [(i32, i32); 2], ink: Ink) -> DrawingResult {
        self.area.draw(&Rectangle::new(corners, self.filled(ink)))
    }

    pub(super) fn frame(&self, corners: [(i32, i32); 2], ink: Ink, width: u32) -> DrawingResult {
        self.area
            .draw(&Rectangle::new(corners, self.stroke(ink, width)))
    }

    /// A full circle.
    pub(super) fn dot(&self, at: (i32, i32), radius: i32, ink: Ink) -> DrawingResult {
        self.area.draw(&Circle::new(at, radius, self.filled(ink)))
    }

    /// An empty circle.
    pub(super) fn ring(&self, at: (i32, i32), radius: i32, ink: Ink) -> DrawingResult {
        self.dot(at, radius, Ink::Ground)?;
        let stroke = self.stroke(ink, 2);
        self.area.draw(&Circle::new(at, radius, stroke))
    }

    pub(super) fn diamond(&self, (x, y): (i32, i32), radius: i32, ink: Ink) -> DrawingResult {
        let corners = vec![
            (x - radius, y),
            (x, y - radius),
            (x + radius, y),
            (x, y + radius),
        ];
        self.area.draw(&Polygon::new(corners, self.filled(ink)))
    }

    pub(super) fn cross(&self, (x, y): (i32, i32), radius: i32, ink: Ink) -> DrawingResult {
        self.line(vec![(x - radius, y), (x + radius, y)], ink, 2)?;
        self.line(vec![(x, y - radius), (x, y + radius)], ink, 2)
    }
}
