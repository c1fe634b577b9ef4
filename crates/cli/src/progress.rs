//! A bar on stderr for work that takes a while; a line now and then where nobody looks at a terminal.
use std::cell::Cell;
use std::io::IsTerminal;

use granary_proto::granary::vault::v1::{StorePhase, StoreProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Parts of the whole after which a line is written where there is no terminal.
const STEPS: i64 = 10;

/// The bar.
pub struct Bar {
    bar: Option<ProgressBar>,
    told: Cell<(i32, i64)>,
}

impl Bar {
    /// A bar where stderr is a terminal.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
            let style =
                ProgressStyle::with_template("{msg:10} [{bar:40}] {pos}/{len}  {per_sec}, {eta} to go");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, told: Cell::new((0, -1)) }
    }

    /// Shows how far it is.
    pub fn show(&self, progress: &StoreProgress) {
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        let name = match progress.phase() {
            StorePhase::Working => "working",
            StorePhase::Verifying => "verifying",
            StorePhase::Done => "done",
            StorePhase::Counting | StorePhase::Unspecified => "counting",
        };
        if let Some(bar) = &self.bar {
            if self.told.replace((progress.phase, 0)).0 != progress.phase {
                bar.reset();
            }
            bar.set_message(name);
            bar.set_length(number(progress.total));
            bar.set_position(number(progress.done));
            return;
        }
        let step = progress.done * STEPS / progress.total.max(1);
        if self.told.replace((progress.phase, step)) != (progress.phase, step)
            && progress.phase() != StorePhase::Done
        {
            crate::output::note(&format!("{name}: {} of {} records", progress.done, progress.total));
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
