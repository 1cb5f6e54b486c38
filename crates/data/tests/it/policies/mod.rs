//! What policies hide is seen in no way: each observation of `observations`, on databases that differ in nothing but what is hidden.

mod columns;
mod newsroom;
mod observations;
mod roles;
mod rows;
