//! Attribute values as OTLP has them, made from plain Rust values.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value};

/// What can stand in an attribute.
pub(super) trait IntoValue {
    fn into_value(self) -> AnyValue;
}

impl IntoValue for AnyValue {
    fn into_value(self) -> AnyValue {
        self
    }
}

impl IntoValue for &str {
    fn into_value(self) -> AnyValue {
        Value::StringValue(self.to_owned()).into_value()
    }
}

impl IntoValue for String {
    fn into_value(self) -> AnyValue {
        Value::StringValue(self).into_value()
    }
}

impl IntoValue for bool {
    fn into_value(self) -> AnyValue {
        Value::BoolValue(self).into_value()
    }
}

impl IntoValue for i32 {
    fn into_value(self) -> AnyValue {
        Value::IntValue(self.into()).into_value()
    }
}

impl IntoValue for u16 {
    fn into_value(self) -> AnyValue {
        Value::IntValue(self.into()).into_value()
    }
}

impl IntoValue for u64 {
    fn into_value(self) -> AnyValue {
        Value::IntValue(self as i64).into_value()
    }
}

impl IntoValue for f64 {
    fn into_value(self) -> AnyValue {
        Value::DoubleValue(self).into_value()
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> AnyValue {
        let values = self.into_iter().map(IntoValue::into_value).collect();
        Value::ArrayValue(ArrayValue { values }).into_value()
    }
}

impl IntoValue for Value {
    fn into_value(self) -> AnyValue {
        AnyValue { value: Some(self) }
    }
}

/// Returns a value of any type; lists of attributes of several types need it.
pub(super) fn any(value: impl IntoValue) -> AnyValue {
    value.into_value()
}

/// Returns a map.
pub(super) fn map<const N: usize>(entries: [(&str, AnyValue); N]) -> AnyValue {
    let values = entries.into_iter().map(|(key, value)| attribute(key, value)).collect();
    Value::KvlistValue(KeyValueList { values }).into_value()
}

pub(super) fn attribute(key: &str, value: impl IntoValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value.into_value()), ..KeyValue::default() }
}
