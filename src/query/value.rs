//! Values while a query runs, and how they compare. None of this can fail: what has no answer is no match.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

use super::ast::{Literal, Operator};
use crate::model::{Kind, StatusCode};

/// What a field has on one span, or an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Missing, or without an answer.
    Nil,
    /// Durations are integers of nanoseconds.
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Bool(bool),
    Status(StatusCode),
    Kind(Kind),
    /// An attribute that is an array.
    Array(Vec<Value<'a>>),
    /// One for each event or link that has it; never empty.
    Many(Vec<Value<'a>>),
    /// Bytes or a map: there, but like nothing.
    Other,
}

/// Whole numbers up to this are the same as floats.
const EXACT_IN_FLOATS: u64 = 1 << 53;

impl<'a> Value<'a> {
    pub(super) fn of_literal(literal: &Literal) -> Value<'static> {
        match literal {
            Literal::Nil => Value::Nil,
            Literal::Int(number) | Literal::Duration(number) => Value::Int(*number),
            Literal::Float(number) => Value::Float(*number),
            Literal::String(text) => Value::Text(Cow::Owned(text.to_string())),
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Status(status) => Value::Status(*status),
            Literal::Kind(kind) => Value::Kind(*kind),
        }
    }

    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Returns a duration or a count.
    pub(super) fn number(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Returns one value for several events or links.
    pub(super) fn many(mut values: Vec<Self>) -> Self {
        if values.is_empty() {
            return Self::Nil;
        }
        if values.len() == 1 { values.pop().unwrap_or(Self::Nil) } else { Self::Many(values) }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Many(values) => values.iter().any(Self::is_true),
            Self::Bool(value) => *value,
            _ => false,
        }
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Returns the number of it, none where it is none.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns how it compares with another of its own kind; none with another kind, and for what has no order.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => order_of_mixed(*a, *b),
            (Self::Float(a), Self::Int(b)) => order_of_mixed(*b, *a).map(Ordering::reverse),
            (Self::Text(a), Self::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            _ => None,
        }
    }

    /// Returns whether both are of kinds that compare with one another, and if so whether they are equal.
    fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a == b),
            (Self::Status(a), Self::Status(b)) => Some(a == b),
            (Self::Kind(a), Self::Kind(b)) => Some(a == b),
            // Not a number is equal to nothing, and differs from all.
            (Self::Int(_) | Self::Float(_), Self::Int(_) | Self::Float(_)) | (Self::Text(_), Self::Text(_)) => {
                Some(self.order(other) == Some(Ordering::Equal))
            }
            _ => None,
        }
    }

    /// Returns whether a comparison holds. It does for no missing value and for none of another kind; for an array if it
    /// does for an element, or for `!=` if no element is equal; for many if it does for one.
    pub(super) fn compare(&self, operator: Operator, other: &Self) -> bool {
        if let Self::Many(values) = self {
            return values.iter().any(|value| value.compare(operator, other));
        }
        if let Self::Many(values) = other {
            return values.iter().any(|value| self.compare(operator, value));
        }
        match (self, other) {
            (Self::Array(values), _) => of_array(values, operator, |value, operator| value.compared(operator, other)),
            (_, Self::Array(values)) => of_array(values, operator, |value, operator| self.compared(operator, value)),
            _ => self.compared(operator, other).unwrap_or_default(),
        }
    }

    /// Returns none where the two are of kinds that do not compare.
    fn compared(&self, operator: Operator, other: &Self) -> Option<bool> {
        match operator {
            Operator::Equal => self.equals(other),
            Operator::NotEqual => self.equals(other).map(|equal| !equal),
            Operator::Less => self.order(other).map(Ordering::is_lt),
            Operator::LessOrEqual => self.order(other).map(Ordering::is_le),
            Operator::Greater => self.order(other).map(Ordering::is_gt),
            Operator::GreaterOrEqual => self.order(other).map(Ordering::is_ge),
            _ => None,
        }
    }

    /// Returns whether a text is matched, by the same rules for arrays and many as [`Value::compare`].
    pub(super) fn matches(&self, is_match: &dyn Fn(&str) -> bool, negated: bool) -> bool {
        match self {
            Self::Many(values) => values.iter().any(|value| value.matches(is_match, negated)),
            Self::Array(values) => {
                let mut texts = values.iter().filter_map(Self::as_text).peekable();
                texts.peek().is_some() && texts.any(is_match) != negated
            }
            Self::Text(text) => is_match(text) != negated,
            _ => false,
        }
    }

    fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns what arithmetic comes to; nil for what is no number, for a division by zero, and where the result does not
    /// fit.
    pub(super) fn arithmetic(&self, operator: Operator, other: &Self) -> Value<'static> {
        let each = |values: &[Self], of: &dyn Fn(&Self) -> Value<'static>| {
            Value::many(values.iter().map(of).filter(|value| !value.is_nil()).collect())
        };
        match (self, other) {
            (Self::Many(values), _) => each(values, &|value| value.arithmetic(operator, other)),
            (_, Self::Many(values)) => each(values, &|value| self.arithmetic(operator, value)),
            (Self::Int(a), Self::Int(b)) => of_integers(*a, operator, *b),
            _ => match (self.as_number(), other.as_number()) {
                (Some(a), Some(b)) => of_floats(a, operator, b),
                _ => Value::Nil,
            },
        }
    }

    pub(super) fn negated(&self) -> Value<'static> {
        match self {
            Self::Many(values) => {
                Value::many(values.iter().map(Self::negated).filter(|value| !value.is_nil()).collect())
            }
            Self::Int(number) => number.checked_neg().map_or(Value::Nil, Value::Int),
            Self::Float(number) => Value::Float(-number),
            _ => Value::Nil,
        }
    }

    /// Returns it written out: of an array or many the elements, of what is like nothing its sign.
    pub(super) fn to_literal(&self, is_duration: bool) -> Literal {
        match self {
            Self::Nil => Literal::Nil,
            Self::Int(number) if is_duration => Literal::Duration(*number),
            Self::Int(number) => Literal::Int(*number),
            Self::Float(number) => Literal::Float(*number),
            Self::Text(text) => Literal::String((&**text).into()),
            Self::Bool(value) => Literal::Bool(*value),
            Self::Status(status) => Literal::Status(*status),
            Self::Kind(kind) => Literal::Kind(*kind),
            Self::Array(_) | Self::Many(_) | Self::Other => {
                let mut text = String::new();
                self.spell(&mut text);
                Literal::String(text.into())
            }
        }
    }

    /// Appends it as it is spelled.
    pub(super) fn spell(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ok = match self {
            Self::Nil => write!(out, "nil"),
            Self::Int(number) => write!(out, "{number}"),
            Self::Float(number) => write!(out, "{number}"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Text(text) => write!(out, "{text}"),
            Self::Status(status) => write!(out, "{}", status.name()),
            Self::Kind(kind) => write!(out, "{}", kind.name()),
            Self::Other => write!(out, "…"),
            Self::Array(values) | Self::Many(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    value.spell(out);
                }
                out.push(']');
                Ok(())
            }
        };
    }
}

/// An array compares with what its elements compare with.
fn of_array(values: &[Value], operator: Operator, compare: impl Fn(&Value, Operator) -> Option<bool>) -> bool {
    if operator == Operator::NotEqual {
        let equal: Vec<bool> = values.iter().filter_map(|value| compare(value, Operator::Equal)).collect();
        return !equal.is_empty() && !equal.contains(&true);
    }
    values.iter().any(|value| compare(value, operator).unwrap_or_default())
}

/// Compares without rounding the integer.
fn order_of_mixed(int: i64, float: f64) -> Option<Ordering> {
    if int.unsigned_abs() <= EXACT_IN_FLOATS || !float.is_finite() {
        return (int as f64).partial_cmp(&float);
    }
    // A float of this size is whole, or far smaller than the integer.
    let whole = float as i128;
    Some(i128::from(int).cmp(&whole))
}

fn of_integers(a: i64, operator: Operator, b: i64) -> Value<'static> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Modulo => a.checked_rem(b),
        Operator::Power => {
            let power = u32::try_from(b).ok().and_then(|b| a.checked_pow(b));
            return power.map_or_else(|| of_floats(a as f64, operator, b as f64), Value::Int);
        }
        _ => None,
    };
    result.map_or(Value::Nil, Value::Int)
}

fn of_floats(a: f64, operator: Operator, b: f64) -> Value<'static> {
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide if b != 0.0 => a / b,
        Operator::Modulo if b != 0.0 => a % b,
        Operator::Power => a.powf(b),
        _ => return Value::Nil,
    };
    if result.is_finite() { Value::Float(result) } else { Value::Nil }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(left: &Value, operator: Operator, right: &Value) -> bool {
        left.compare(operator, right)
    }

    #[test]
    fn numbers_compare_with_numbers_and_nothing_else() {
        assert!(holds(&Value::Int(5), Operator::Equal, &Value::Float(5.0)));
        assert!(holds(&Value::Int(5), Operator::Less, &Value::Float(5.5)));
        assert!(!holds(&Value::Int(5), Operator::Equal, &Value::text("5")));
        assert!(!holds(&Value::Int(5), Operator::NotEqual, &Value::text("5")));
        assert!(!holds(&Value::Nil, Operator::NotEqual, &Value::Int(5)));
    }

    #[test]
    fn a_large_integer_is_not_rounded_to_compare_with_a_float() {
        let large = (1_i64 << 53) + 1;
        assert!(holds(&Value::Int(large), Operator::Greater, &Value::Float((1_i64 << 53) as f64)));
        assert!(!holds(&Value::Int(large), Operator::Equal, &Value::Float((1_i64 << 53) as f64)));
        assert!(holds(&Value::Int(i64::MAX), Operator::Less, &Value::Float(f64::INFINITY)));
        assert!(holds(&Value::Int(i64::MIN), Operator::Equal, &Value::Float(-9_223_372_036_854_775_808.0)));
    }

    #[test]
    fn arrays_hold_by_any_element_and_differ_by_none() {
        let array = Value::Array(vec![Value::text("a"), Value::text("b")]);
        assert!(holds(&array, Operator::Equal, &Value::text("b")));
        assert!(holds(&array, Operator::Less, &Value::text("b")));
        assert!(!holds(&array, Operator::NotEqual, &Value::text("b")));
        assert!(holds(&array, Operator::NotEqual, &Value::text("c")));
        assert!(!holds(&array, Operator::NotEqual, &Value::Int(1)), "an array of another kind");
        assert!(array.matches(&|text| text == "a", false) && !array.matches(&|text| text == "a", true));
    }

    #[test]
    fn one_of_many_is_enough_even_to_differ() {
        let many = Value::many(vec![Value::text("a"), Value::text("b")]);
        assert!(
            holds(&many, Operator::Equal, &Value::text("a")) && holds(&many, Operator::NotEqual, &Value::text("a"))
        );
    }

    #[test]
    fn integers_divide_without_a_rest_and_nothing_by_zero() {
        assert_eq!(Value::Int(7).arithmetic(Operator::Divide, &Value::Int(2)), Value::Int(3));
        assert_eq!(Value::Int(7).arithmetic(Operator::Divide, &Value::Int(0)), Value::Nil);
        assert_eq!(Value::Int(7).arithmetic(Operator::Modulo, &Value::Float(0.0)), Value::Nil);
        assert_eq!(Value::Int(2).arithmetic(Operator::Power, &Value::Int(-1)), Value::Float(0.5));
        assert_eq!(Value::Int(i64::MAX).arithmetic(Operator::Add, &Value::Int(1)), Value::Nil);
        assert_eq!(Value::text("a").arithmetic(Operator::Add, &Value::Int(1)), Value::Nil);
    }
}
