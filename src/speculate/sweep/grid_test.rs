use super::*;
use crate::speculate::parameters;
use crate::speculate::params::{Budget, Drafter};
use crate::speculate::test_support::header;

/// Strict, and relaxed with k = 2.
fn two_rules() -> Axes {
    let values = |name: &str, values: &str| {
        let number = parameters::named(name).unwrap();
        let values = values.split(',').map(|value| number.parse(value).unwrap());
        (number, values.collect())
    };
    let (k, tau) = (values("k", "1,2"), values("tau", "0.1"));
    Axes::default().trying(k.0, k.1).trying(tau.0, tau.1)
}

/// With several lengths of the longest branch, and several drafters.
fn drafted() -> Grid {
    let axes = Axes {
        branches: vec![4, 8],
        drafters: vec![Drafter::Laser, Drafter::Chain],
        ..two_rules()
    };
    Grid::new(Params::default(), &axes).unwrap()
}

#[test]
fn branches_and_drafters_are_axes_and_titles_name_only_what_varies() {
    let grid = drafted();
    assert_eq!((grid.layers.len(), grid.cells.len()), (4, 8));
    let (first, last) = (grid.params(0), grid.params(7));
    assert_eq!((first.branch, first.drafter), (4, Drafter::Laser));
    assert_eq!((last.branch, last.drafter), (8, Drafter::Chain));
    assert_eq!(last.budget, Params::default().budget);
    assert_eq!(grid.cell_name(0), "strict, branch 4, drafter laser");
    let name = grid.layer_name(&grid.layers[3]);
    assert_eq!(name, "relaxed, branch 8, drafter chain");
    let plain = Grid::new(Params::default(), &Axes::default()).unwrap();
    assert_eq!(plain.layer_name(&plain.layers[0]), "relaxed");
    let axes = Axes {
        branches: vec![4, 99],
        ..Axes::default()
    };
    let error = Grid::new(Params::default(), &axes).unwrap_err();
    assert!(error.contains("--branch 99"), "{error}");
}

#[test]
fn a_sweeps_command_line_says_its_axes_and_what_all_cells_share() {
    let grid = drafted();
    let mut subject = header(Params::default()).subject;
    subject.id = "i7".into();
    let configured = Params {
        max_tokens: 32,
        ..Params::default()
    };
    let command = |grid: &Grid, paired| {
        SweepCommand {
            grid,
            subjects: &[subject.clone()],
            configured: &configured,
            setup: &["--threads".to_string(), "2".to_string()],
            paired,
        }
        .text()
    };
    assert_eq!(
        command(&grid, Some(2)),
        "laserscope sweep --item i7 --framework kar --rules relaxed --k 1,2 --tau 0.1 --branches \
         4,8 --drafters laser,chain --max-tokens 256 --paired 2 --threads 2"
    );
    let base = Params {
        budget: Budget::Rows(8),
        drafter: Drafter::Ngram,
        ..configured
    };
    let axes = Axes {
        rules: vec![Family::parse("strict").unwrap()],
        ..Axes::default()
    };
    let fixed = command(&Grid::new(base, &axes).unwrap(), None);
    assert!(
        fixed.contains("--rules strict --budgets 8 --drafter ngram --max-tokens 32 --threads"),
        "{fixed}"
    );
}
