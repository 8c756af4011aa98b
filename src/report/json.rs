//! Our own JSON: one versioned document per wheel.

use serde::Serialize;
use serde_json::{Map, Value};

/// The version of the documents.
pub const SCHEMA: &str = "muslrepair/1";

/// A document: `schema`, `kind` (`audit`, `plan`, `outcome`, `tree`) and the fields of the value itself.
///
/// # Errors
///
/// When the value cannot be expressed in JSON, which no value of this library is.
pub fn document(kind: &str, value: &impl Serialize) -> Result<Value, serde_json::Error> {
    let mut fields = Map::new();
    fields.insert("schema".to_owned(), Value::from(SCHEMA));
    fields.insert("kind".to_owned(), Value::from(kind));
    match serde_json::to_value(value)? {
        Value::Object(object) => fields.extend(object),
        other => {
            fields.insert("value".to_owned(), other);
        }
    }
    Ok(Value::Object(fields))
}
