//! Ctrl-C while there is something to clean up: the first is noted, and the command ends by itself; the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure, Outcome};

/// Whether somebody wants the command to end.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on SIGINT and SIGTERM are noted.
    pub fn watch() -> Self {
        let noted = Arc::new(AtomicBool::new(false));
        let (installed, is_installed) = mpsc::channel();
        let note = {
            let noted = Arc::clone(&noted);
            move || note_signals(&noted, &installed)
        };
        // Where the thread or the handler cannot be had, a signal ends the process as it always does.
        if thread::Builder::new().name("interrupt".to_owned()).spawn(note).is_ok() {
            let _ = is_installed.recv();
        }
        Self(noted)
    }

    /// Fails when it is time to clean up and end.
    pub fn check(&self) -> Outcome<()> {
        match self.0.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(Failure::new(Exit::Interrupted, "Interrupted.")),
        }
    }
}

fn note_signals(noted: &AtomicBool, installed: &Sender<()>) {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        let _ = installed.send(());
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if noted.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(Exit::Interrupted as u8));
            }
        }
    });
}
