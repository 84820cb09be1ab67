//! A what-if and the rerun that it is about agree on the real model.

use laserscope::engine::RunSpec;
use laserscope::recsys::{Catalog, Framework, Role, SubjectKind};
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Params};
use laserscope::speculate::whatif::Change;
use laserscope::worker::ask;

use super::super::engine::run;
use super::super::rerun::assert_agrees;
use super::decode;

/// On the real model, with its pools and the profile of this machine.
#[test]
fn the_real_model_confirms_its_what_ifs() {
    let catalog = Catalog::bundled().unwrap();
    let framework = Framework::named("kar").unwrap();
    let mut engine = decode::engine()
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let with = |verify, budget, branch| Change {
        verify,
        budget,
        branch,
    };
    let auto = |max| Some(Budget::Auto { max });
    let mut n_exact = 0;
    for (kind, id) in [(SubjectKind::Item, "i002"), (SubjectKind::User, "u001")] {
        let at = catalog.find(kind, id).unwrap();
        let (subject, prompt) = ask::about(&catalog, at, &framework, Role::Query).unwrap();
        let params = Params {
            max_tokens: 48,
            ..Params::default()
        };
        let recorded = run(&mut engine, RunSpec::new(subject, prompt, params));
        for change in [
            with(Some(AcceptanceRule::Strict), None, None),
            with(
                Some(AcceptanceRule::Relaxed { k: 3, tau: 0.02 }),
                None,
                None,
            ),
            with(Some(AcceptanceRule::Ratio { k: 2, r: 0.5 }), auto(16), None),
            with(
                Some(AcceptanceRule::Margin {
                    k: ALL_RANKS,
                    m: 0.2,
                }),
                None,
                None,
            ),
            with(Some(AcceptanceRule::Deferred { h: 0.3, w: 2 }), None, None),
            with(None, auto(8), None),
            with(None, Some(Budget::Rows(4)), None),
            with(None, None, Some(2)),
        ] {
            n_exact += assert_agrees(&mut engine, &recorded, &change).n_exact();
        }
    }
    assert!(n_exact > 12, "{n_exact} steps were exact");
}
