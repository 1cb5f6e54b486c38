//! What waits for its turn: other databases do not feel it, it is answered at its deadline, there is a bound, a panic ends nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{
    Batch, Database, DatabaseStore, DbError, EmbeddedStore, ErrorKind, Given, GivenRows, JsonColumn,
    JsonShape, Kind, Outcome, Statement, WorkerLimits, Workers, build_image,
};
use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

/// Two databases of one process with the table `notes(id INTEGER PRIMARY KEY, text TEXT)`.
struct Fixture {
    workers: Arc<Workers>,
    busy: Arc<dyn Database>,
    quiet: Arc<dyn Database>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn start(limits: WorkerLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workers = Workers::start_with(limits).unwrap();
        let store = EmbeddedStore::open(folder.path(), Arc::clone(&workers)).unwrap();
        let create = "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT) STRICT".to_owned();
        let image = build_image(&[create], 1).unwrap();
        for name in ["busy", "quiet"] {
            store.create(name, image.clone()).await.unwrap();
        }
        let (busy, quiet) = (store.open("busy").await.unwrap(), store.open("quiet").await.unwrap());
        Self { workers, busy, quiet, _folder: folder }
    }

    /// Starts a batch on the busy database: it waits or runs when this returns.
    fn begin(&self, batch: Batch) -> JoinHandle<Result<Outcome, DbError>> {
        let busy = Arc::clone(&self.busy);
        let mut running = Box::pin(async move { busy.run(batch).await });
        assert!(running.as_mut().now_or_never().is_none());
        tokio::spawn(running)
    }

    /// Starts a write that only its deadline ends, and returns once it runs.
    async fn occupy_writer(&self) -> JoinHandle<Result<Outcome, DbError>> {
        let sql = format!("INSERT INTO notes(id) {ENDLESS}");
        let mut batch = Batch::write().with(Statement::new(sql, vec![]));
        batch.deadline = Some(Instant::now() + Duration::from_secs(2));
        let running = self.begin(batch);
        until(|| self.workers.waiting_writes() == 0).await;
        running
    }
}

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn limits() -> WorkerLimits {
    WorkerLimits::connections(100)
}

fn insert(id: i64) -> Batch {
    Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, 'x')", vec![id.into()]))
}

fn read(sql: &'static str) -> Batch {
    Batch::read().with(Statement::query(sql, vec![]))
}

/// A read that belongs on a thread that may block.
fn slow(sql: &'static str) -> Batch {
    let mut batch = read(sql);
    batch.slow = true;
    batch.deadline = Some(Instant::now() + Duration::from_secs(2));
    batch
}

async fn count(database: &Arc<dyn Database>) -> i64 {
    let rows = database.run(read("SELECT count(*) FROM notes")).await.unwrap().into_values();
    rows[0][0].as_integer().unwrap()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_reads_of_one_database_leave_threads_for_the_others() {
    let fixture = Fixture::start(limits()).await;
    let endless: Vec<_> = (0..200).map(|_| fixture.begin(slow(ENDLESS))).collect();
    assert!(fixture.workers.waiting_reads() > 100);
    assert!(fixture.quiet.run(slow("SELECT 1")).await.is_ok());
    assert!(fixture.quiet.run(insert(1)).await.is_ok());
    // Their own database still writes, and reads what is quick.
    assert!(fixture.busy.run(insert(1)).await.is_ok());
    assert_eq!(count(&fixture.busy).await, 1);
    assert!(endless.iter().all(|read| !read.is_finished()));
    endless.iter().for_each(JoinHandle::abort);
    until(|| fixture.workers.waiting_reads() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_has_its_connection_where_the_budget_has_no_other() {
    let fixture =
        Fixture::start(WorkerLimits { tenant_concurrency: Some(2), ..WorkerLimits::connections(2) }).await;
    let endless: Vec<_> = (0..4).map(|_| fixture.begin(slow(ENDLESS))).collect();
    until(|| fixture.workers.open_connections() == 4).await;
    assert!(fixture.busy.run(insert(1)).await.is_ok());
    for read in endless {
        assert!(read.await.unwrap().is_err());
    }
    until(|| fixture.workers.open_connections() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_ends_when_nobody_waits_for_it_any_more() {
    let fixture = Fixture::start(WorkerLimits { tenant_concurrency: Some(1), ..limits() }).await;
    for _ in 0..3 {
        let mut endless = slow(ENDLESS);
        endless.deadline = None;
        let running = fixture.begin(endless);
        until(|| fixture.workers.waiting_reads() == 0).await;
        let next = fixture.begin(slow("SELECT 1"));
        running.abort();
        assert!(next.await.unwrap().is_ok(), "the only thread of this database is free");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_past_its_deadline_is_told_so_at_its_deadline_and_does_not_run() {
    let fixture = Fixture::start(WorkerLimits { tenant_concurrency: Some(1), ..limits() }).await;
    let writing = fixture.occupy_writer().await;
    let soon = Some(Instant::now() + Duration::from_millis(20));
    let mut late = insert(1);
    late.deadline = soon;
    assert_eq!(fixture.busy.run(late).await.unwrap_err().kind, ErrorKind::WaitedTooLong);
    assert!(!writing.is_finished());

    let reading = fixture.begin(slow(ENDLESS));
    until(|| fixture.workers.waiting_reads() == 0).await;
    let mut late = slow("SELECT 1");
    late.deadline = soon;
    assert_eq!(fixture.busy.run(late).await.unwrap_err().kind, ErrorKind::WaitedTooLong);
    assert!(!reading.is_finished());

    assert_eq!(writing.await.unwrap().unwrap_err().kind, ErrorKind::Timeout);
    assert_eq!(reading.await.unwrap().unwrap_err().kind, ErrorKind::Timeout);
    assert!(fixture.busy.run(insert(2)).await.is_ok());
    assert_eq!(count(&fixture.busy).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_whoever_filled_it_and_nobody_else() {
    let fixture = Fixture::start(WorkerLimits { waiting: 30, ..limits() }).await;
    let running = fixture.occupy_writer().await;
    let waiting: Vec<_> = (0..30).map(|id| fixture.begin(insert(id))).collect();
    assert_eq!(fixture.workers.waiting_writes(), 30);
    assert_eq!(fixture.busy.run(insert(30)).await.unwrap_err().kind, ErrorKind::Overloaded);
    assert!(fixture.quiet.run(insert(1)).await.is_ok());
    assert!(!running.is_finished());
    for write in waiting {
        assert!(write.await.unwrap().is_ok(), "what was accepted is done");
    }
    assert_eq!(count(&fixture.busy).await, 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_writes_are_bounded_by_what_they_hold() {
    let fixture = Fixture::start(limits()).await;
    let running = fixture.occupy_writer().await;
    let large = || {
        let values = vec![None::<i64>.into(), "x".repeat(16 * 1024 * 1024).into()];
        Batch::write().with(Statement::new("INSERT INTO notes VALUES (?1, ?2)", values))
    };
    let waiting: Vec<_> = (0..4).map(|_| fixture.begin(large())).collect();
    assert_eq!(fixture.workers.waiting_writes(), 4);
    assert_eq!(fixture.busy.run(large()).await.unwrap_err().kind, ErrorKind::Overloaded);
    assert!(fixture.quiet.run(large()).await.is_ok());
    assert!(!running.is_finished());
    waiting.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_commit_costs_its_own_writes_only() {
    let fixture = Fixture::start(limits()).await;
    let shape = JsonShape {
        columns: vec![JsonColumn::new("text", Kind::Plain)],
        keys: 0,
        page: None,
        guarded: false,
    };
    let first = "INSERT INTO notes VALUES (1, 'x') RETURNING text";
    // No compiler of ours asks for a hidden column that is not there.
    let given = Given { param: 0, statement: 0, key: 9, rows: GivenRows::All(1) };
    let mut second = Statement::new("INSERT INTO notes VALUES (2, ?1)", vec![None::<i64>.into()]);
    second.given = vec![given];
    let panicking = Batch::write().with(Statement::json(first, vec![], Arc::new(shape))).with(second);
    for id in 10..13 {
        let error = fixture.busy.run(panicking.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(fixture.busy.run(insert(id)).await.is_ok());
    }
    assert_eq!(count(&fixture.busy).await, 3);
}
