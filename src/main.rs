//! The `muslrepair` program.
fn main() {}
