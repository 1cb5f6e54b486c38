//! Turns on one serving thread: where requests would keep it too long, they wait by tenant, and the tenants take turns.
//! Knows tenants as numbers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// How long requests work before the thread looks whether others have come: what a tenant waits for the others, beside the longest
/// single request of theirs.
const TURN: Duration = Duration::from_micros(500);
/// Tenants that are remembered to have had their request in this turn; with more of them nobody has many.
const REMEMBERED: usize = 32;
/// Most requests that are let in at once.
const MOST_AT_ONCE: u32 = 64;

/// The turns of one serving thread.
pub struct Turns {
    turn: Duration,
    state: Mutex<State>,
}

/// How a request is taken in: how large its body may be, and whose turn it waits for.
#[derive(Clone)]
pub struct Intake {
    pub(crate) body_bytes: usize,
    turns: Option<Arc<Turns>>,
    tenant: Option<usize>,
}

struct State {
    began: Instant,
    /// Tenants that had a request let in in this turn.
    served: Vec<usize>,
    waiting: HashMap<usize, VecDeque<oneshot::Sender<()>>>,
    /// The tenants that wait, in the order of their turns.
    order: VecDeque<usize>,
    /// How many are let in at once: as many as fill a turn.
    at_once: u32,
    /// Somebody lets them in.
    attended: bool,
}

impl Turns {
    /// Turns of half a millisecond.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::of(TURN)
    }

    fn of(turn: Duration) -> Arc<Self> {
        let state = State {
            began: Instant::now(),
            served: Vec::new(),
            waiting: HashMap::new(),
            order: VecDeque::new(),
            at_once: 1,
            attended: false,
        };
        Arc::new(Self { turn, state: Mutex::new(state) })
    }

    /// A new turn begins: the thread had nothing to do, and looks at everything that has come since.
    pub fn begin(&self) {
        self.state().begin();
    }

    /// Waits in line, unless the request may come at once.
    fn line_up(self: &Arc<Self>, tenant: usize) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state();
        if state.may_come(tenant, self.turn) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        let waiting = state.waiting.entry(tenant).or_default();
        waiting.push_back(sender);
        if waiting.len() == 1 {
            state.order.push_back(tenant);
        }
        if !std::mem::replace(&mut state.attended, true) {
            tokio::spawn(Arc::clone(self).attend());
        }
        Some(receiver)
    }

    /// Lets in those who wait, turn by turn. The runtime looks for new requests before a task that yields goes on, and runs what it
    /// finds before it too.
    async fn attend(self: Arc<Self>) {
        tokio::task::yield_now().await;
        while self.let_in() {
            tokio::task::yield_now().await;
        }
    }

    /// The next turn begins: lets in those who wait, one of each tenant after the other. False when nobody waits.
    fn let_in(&self) -> bool {
        let mut state = self.state();
        let took = state.began.elapsed();
        if took > self.turn {
            state.at_once = (state.at_once / 2).max(1);
        } else if took < self.turn / 2 {
            state.at_once = (state.at_once * 2).min(MOST_AT_ONCE);
        }
        state.begin();
        state.attended = !state.order.is_empty();
        for _ in 0..state.at_once {
            state.let_one_in();
        }
        state.attended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intake {
    pub(crate) fn new(body_bytes: usize, turns: Option<Arc<Turns>>) -> Self {
        Self { body_bytes, turns, tenant: None }
    }

    /// Says whose request it is.
    pub fn of_tenant(&mut self, tenant: usize) {
        self.tenant = Some(tenant);
    }

    /// Waits until the request may use the thread. One that is no tenant's does not wait.
    pub(crate) async fn come(&self) {
        if let (Some(turns), Some(tenant)) = (&self.turns, self.tenant)
            && let Some(waiting) = turns.line_up(tenant)
        {
            // An error is a runtime that ends, and this with it.
            drop(waiting.await);
        }
    }
}

impl State {
    fn begin(&mut self) {
        self.began = Instant::now();
        self.served.clear();
    }

    /// Whether a request need not wait: it is its tenant's first in this turn, or nobody waits and the turn is not over.
    fn may_come(&mut self, tenant: usize, turn: Duration) -> bool {
        if self.waiting.contains_key(&tenant) {
            return false;
        }
        if self.served.len() < REMEMBERED && !self.served.contains(&tenant) {
            self.served.push(tenant);
            return true;
        }
        self.order.is_empty() && self.began.elapsed() < turn
    }

    fn let_one_in(&mut self) {
        while let Some(tenant) = self.order.pop_front() {
            let Some(waiting) = self.waiting.get_mut(&tenant) else { continue };
            // Whoever went away meanwhile has no turn.
            let came = std::iter::from_fn(|| waiting.pop_front()).any(|sender| sender.send(()).is_ok());
            if waiting.is_empty() {
                self.waiting.remove(&tenant);
            } else {
                self.order.push_back(tenant);
            }
            if came {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Came = Arc<Mutex<Vec<usize>>>;

    /// A request of `tenant` that notes when it comes in.
    async fn request(turns: Arc<Turns>, tenant: usize, came: Came) {
        let mut intake = Intake::new(0, Some(turns));
        intake.of_tenant(tenant);
        intake.come().await;
        came.lock().unwrap().push(tenant);
    }

    /// Starts these requests in this order and answers the order in which they came in.
    async fn order(turn: Duration, tenants: &[usize]) -> Vec<usize> {
        let (turns, came) = (Turns::of(turn), Came::default());
        let requests: Vec<_> =
            tenants.iter().map(|it| tokio::spawn(request(turns.clone(), *it, came.clone()))).collect();
        for request in requests {
            request.await.unwrap();
        }
        assert!(turns.state().waiting.is_empty());
        came.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn while_there_is_time_nobody_waits() {
        assert_eq!(order(Duration::from_secs(60), &[1, 1, 1, 2, 1]).await, [1, 1, 1, 2, 1]);
    }

    #[tokio::test]
    async fn whoever_has_much_to_ask_waits_for_whoever_has_little() {
        // No time at all: after its first request each tenant waits for the next turn.
        assert_eq!(order(Duration::ZERO, &[1, 1, 1, 1, 2, 3]).await[..3], [1, 2, 3]);
        assert_eq!(order(Duration::ZERO, &[1, 1, 1, 2, 2, 2]).await, [1, 2, 1, 2, 1, 2]);
    }

    #[tokio::test]
    async fn whoever_goes_away_has_no_turn() {
        let (turns, came) = (Turns::of(Duration::ZERO), Came::default());
        let spawn = |tenant| tokio::spawn(request(turns.clone(), tenant, came.clone()));
        let (first, gone, last) = (spawn(1), spawn(1), spawn(1));
        first.await.unwrap();
        gone.abort();
        last.await.unwrap();
        assert_eq!(*came.lock().unwrap(), [1, 1]);
        // Once nobody waits, nobody attends to them either.
        while turns.state().attended {
            tokio::task::yield_now().await;
        }
    }
}
