//! HTTP's side of every verb: routes as data, extractors that fail as problem+json, the answer of an error, the outer layers.
//! The only place that turns an error into a response. Knows no capability.

mod extract;
mod listen;
mod openapi;
mod outer;
mod respond;
mod route;
mod stall;
mod turns;
mod unread;

pub use extract::{Json, Path, Query, RawBody, RawJson, parse_json};
pub use listen::listen;
pub use openapi::openapi;
pub use outer::{Answered, LogAnswer, Metrics, Outer, OuterSettings};
pub use respond::{Failure, no_content, respond_json, respond_json_bytes, respond_parts};
pub use route::{Access, Described, Route};
pub use turns::{Intake, Turns};
pub use unread::{Done, of_tenant};
