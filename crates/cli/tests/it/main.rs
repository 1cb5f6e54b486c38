//! The commands, run in a folder of their own against a scripted server on a real socket.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its script as well")]

mod folder;
mod init;
mod lists;
mod policies;
mod project_settings;
mod push;
mod refusals;
mod server;
mod settings;
