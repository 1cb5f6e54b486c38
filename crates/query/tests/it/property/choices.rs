//! Random structure from random bytes: each choice takes one, and where none are left the first alternative is taken.
//! Shorter and smaller bytes make simpler things, so that a failure shrinks by itself.

use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) struct Choices {
    bytes: std::vec::IntoIter<u8>,
}

/// The bytes of some choices, which nobody wants to read.
#[derive(Clone)]
pub(crate) struct Bytes(Vec<u8>);

/// Up to so many bytes, and no fewer than a third: few choices make empty worlds.
pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), most / 3..most).prop_map(Bytes)
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

impl Choices {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes: bytes.0.into_iter() }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % end
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub(crate) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}
