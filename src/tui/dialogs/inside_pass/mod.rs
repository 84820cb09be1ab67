//! Inside the pass: the step's draft tree beside its attention mask, the cache rows as
//! slots, and the selected token's way from its logit to the rule's ruling. What is drawn
//! comes from `present::pass_picture`.

mod cache;
mod mask;
mod way;

use cache::StripsShown;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::glossary::GlossaryPlace;
use crate::present::pass_picture::PassPicture;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::present::theme::{Emphasis, Theme};
use crate::protocol::Command;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::shell::layout;
use crate::tui::widgets::list::chosen;
use crate::tui::widgets::pane;
use crate::tui::widgets::pane::put;
use crate::tui::widgets::ring::neighbour;

const TITLE: &str = "INSIDE THE PASS";
/// From this inner size on all parts are shown at once.
const ROOMY: (u16, u16) = (108, 30);
/// Rows of the token's way, and what happened to the cache beside it, at the bottom.
const LOWER_ROWS: (u16, u16) = (13, 24);
/// Columns of what happened to the cache beside the token's way.
const CACHE_SHARE: (u32, u32) = (2, 5);

/// What a small screen shows of the pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PictureTab {
    #[default]
    Mask,
    Cache,
    Way,
}

impl PictureTab {
    const ALL: [PictureTab; 3] = [PictureTab::Mask, PictureTab::Cache, PictureTab::Way];

    fn name(self) -> &'static str {
        match self {
            PictureTab::Mask => "tree and mask",
            PictureTab::Cache => "KV cache",
            PictureTab::Way => "token's way",
        }
    }
}

/// The pass of the step looked at.
#[derive(Debug, Default)]
pub(crate) struct InsidePass {
    part: PictureTab,
}

/// What every part is drawn from.
struct PassView<'a> {
    record: &'a Record,
    step: &'a Step,
    picture: PassPicture,
    selection: TreeSelection,
    theme: &'a Theme,
}

impl<'a> PassView<'a> {
    fn of(app: &App, (record, step): (&'a Record, &'a Step), theme: &'a Theme) -> Self {
        PassView {
            record,
            step,
            picture: PassPicture::of(record, step, phase(app)),
            selection: app.selection().unwrap_or(TreeSelection::Root),
            theme,
        }
    }

    /// The selected row, in the picture's order.
    fn row(&self) -> Option<usize> {
        self.picture.row_of(self.step, self.selection)
    }
}

impl Dialog for InsidePass {
    fn context(&self) -> Context {
        Context::Pass
    }

    fn place(&self) -> Option<GlossaryPlace> {
        Some(GlossaryPlace::Pass)
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        let mut commands = Vec::new();
        match action {
            Action::Close => return Vec::new(),
            Action::PreviousStep => app.move_steps(-1),
            Action::NextStep => app.move_steps(1),
            Action::PreviousPhase => app.previous_phase(),
            Action::NextPhase => commands = app.next_phase(),
            Action::NextPane => self.part = neighbour(&PictureTab::ALL, self.part, true),
            Action::PreviousPane => self.part = neighbour(&PictureTab::ALL, self.part, false),
            other => select(app, other),
        }
        app.keep(self);
        commands
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let rect = place(app, area);
        let inner = pane::dialog(TITLE, rect, theme, buf);
        let Some((record, step)) = app.record().zip(app.step()) else {
            return;
        };
        let view = PassView::of(app, (record, step), theme);
        let note = Line::styled(said_of(app, step), theme.dim());
        pane::note(&[note], TITLE.len(), rect, buf);
        match is_roomy(inner) {
            true => roomy(&view, inner, buf),
            false => self.one_part(&view, inner, buf),
        }
    }

    fn line_at(&self, app: &App, area: Rect, at: Position) -> Option<usize> {
        let inner = pane::inner(place(app, area));
        let (record, step) = app.record().zip(app.step())?;
        let theme = app.look.theme.theme();
        let view = PassView::of(app, (record, step), &theme);
        let mask = match (is_roomy(inner), self.part) {
            (true, _) => {
                let strips = cache::strips(&view, usize::from(inner.width), StripsShown::All);
                split(&view, strips.len() as u16, inner)[0]
            }
            (false, PictureTab::Mask) => pane::below(inner, 1),
            (false, _) => return None,
        };
        mask::row_at(&view, mask, at)
    }
}

/// Between the bars; a lesson's task stays in view.
fn place(app: &App, area: Rect) -> Rect {
    let shell = layout::shell(app, area);
    shell.strip.union(shell.body)
}

impl InsidePass {
    fn one_part(&self, view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
        let mut tabs = Line::default();
        for part in PictureTab::ALL {
            let style = match part == self.part {
                true => view
                    .theme
                    .strong()
                    .patch(view.theme.emphasis(Emphasis::Selected)),
                false => view.theme.dim(),
            };
            tabs.push_span(Span::styled(format!(" {} ", part.name()), style));
        }
        put(buf, area, 0, &tabs);
        let area = pane::below(area, 1);
        match self.part {
            PictureTab::Mask => mask::render(view, area, buf),
            PictureTab::Cache => cache::render(view, area, buf),
            PictureTab::Way => way::render(view, area, buf),
        }
    }
}

/// The mask above, the slots below it, and at the bottom what happened and the token's way.
fn split(view: &PassView<'_>, strips: u16, area: Rect) -> [Rect; 3] {
    let mask = mask::height(view, area.width);
    let wanted = mask + strips + 2;
    let lower = area.height.saturating_sub(wanted);
    let lower = lower.clamp(LOWER_ROWS.0, LOWER_ROWS.1);
    let heights = [
        Constraint::Length(mask),
        Constraint::Length(strips),
        Constraint::Length(lower),
    ];
    let least = [Constraint::Fill(1), heights[1], heights[2]];
    match wanted + lower <= area.height {
        true => Layout::vertical(heights).spacing(1).areas(area),
        false => Layout::vertical(least).spacing(1).areas(area),
    }
}

fn roomy(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let strips = cache::strips(view, usize::from(area.width), StripsShown::All);
    let [upper, middle, lower] = split(view, strips.len() as u16, area);
    let (share, of) = CACHE_SHARE;
    let widths = [Constraint::Ratio(share, of), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(widths).spacing(3).areas(lower);
    mask::render(view, upper, buf);
    Paragraph::new(strips).render(middle, buf);
    cache::render_told(view, left, buf);
    way::render(view, right, buf);
}

fn is_roomy(inner: Rect) -> bool {
    inner.width >= ROOMY.0 && inner.height >= ROOMY.1
}

/// How far the step has come where we look.
/// The phase looked at; a step as a whole has committed.
fn phase(app: &App) -> StepPhase {
    app.decode.phase().unwrap_or(StepPhase::Commit)
}

fn said_of(app: &App, step: &Step) -> String {
    match app.decode.phase() {
        Some(phase) => format!("step {} · {}", step.index + 1, phase.name()),
        None => format!("step {} of {}", step.index + 1, app.n_steps()),
    }
}

/// Another node, in the picture's order; the bonus token comes last.
fn select(app: &mut App, action: &Action) {
    let Some((record, step)) = app.record().zip(app.step()) else {
        return;
    };
    let picture = PassPicture::of(record, step, phase(app));
    let nodes = picture.rows.iter().map(|row| match row.node {
        0 => TreeSelection::Root,
        node => TreeSelection::Draft(node),
    });
    let bonus = step.verdict.bonus.map(|_| TreeSelection::Bonus);
    let all: Vec<TreeSelection> = nodes
        .chain(bonus.filter(|&bonus| app.is_shown(bonus)))
        .collect();
    let at = all.iter().position(|&s| Some(s) == app.selection());
    let to = chosen(at.unwrap_or(0), action, all.len().saturating_sub(1));
    app.select_in_step(all[to]);
}
