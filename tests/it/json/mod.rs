//! The JSON contract, written down a second time as types that allow nothing else: what is printed must decode.

mod auditwheel;
mod documents;
