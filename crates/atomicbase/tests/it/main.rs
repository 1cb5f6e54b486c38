//! The real program as a process: what it promises of disks, signals and crashes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, what it shares as well")]

mod configuration;
mod crash;
mod documents;
mod durability;
mod full_disk;
mod program;
mod shutdown;
mod stalled_readers;
