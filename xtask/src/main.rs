//! Project automation: `cargo xtask TASK`.
fn main() {}
