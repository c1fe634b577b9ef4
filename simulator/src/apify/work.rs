//! What a run does between its start and its end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::backend::Backend;
use super::plan::{Group, Plan};
use super::run::{Pushed, Run};
use super::status::{End, Status};
use super::token::Settings;

/// A run is seen on its way to an end that was forced on it for this long at most.
const LINGER_TIMEOUT: Duration = Duration::from_millis(300);
/// Parts of the pace in which the time of one step is given.
const PARTS: u64 = 100;

/// Works until the plan is done or something ends it. Between two steps it does not keep the backend alive.
pub(super) async fn work(backend: Weak<Backend>, run: Arc<Run>, plan: Plan, settings: Settings) {
    run.pass(Status::Running);
    let end = tokio::select! {
        biased;
        () = run.stopped() => End::ABORTED,
        () = sleep(run.options.timeout()) => End::TIMED_OUT,
        end = perform(&backend, &run, &plan, &settings) => end,
    };
    if let Some(status) = end.status.on_the_way() {
        run.pass(status);
        sleep(settings.pace().min(LINGER_TIMEOUT)).await;
    }
    run.end(end);
}

async fn perform(backend: &Weak<Backend>, run: &Run, plan: &Plan, settings: &Settings) -> End {
    let mut left = settings.run_end.map(|_| settings.run_end_after);
    for group in &plan.groups {
        if let Some(end) = perform_group(backend, run, plan, group, settings, &mut left).await {
            return end;
        }
    }
    settings.run_end.map_or(plan.end, End::forced)
}

/// None when all steps are done.
async fn perform_group(
    backend: &Weak<Backend>,
    run: &Run,
    plan: &Plan,
    group: &Group,
    settings: &Settings,
    left: &mut Option<usize>,
) -> Option<End> {
    if let (Some(event), Some(backend)) = (group.fee, backend.upgrade())
        && run.charge(&backend.tokens, event).is_none()
    {
        return Some(End::CAPPED);
    }
    let began = Instant::now();
    for (parts, index) in schedule(group.steps.len(), settings.workers()) {
        let Some(step) = group.steps.get(index) else { continue };
        if let (Some(status), Some(0)) = (settings.run_end, *left) {
            return Some(End::forced(status));
        }
        sleep_until(began + Duration::from_micros(settings.pace_ms * 1000 / PARTS * parts)).await;
        // Gone when the sandbox stops: nobody is left to see the end.
        let Some(backend) = backend.upgrade() else { return Some(End::ABORTED) };
        if let Some((event, row)) = step.perform(&backend.population, settings) {
            match run.push(&backend.tokens, event, row) {
                Pushed::More => {}
                Pushed::Enough => return Some(plan.end),
                Pushed::CapReached => return Some(End::CAPPED),
            }
        }
        *left = left.map(|left| left.saturating_sub(1));
    }
    None
}

/// When each of so many steps is done, in parts of the pace, earliest first. Side by side, a step that was begun later
/// takes less long, so that rows do not come in the order of the input; the same steps always come in the same order.
fn schedule(steps: usize, workers: usize) -> Vec<(u64, usize)> {
    let length = |index: usize| match workers {
        1 => PARTS,
        _ => PARTS * 3 / 2 - PARTS * (index % workers) as u64 / workers as u64,
    };
    let mut running: BinaryHeap<_> =
        (0..steps.min(workers)).map(|index| Reverse((length(index), index))).collect();
    let mut next = running.len();
    let mut order = Vec::with_capacity(steps);
    while let Some(Reverse((at, index))) = running.pop() {
        order.push((at, index));
        if next < steps {
            running.push(Reverse((at + length(next), next)));
            next += 1;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_workers_finish_out_of_order_and_one_in_order() {
        for steps in [2, 3, 15, 50, 200] {
            let order = schedule(steps, 15);
            let mut indices: Vec<_> = order.iter().map(|(_, index)| *index).collect();
            assert!(order.is_sorted_by_key(|(at, _)| *at));
            assert!(!indices.is_sorted(), "{steps}");
            indices.sort_unstable();
            assert_eq!(indices, (0..steps).collect::<Vec<_>>());
        }
        assert_eq!(schedule(3, 1), [(100, 0), (200, 1), (300, 2)]);
        let last = schedule(150, 15).last().unwrap().0;
        assert!((900..1300).contains(&last), "{last}");
    }
}
