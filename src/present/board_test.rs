//! The board over the recordings that ship.

use super::*;
use crate::speculate::why_low::CauseKind;

fn row(file: &str, n: u64) -> BoardRow {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("assets/traces")
        .join(file);
    let file = std::fs::File::open(&path).expect("ships");
    let trace = Trace::load(std::io::BufReader::new(file)).expect("a trace");
    BoardRow::of(&trace, RowFrom::Run(n), Texts::LeftOut)
}

fn board() -> Board {
    let mut board = Board::default();
    for (n, file) in (0..).zip(["strict.jsonl", "autoregressive.jsonl", "relaxed.jsonl"]) {
        board.insert(row(file, n));
    }
    board
}

#[test]
fn rows_add_up_to_their_runs() {
    for row in board().rows() {
        let steps = row.why.n_steps();
        let mut positions = StepTally::default();
        row.by_position.iter().for_each(|t| positions.add(t));
        let mut headings = StepTally::default();
        row.by_heading.iter().for_each(|(_, t)| headings.add(t));
        assert_eq!(positions, row.tally());
        assert_eq!(headings, row.tally());
        assert_eq!(row.tally().steps, steps);
        let by_cause: usize = CauseKind::ALL.iter().map(|&kind| row.why.n(kind)).sum();
        assert_eq!(by_cause, steps);
        assert_eq!(row.why.tenths().iter().sum::<usize>(), 1000);
    }
}

#[test]
fn the_worst_rows_come_first_and_those_without_a_figure_last() {
    let board = board();
    let order = board.sorted(BoardColumn::Mal, BoardColumn::Mal.worst_first(), |_| true);
    let mal = |i: usize| BoardColumn::Mal.figure(&board.rows()[i]);
    assert_eq!(mal(order[2]), None, "nothing was drafted");
    assert!(mal(order[0]) <= mal(order[1]));
    let turned = board.sorted(BoardColumn::Mal, SortDirection::Descending, |_| true);
    assert_eq!(mal(turned[2]), None);
    assert_eq!(turned[..2], [order[1], order[0]]);
    let kept = board.sorted(BoardColumn::Subject, SortDirection::Ascending, |row| {
        row.drafts
    });
    assert_eq!(kept.len(), 2);
}

#[test]
fn a_run_that_comes_again_replaces_its_row() {
    let mut board = board();
    let n = board.rows().len();
    board.insert(row("relaxed.jsonl", 0));
    assert_eq!(board.rows().len(), n);
    assert_eq!(board.rows()[0].settings, board.rows()[2].settings);
}

#[test]
fn parts_of_the_rows_sum_to_the_rows_that_draft() {
    let board = board();
    let mut all = StepTally::default();
    let drafting = board.rows().iter().filter(|row| row.drafts);
    drafting.for_each(|row| all.add(&row.tally()));
    for breakdown in Breakdown::ALL {
        let mut sum = StepTally::default();
        let parts = breakdown.of(board.rows());
        parts.iter().for_each(|(_, tally)| sum.add(tally));
        assert_eq!(sum, all, "{breakdown:?}");
    }
    assert_eq!(Board::together(board.rows()).n_steps(), all.steps);
}

#[test]
fn every_row_is_in_one_bucket_of_a_histogram() {
    let board = board();
    let spread = Spread::of(BoardColumn::Tokens, board.rows(), 5).expect("figures");
    assert_eq!(spread.buckets.iter().sum::<usize>(), 3);
    assert!(spread.least <= spread.median && spread.median <= spread.most);
    assert_eq!(Spread::of(BoardColumn::Cause, board.rows(), 5), None);
}
