//! Tenants take turns, bounds hold, and nothing is lost by who gives up.
use std::time::Duration;

use granary_rpc::Reason;
use proptest::prelude::*;

use super::*;

fn queue(in_flight: usize, per_tenant: usize, waiting: usize, waiting_per_tenant: usize) -> Arc<Queue> {
    let bounds = Bounds {
        max_in_flight: in_flight,
        max_in_flight_per_tenant: per_tenant,
        max_waiting: waiting,
        max_waiting_per_tenant: waiting_per_tenant,
    };
    Arc::new(Queue::new("test", Length::Short, bounds))
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

#[tokio::test]
async fn a_tenant_with_many_calls_waits_its_turn_and_another_one_does_not_wait_behind_them() {
    let queue = queue(2, 2, 100, 100);
    let held = [queue.admit("a", soon()).await.unwrap(), queue.admit("a", soon()).await.unwrap()];
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls = Vec::new();
    for tenant in ["a", "a", "a", "a", "b", "c"] {
        let (queue, order) = (queue.clone(), order.clone());
        calls.push(tokio::spawn(async move {
            let permit = queue.admit(tenant, soon()).await.unwrap();
            order.lock().unwrap().push(tenant);
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(permit);
        }));
        tokio::task::yield_now().await;
    }
    drop(held);
    for call in calls {
        call.await.unwrap();
    }
    let order = order.lock().unwrap().clone();
    let at = |tenant| order.iter().position(|t| *t == tenant).unwrap();
    assert!(at("b") <= 2 && at("c") <= 3, "{order:?}");
    assert!(queue.state().tenants.is_empty(), "nothing is kept of tenants without calls");
}

#[tokio::test]
async fn what_is_full_is_named_and_a_deadline_ends_the_wait() {
    let queue = queue(1, 1, 2, 1);
    let held = queue.admit("a", soon()).await.unwrap();
    let brief = Deadline::after(Duration::from_millis(30));
    let waits = queue.clone();
    let late = tokio::spawn(async move { waits.admit("a", brief).await.map(drop) });
    tokio::task::yield_now().await;
    let full = queue.admit("a", soon()).await.unwrap_err();
    assert_eq!((full.reason(), full.get("limit")), (Reason::Overloaded, Some("waiting_per_tenant")));
    let waits = queue.clone();
    let other = tokio::spawn(async move { waits.admit("b", soon()).await.map(drop) });
    tokio::task::yield_now().await;
    let full = queue.admit("c", soon()).await.unwrap_err();
    assert_eq!(full.get("limit"), Some("waiting"));
    assert_eq!(late.await.unwrap().unwrap_err().reason(), Reason::DeadlineExceeded);
    drop(held);
    other.await.unwrap().unwrap();
    queue.admit("a", soon()).await.unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Enter(usize),
    Leave(usize),
    GiveUp(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4usize).prop_map(Step::Enter),
        (0..64usize).prop_map(Step::Leave),
        (0..64usize).prop_map(Step::GiveUp),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #[test]
    fn bounds_hold_and_no_place_is_lost_whoever_comes_and_goes(steps in steps()) {
        let names = ["a", "b", "c", "d"];
        let queue = queue(3, 2, 6, 4);
        let (mut held, mut waiting) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Enter(tenant) => match queue.enter(names[tenant]) {
                    Ok(Entered::Runs(permit)) => held.push(permit),
                    Ok(Entered::Waits(place, turn)) => waiting.push((place, turn)),
                    Err(_) => {}
                },
                Step::Leave(at) if !held.is_empty() => drop(held.swap_remove(at % held.len())),
                Step::GiveUp(at) if !waiting.is_empty() => {
                    let (place, turn) = waiting.swap_remove(at % waiting.len());
                    drop(turn);
                    drop(place);
                }
                _ => {}
            }
            for at in (0..waiting.len()).rev() {
                if let Ok(permit) = waiting[at].1.try_recv() {
                    drop(waiting.swap_remove(at));
                    held.push(permit);
                }
            }
            let state = queue.state();
            prop_assert_eq!(state.in_flight, held.len());
            prop_assert_eq!(state.waiting, waiting.len());
            prop_assert!(state.in_flight <= 3 && state.waiting <= 6);
            for tenant in state.tenants.values() {
                prop_assert!(tenant.in_flight <= 2 && tenant.waiting.len() <= 4);
                // Nobody waits beside a free place.
                prop_assert!(tenant.waiting.is_empty() || tenant.in_flight == 2 || state.in_flight == 3);
            }
        }
        drop(waiting);
        drop(held);
        prop_assert!(queue.state().tenants.is_empty() && queue.state().turns.is_empty());
    }
}
