//! The outer layers around handlers that misbehave, on a real socket where it matters.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, what it shares as well")]

mod listen;
mod outer;
