//! The house rules that a compiler does not know, as tests: which room may use which, what a file may be.
//! Each rule is a checker, a test that runs it over the repository, and a test that it can fail.

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod names;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod size;
#[cfg(test)]
mod source;
#[cfg(test)]
mod words;
