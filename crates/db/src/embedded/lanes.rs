//! Threads that may block, shared fairly: every database waits in lanes of its own, and the lanes take turns.
//! Knows no database and no SQL.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::workers::lock;
use crate::error::{DbError, ErrorKind};

type Job = Box<dyn FnOnce() + Send>;

/// Jobs of one lane that are let in where the others have filled the queue: what others do must not refuse a quiet database.
pub(crate) const SHARE: usize = 16;

/// A fixed number of threads and the lanes they serve.
pub(crate) struct Threads(Arc<Shared>);

/// What threads are started with.
pub(crate) struct Rules {
    /// The threads' name in the system's tools.
    pub name: &'static str,
    /// How many threads.
    pub count: usize,
    /// Jobs of one lane that run at once.
    pub at_once: usize,
    /// Jobs that wait, of all lanes together.
    pub waiting: usize,
    /// How far the threads step back behind others that want a core, 0 to 19.
    pub nice: i32,
}

/// Where the jobs of one database wait, in the order they come.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    number: usize,
}

/// A job's place in its lane. Dropping it takes the job out, if it has not begun.
pub(crate) struct Place<'a> {
    lane: &'a Lane,
    ticket: u64,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    at_once: usize,
    most_waiting: usize,
}

#[derive(Default)]
struct State {
    lanes: Vec<Jobs>,
    /// Numbers of lanes that nobody has any more.
    free: Vec<usize>,
    /// Lanes whose next job may begin, in the order of their turns, each once.
    turns: VecDeque<usize>,
    waiting: usize,
    /// Threads that sleep, and threads that were woken and have not looked yet. Nobody is woken for nothing: that costs more than
    /// many a job.
    asleep: usize,
    woken: usize,
    last_ticket: u64,
    closed: bool,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<(u64, Job)>,
    running: usize,
    has_turn: bool,
    /// Nobody queues here any more.
    closed: bool,
}

impl Threads {
    pub(crate) fn start(rules: &Rules) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            at_once: rules.at_once.max(1),
            most_waiting: rules.waiting,
        });
        for number in 0..rules.count {
            let (shared, nice) = (Arc::clone(&shared), rules.nice);
            std::thread::Builder::new().name(format!("{}-{number}", rules.name)).spawn(move || {
                step_back(nice);
                shared.work();
            })?;
        }
        Ok(Self(shared))
    }

    /// A lane that nobody else has.
    pub(crate) fn lane(&self) -> Lane {
        let mut state = lock(&self.0.state);
        let number = state.free.pop().unwrap_or(state.lanes.len());
        if number == state.lanes.len() {
            state.lanes.push(Jobs::default());
        }
        Lane { number, shared: Arc::clone(&self.0) }
    }

    /// Jobs that wait now.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.0.state).waiting
    }
}

impl Drop for Threads {
    /// The threads finish what waits and end; nobody waits for them, since the last owner may be one of them.
    fn drop(&mut self) {
        lock(&self.0.state).closed = true;
        self.0.arrived.notify_all();
    }
}

/// On Linux a thread has a niceness of its own. Where it cannot be changed, the thread works all the same.
fn step_back(nice: i32) {
    if nice > 0
        && let Err(error) = rustix::process::nice(nice)
    {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}

impl Lane {
    /// Queues a job, unless too many wait.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<Place<'_>, DbError> {
        let state = lock(&self.shared.state);
        let own = state.lanes[self.number].waiting.len();
        if state.waiting >= self.shared.most_waiting && own >= SHARE {
            return Err(DbError::new(ErrorKind::Overloaded, "too many requests wait for a thread"));
        }
        let ticket = self.push(state, Box::new(job));
        Ok(Place { lane: self, ticket })
    }

    /// Queues a job that must be done, however many wait: there is one at a time of each database. True where it begins at once.
    pub(crate) fn submit_always(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let state = lock(&self.shared.state);
        // Threads that are on their way, and one that sleeps, have nothing else to do first.
        let begins = state.turns.len() < state.woken + usize::from(state.asleep > 0)
            && state.lanes[self.number].running < self.shared.at_once;
        self.push(state, Box::new(job));
        begins
    }

    fn push(&self, mut state: MutexGuard<'_, State>, job: Job) -> u64 {
        state.last_ticket += 1;
        state.waiting += 1;
        let ticket = state.last_ticket;
        state.lanes[self.number].waiting.push_back((ticket, job));
        state.give_turn(self.number, self.shared.at_once);
        self.shared.wake_one(state);
        ticket
    }
}

impl Drop for Lane {
    /// What waits is still done.
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.lanes[self.number].closed = true;
        state.free_if_done(self.number);
    }
}

impl Place<'_> {
    /// Takes the job out of its lane; false if it has begun.
    pub(crate) fn withdraw(&self) -> bool {
        let withdrawn = lock(&self.lane.shared.state).withdraw(self.lane.number, self.ticket);
        // What the job holds is dropped here, and not under the lock.
        withdrawn.is_some()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl Shared {
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            if let Some((lane, job)) = state.next(self.at_once) {
                self.wake_one(state);
                // A panic must cost its own request only, not the thread.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a database job panicked");
                }
                state = lock(&self.state);
                state.end(lane, self.at_once);
            } else if state.closed {
                return;
            } else {
                state.asleep += 1;
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                if state.woken > 0 {
                    state.woken -= 1;
                } else {
                    // Nobody woke it; it happens.
                    state.asleep -= 1;
                }
            }
        }
    }

    /// Wakes a thread if a job may begin that no thread is on its way to; without the lock, which that thread wants first.
    fn wake_one(&self, mut state: MutexGuard<'_, State>) {
        if state.asleep > 0 && state.turns.len() > state.woken {
            state.asleep -= 1;
            state.woken += 1;
            drop(state);
            self.arrived.notify_one();
        }
    }
}

impl State {
    /// The next job of the lane whose turn it is; the lane's next turn comes after all others'.
    fn next(&mut self, at_once: usize) -> Option<(usize, Job)> {
        while let Some(number) = self.turns.pop_front() {
            let lane = &mut self.lanes[number];
            lane.has_turn = false;
            // What waited may have been withdrawn since the turn was given.
            if let Some((_, job)) = lane.waiting.pop_front() {
                lane.running += 1;
                self.waiting -= 1;
                self.give_turn(number, at_once);
                return Some((number, job));
            }
            self.free_if_done(number);
        }
        None
    }

    /// Lines a lane up if it has a job that may begin and does not stand in line.
    fn give_turn(&mut self, number: usize, at_once: usize) {
        let lane = &mut self.lanes[number];
        if !lane.has_turn && !lane.waiting.is_empty() && lane.running < at_once {
            lane.has_turn = true;
            self.turns.push_back(number);
        }
    }

    fn end(&mut self, number: usize, at_once: usize) {
        self.lanes[number].running -= 1;
        self.give_turn(number, at_once);
        self.free_if_done(number);
    }

    fn withdraw(&mut self, number: usize, ticket: u64) -> Option<Job> {
        let waiting = &mut self.lanes[number].waiting;
        let index = waiting.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        let (_, job) = waiting.remove(index)?;
        self.waiting -= 1;
        Some(job)
    }

    /// Lets another have the number of a lane that nobody has and in which nothing waits, runs or has a turn.
    fn free_if_done(&mut self, number: usize) {
        let lane = &mut self.lanes[number];
        if lane.closed && lane.waiting.is_empty() && lane.running == 0 && !lane.has_turn {
            *lane = Jobs::default();
            self.free.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    fn start(count: usize, at_once: usize, waiting: usize) -> Threads {
        Threads::start(&Rules { name: "test", count, at_once, waiting, nice: 0 }).unwrap()
    }

    /// Keeps one thread busy until the sender is dropped; returns once it is.
    fn occupy(lane: &Lane) -> Sender<()> {
        let ((began, begun), (release, released)) = (channel(), channel::<()>());
        lane.submit_always(move || {
            began.send(()).unwrap();
            released.recv().unwrap_err();
        });
        begun.recv().unwrap();
        release
    }

    /// A job that says its name.
    fn named(say: &Sender<&'static str>, name: &'static str) -> Job {
        let say = say.clone();
        Box::new(move || say.send(name).unwrap())
    }

    #[test]
    fn lanes_take_turns() {
        let threads = start(1, 4, 100);
        let [a, b, c] = [threads.lane(), threads.lane(), threads.lane()];
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        let release = occupy(&a);
        let names = [(&a, "a1"), (&a, "a2"), (&a, "a3"), (&b, "b1"), (&b, "b2"), (&c, "c1")];
        let places: Vec<_> = names.map(|(lane, name)| lane.submit(job(name)).unwrap()).into_iter().collect();
        drop(release);
        let order: Vec<_> = heard.iter().take(6).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3"]);
        drop(places);
    }

    #[test]
    fn one_lane_never_has_all_threads() {
        let threads = start(2, 1, 100);
        let (a, b) = (threads.lane(), threads.lane());
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        let release = occupy(&a);
        a.submit_always(job("a"));
        for _ in 0..3 {
            b.submit_always(job("b"));
            assert_eq!(heard.recv().unwrap(), "b", "a waits for its own, b does not");
        }
        drop(release);
        assert_eq!(heard.recv().unwrap(), "a");
    }

    #[test]
    fn a_full_queue_refuses_whoever_has_a_share_of_it_and_nobody_else() {
        let threads = start(1, 1, 2 * SHARE);
        let (a, b) = (threads.lane(), threads.lane());
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        let release = occupy(&a);
        let mut places: Vec<_> = (0..2 * SHARE).map(|_| a.submit(job("a")).unwrap()).collect();
        assert_eq!(a.submit(job("a")).err().unwrap().kind, ErrorKind::Overloaded);
        let quiet: Vec<_> = (0..SHARE).map(|_| b.submit(job("b")).unwrap()).collect();
        assert_eq!(b.submit(job("b")).err().unwrap().kind, ErrorKind::Overloaded);
        // Whoever goes away makes room.
        places.truncate(SHARE / 2);
        let last = a.submit(job("last")).unwrap();
        assert_eq!(threads.waiting(), SHARE / 2 + SHARE + 1);
        drop(release);
        assert!(heard.iter().any(|name| name == "last"));
        assert!(!last.withdraw(), "it has run");
        drop(quiet);
    }

    #[test]
    fn what_was_withdrawn_does_not_run_and_its_lane_goes_on() {
        let threads = start(1, 1, 100);
        let (a, b) = (threads.lane(), threads.lane());
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        let release = occupy(&a);
        assert!(b.submit(job("withdrawn")).unwrap().withdraw());
        let place = b.submit(job("b")).unwrap();
        drop(release);
        assert_eq!(heard.recv().unwrap(), "b");
        drop(place);
        a.submit_always(job("a"));
        assert_eq!(heard.recv().unwrap(), "a");
    }

    #[test]
    fn a_panic_costs_its_own_job_only() {
        let threads = start(1, 1, 100);
        let lane = threads.lane();
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        lane.submit_always(|| std::panic::resume_unwind(Box::new("on purpose")));
        lane.submit_always(job("next"));
        assert_eq!(heard.recv().unwrap(), "next");
    }

    #[test]
    fn what_waits_is_done_before_the_threads_end() {
        let threads = start(1, 1, 100);
        let lane = threads.lane();
        let (say, heard) = channel();
        let job = |name| named(&say, name);
        let release = occupy(&lane);
        lane.submit_always(job("last"));
        drop(threads);
        drop(release);
        assert_eq!(heard.recv().unwrap(), "last");
    }
    #[test]
    fn whatever_comes_and_goes_every_job_runs_once_or_was_withdrawn() {
        let threads = start(4, 2, 1_000_000);
        let lanes: Vec<_> =
            (0..5).map(|_| (threads.lane(), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)))).collect();
        let (say, heard) = channel();
        std::thread::scope(|scope| {
            for producer in 0..4 {
                let (lanes, say) = (&lanes, say.clone());
                scope.spawn(move || {
                    for number in 0..1_000 {
                        let (lane, withdrawn, running) = &lanes[(producer + number * number) % lanes.len()];
                        let (say, running) = (say.clone(), Arc::clone(running));
                        let place = lane.submit(move || {
                            assert!(
                                running.fetch_add(1, Ordering::SeqCst) < 2,
                                "no more than may run at once"
                            );
                            running.fetch_sub(1, Ordering::SeqCst);
                            say.send(()).unwrap();
                        });
                        let place = place.unwrap();
                        if number % 7 == 0 {
                            withdrawn.fetch_add(usize::from(place.withdraw()), Ordering::SeqCst);
                        } else {
                            // Left to run: its place is not given up.
                            std::mem::forget(place);
                        }
                    }
                });
            }
        });
        drop(say);
        let ran = heard.iter().count();
        let withdrawn: usize = lanes.iter().map(|(_, withdrawn, _)| withdrawn.load(Ordering::SeqCst)).sum();
        assert_eq!(ran + withdrawn, 4_000);
        assert_eq!(threads.waiting(), 0);
    }
}
