//! The real program as a process: what it promises of disks, signals and crashes.

mod configuration;
mod crash;
mod documents;
mod durability;
mod program;
mod shutdown;
