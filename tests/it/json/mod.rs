//! The JSON contract, written a second time as types that allow nothing else: printed documents must decode.

mod auditwheel;
mod documents;
