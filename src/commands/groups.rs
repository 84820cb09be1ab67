//! `laserscope groups`: builds groups from attributes and behaviour and saves them for
//! `--groups`.

use std::path::Path;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::{GroupsBuildArgs, GroupsCommand, ItemGrouping, UserGrouping};
use crate::commands::outputs::{self, Kind};
use crate::commands::print_json;
use crate::config::Settings;
use crate::console::{interrupt, progress};
use crate::recsys::learn::{self, ItemMethod, UserMethod};
use crate::recsys::saved::{Header, SavedGroups};
use crate::recsys::{SubjectKind, lightgcn};

/// Runs the command; `Ok(false)` if it was cancelled.
pub fn run(command: &GroupsCommand, settings: &Settings) -> Result<bool> {
    match command {
        GroupsCommand::Build(args) => build(args, settings),
        GroupsCommand::Shuffle { file, out, seed } => {
            outputs::expect_own("--out", out, Kind::Groups)?;
            let saved = SavedGroups::load(file)?.shuffled(*seed);
            save(&saved, out).map(|()| true)
        }
        GroupsCommand::Info { file, json } => {
            let saved = SavedGroups::load(file)?;
            match json {
                true => print_json(&GroupsInfo::of(&saved))?,
                false => print(&saved),
            }
            Ok(true)
        }
    }
}

fn build(args: &GroupsBuildArgs, settings: &Settings) -> Result<bool> {
    outputs::expect_own("--out", &args.out, Kind::Groups)?;
    let catalog = settings.load_catalog()?;
    let mut line = progress::Line::new();
    let cancel = interrupt::flag();
    let mut go_on = |at: &lightgcn::Progress| {
        line.part(at.epoch as u64, at.n_epochs_max as u64, &describe(at));
        !cancel.load(std::sync::atomic::Ordering::Relaxed)
    };
    let (items, users) = methods(args);
    let built = learn::build(&catalog, items, users, args.seed, &mut go_on);
    drop(line);
    match built {
        Some(saved) => save(&saved, &args.out).map(|()| true),
        None => Ok(false),
    }
}

fn methods(args: &GroupsBuildArgs) -> (ItemMethod, UserMethod) {
    let items = match args.items {
        ItemGrouping::Map => ItemMethod::Map,
        ItemGrouping::None => ItemMethod::None,
    };
    let users = match args.users {
        UserGrouping::Liked => UserMethod::Liked,
        UserGrouping::None => UserMethod::None,
        UserGrouping::Lightgcn => UserMethod::LightGcn {
            options: lightgcn::Options {
                dim: usize::from(args.dim),
                n_layers: usize::from(args.layers),
                n_epochs_max: usize::from(args.epochs),
                seed: args.seed,
                ..lightgcn::Options::default()
            },
            k: usize::from(args.k),
        },
    };
    (items, users)
}

fn describe(at: &lightgcn::Progress) -> String {
    let recall = match (at.recall, at.best_recall) {
        (Some(now), Some(best)) => format!(", recall@20 {now:.4} (best {best:.4})"),
        _ => String::new(),
    };
    let (epoch, most) = (at.epoch, at.n_epochs_max);
    format!(
        "LightGCN: epoch {epoch} of at most {most}, loss {:.4}{recall}",
        at.loss
    )
}

fn save(saved: &SavedGroups, out: &Path) -> Result<()> {
    saved.save(out)?;
    print(saved);
    note!("wrote {}; use it with --groups", out.display());
    Ok(())
}

fn print(saved: &SavedGroups) {
    let header = &saved.header;
    out!(
        "groups of {} (fingerprint {}), seed {}",
        header.catalog,
        header.fingerprint,
        header.seed
    );
    for kind in [SubjectKind::Item, SubjectKind::User] {
        let part = saved.part(kind);
        let notes = part
            .parameters
            .iter()
            .map(|(name, value)| format!(", {name} {value}"));
        out!("{kind}s by {}{}", part.method, notes.collect::<String>());
        let (sizes, n_without) = saved.sizes(kind);
        for (group, n) in part.groups.iter().zip(sizes) {
            out!("  {:<22}{n:>8}  {}", group.name, group.about);
        }
        if n_without > 0 {
            out!(
                "  {:<22}{n_without:>8}  served by the global pool",
                "in no group"
            );
        }
    }
}

#[derive(Serialize)]
struct GroupsInfo<'a> {
    #[serde(flatten)]
    header: &'a Header,
    item_sizes: Vec<usize>,
    items_in_no_group: usize,
    user_sizes: Vec<usize>,
    users_in_no_group: usize,
}

impl<'a> GroupsInfo<'a> {
    fn of(saved: &'a SavedGroups) -> Self {
        let (item_sizes, items_in_no_group) = saved.sizes(SubjectKind::Item);
        let (user_sizes, users_in_no_group) = saved.sizes(SubjectKind::User);
        GroupsInfo {
            header: &saved.header,
            item_sizes,
            items_in_no_group,
            user_sizes,
            users_in_no_group,
        }
    }
}
