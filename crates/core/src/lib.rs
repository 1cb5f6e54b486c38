//! The words every room shares: ids, names, the caller, error codes, limits, the clock.
//! Does no I/O and knows no SQL, no HTTP and no async.

mod caller;
mod clock;
mod code;
mod id;
mod limits;
mod name;
mod problem;
mod shown;
mod suggest;

pub use caller::{Caller, Scope, Scopes, Subject, unauthenticated};
pub use clock::Clock;
pub use code::Code;
pub use id::{DatabaseId, JobId, KeyId, RequestId, fresh_uuid};
pub use limits::{Limits, Rate};
pub use name::{InvalidName, Name, check_slug};
pub use problem::{FieldError, Problem};
pub use shown::{abridged, shown};
pub use suggest::closest;
