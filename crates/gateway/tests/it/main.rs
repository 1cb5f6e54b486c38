//! The door, through the whole router.

mod act_as;
mod isolation;
mod outer;
