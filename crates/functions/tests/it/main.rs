//! Functions as users write them, and functions that mean harm.

#[cfg(test)]
mod handlers;
#[cfg(test)]
mod harm;
#[cfg(test)]
mod world;
