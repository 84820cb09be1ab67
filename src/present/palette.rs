//! The colours of each bundled theme. Contrast is tested in `contrast.rs`.

use ratatui::style::Color;

/// Colours by role. `Color::Reset` is the terminal's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Palette {
    pub(crate) ground: Color,
    /// The bars at the top and the bottom.
    pub(crate) bar: Color,
    pub(crate) text: Color,
    pub(crate) strong: Color,
    pub(crate) dim: Color,
    /// Borders and tracks; nothing to read.
    pub(crate) line: Color,
    pub(crate) accent: Color,
    pub(crate) accepted: Color,
    pub(crate) relaxed: Color,
    pub(crate) rejected: Color,
    pub(crate) lost: Color,
    pub(crate) bonus: Color,
    /// Backgrounds of the cursor's step and of the selection; `None`: bold and
    /// reversed instead.
    pub(crate) cursor: Option<(Color, Color)>,
}

impl Palette {
    /// What a file of themes calls each colour.
    pub(crate) const ROLES: [&str; 14] = [
        "ground",
        "bar",
        "text",
        "strong",
        "dim",
        "line",
        "accent",
        "accepted",
        "relaxed",
        "rejected",
        "lost",
        "bonus",
        "step",
        "selection",
    ];

    /// The colour that a file of themes calls so.
    pub(crate) fn role_mut(&mut self, role: &str) -> Option<&mut Color> {
        Some(match role {
            "ground" => &mut self.ground,
            "bar" => &mut self.bar,
            "text" => &mut self.text,
            "strong" => &mut self.strong,
            "dim" => &mut self.dim,
            "line" => &mut self.line,
            "accent" => &mut self.accent,
            "accepted" => &mut self.accepted,
            "relaxed" => &mut self.relaxed,
            "rejected" => &mut self.rejected,
            "lost" => &mut self.lost,
            "bonus" => &mut self.bonus,
            "step" => &mut self.cursor.get_or_insert(CURSOR).0,
            "selection" => &mut self.cursor.get_or_insert(CURSOR).1,
            _ => return None,
        })
    }

    /// What is read, by role.
    pub(crate) fn read_colours(&self) -> [(&'static str, Color); 9] {
        [
            ("text", self.text),
            ("strong", self.strong),
            ("dim", self.dim),
            ("accent", self.accent),
            ("accepted", self.accepted),
            ("relaxed", self.relaxed),
            ("rejected", self.rejected),
            ("lost", self.lost),
            ("bonus", self.bonus),
        ]
    }
}

/// Where a theme without backgrounds for the cursor is given one of both.
const CURSOR: (Color, Color) = (Color::Black, Color::Black);

const fn hex(value: u32) -> Color {
    Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

pub(crate) const DARK: Palette = Palette {
    ground: hex(0x10131a),
    bar: hex(0x191e29),
    text: hex(0xcdd5e3),
    strong: hex(0xffffff),
    dim: hex(0x9fa9be),
    line: hex(0x414c62),
    accent: hex(0x5fd3e8),
    accepted: hex(0x8ad7a0),
    relaxed: hex(0xf5bd56),
    rejected: hex(0xff8f96),
    lost: hex(0xcaa6ff),
    bonus: hex(0x94b8ec),
    cursor: Some((hex(0x222a3a), hex(0x2e3b55))),
};

pub(crate) const LIGHT: Palette = Palette {
    ground: hex(0xfcfbf8),
    bar: hex(0xeeece5),
    text: hex(0x2a2f3a),
    strong: hex(0x000000),
    dim: hex(0x565d6b),
    line: hex(0xc9c6bb),
    accent: hex(0x005f73),
    accepted: hex(0x176534),
    relaxed: hex(0x7d4a00),
    rejected: hex(0xaa1a28),
    lost: hex(0x6431b5),
    bonus: hex(0x134cb0),
    cursor: Some((hex(0xe8ecf4), hex(0xd2dcf0))),
};

/// Okabe and Ito, "Color Universal Design" (2008), on black; the purple and the
/// vermilion a little lighter, for contrast on the selection.
pub(crate) const OKABE_ITO: Palette = Palette {
    ground: hex(0x0c0e12),
    bar: hex(0x181b21),
    text: hex(0xd6d9de),
    strong: hex(0xffffff),
    dim: hex(0x9da4af),
    line: hex(0x3a4048),
    accent: hex(0xf0e442),
    accepted: hex(0x1fbf92),
    relaxed: hex(0xe69f00),
    rejected: hex(0xf5843a),
    lost: hex(0xde97c0),
    bonus: hex(0x56b4e9),
    cursor: Some((hex(0x20262e), hex(0x2d3642))),
};

pub(crate) const ANSI: Palette = Palette {
    ground: Color::Reset,
    bar: Color::Reset,
    text: Color::Reset,
    strong: Color::Reset,
    dim: Color::DarkGray,
    line: Color::DarkGray,
    accent: Color::LightCyan,
    accepted: Color::LightGreen,
    relaxed: Color::LightYellow,
    rejected: Color::LightRed,
    lost: Color::LightMagenta,
    bonus: Color::Cyan,
    cursor: None,
};

pub(crate) const PLAIN: Palette = Palette {
    ground: Color::Reset,
    bar: Color::Reset,
    text: Color::Reset,
    strong: Color::Reset,
    dim: Color::Reset,
    line: Color::Reset,
    accent: Color::Reset,
    accepted: Color::Reset,
    relaxed: Color::Reset,
    rejected: Color::Reset,
    lost: Color::Reset,
    bonus: Color::Reset,
    cursor: None,
};

/// Red, green and blue; the 16 colours as xterm shows them by default. `None`
/// for the terminal's own and for indexed colours.
pub(crate) fn rgb(color: Color) -> Option<(u8, u8, u8)> {
    Some(match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Black => (0, 0, 0),
        Color::Red => (205, 0, 0),
        Color::Green => (0, 205, 0),
        Color::Yellow => (205, 205, 0),
        Color::Blue => (0, 0, 238),
        Color::Magenta => (205, 0, 205),
        Color::Cyan => (0, 205, 205),
        Color::Gray => (229, 229, 229),
        Color::DarkGray => (127, 127, 127),
        Color::LightRed => (255, 85, 85),
        Color::LightGreen => (85, 255, 85),
        Color::LightYellow => (255, 255, 85),
        Color::LightBlue => (92, 92, 255),
        Color::LightMagenta => (255, 85, 255),
        Color::LightCyan => (85, 255, 255),
        Color::White => (255, 255, 255),
        Color::Reset | Color::Indexed(_) => return None,
    })
}
