//! What several tests need: wheels made to order.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod raw_zip;
pub(crate) mod sandbox;
pub(crate) mod wheel_builder;
