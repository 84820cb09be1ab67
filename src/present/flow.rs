//! A record's text in lines; ghosts stand where a step ended.

use std::rc::Rc;

use super::lines::{From, Ghosts, Line, Unit, lay_out};
use super::record::{Ghost, Record, TextCell, TokenPlace};
use super::selection::TreeSelection;
use super::token_text::columns;

/// The text in lines of `width` columns; the same is laid out once. Never empty.
pub(crate) fn flow(record: &Record, ghosts: Ghosts, width: usize) -> Rc<Vec<Line>> {
    let key = (record.cells.len(), ghosts, width);
    let lines = || lay_out(&units(record, ghosts), width);
    record.laid_out.get(key, lines)
}

fn units(record: &Record, ghosts: Ghosts) -> Vec<Unit<'_>> {
    let mut units = Vec::with_capacity(record.cells.len());
    for (i, cell) in record.cells.iter().enumerate() {
        let ghost = ghost_before(record, cell).filter(|_| ghosts == Ghosts::Shown);
        if let Some((step, ghost)) = ghost {
            units.push(Unit {
                from: From::Ghost(step),
                text: &ghost.text,
                width: columns(&ghost.text),
                breaks: &[],
            });
        }
        units.push(Unit {
            from: From::Cell(i),
            text: &cell.text,
            width: cell.width,
            breaks: &cell.breaks,
        });
    }
    units
}

/// A ghost stands before the bonus token, which the model preferred to it.
fn ghost_before<'a>(record: &'a Record, cell: &TextCell) -> Option<(usize, &'a Ghost)> {
    let TokenPlace::Step {
        step,
        selection: TreeSelection::Bonus,
        ..
    } = cell.place
    else {
        return None;
    };
    record.ghosts.get(step)?.as_ref().map(|ghost| (step, ghost))
}
