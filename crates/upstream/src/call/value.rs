//! One field's value, as query text and as JSON.
use granary_formats::decimal;
use granary_proto::granary::policy::v1::Join;
use granary_proto::options;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use serde_json::{Number, Value as Json};

/// A value that an upstream takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Text(String),
    Number(Number),
    Bool(bool),
    List(Vec<Scalar>),
}

/// Why a field's value has no form that an upstream takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueFault {
    /// The value is at fault; the text says what would be right.
    Value(&'static str),
    /// The type has no mechanical form.
    Type,
}

impl Scalar {
    /// The value as query text. Items of a list are joined by commas, so that none may hold one itself.
    pub(crate) fn text(&self, join: Join) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::List(items) => {
                let items = items.iter().map(|item| without_commas(&item.text(join), join));
                items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(",")
            }
        }
    }

    /// The value as JSON; a list stays one.
    pub(crate) fn json(self) -> Json {
        match self {
            Self::Text(text) => Json::String(text),
            Self::Number(number) => Json::Number(number),
            Self::Bool(value) => Json::Bool(value),
            Self::List(items) => Json::Array(items.into_iter().map(Self::json).collect()),
        }
    }
}

/// The value of a field that is set; nothing for an enum value without a text.
pub(crate) fn scalar(kind: &Kind, value: &Value) -> Result<Option<Scalar>, ValueFault> {
    Ok(Some(match value {
        Value::Bool(value) => Scalar::Bool(*value),
        Value::I32(number) => Scalar::Number((*number).into()),
        Value::I64(number) => Scalar::Number((*number).into()),
        Value::U32(number) => Scalar::Number((*number).into()),
        Value::U64(number) => Scalar::Number((*number).into()),
        Value::String(text) => Scalar::Text(text.clone()),
        Value::EnumNumber(number) => return enum_text(kind, *number),
        Value::Message(message) => well_known(message)?,
        Value::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| scalar(kind, item)).collect();
            Scalar::List(items?.into_iter().flatten().collect())
        }
        Value::F32(_) | Value::F64(_) | Value::Bytes(_) | Value::Map(_) => return Err(ValueFault::Type),
    }))
}

/// A declared default, in the form of the field's type.
pub(crate) fn default(kind: &Kind, text: &str) -> Result<Scalar, ValueFault> {
    let number = || text.parse::<Number>().map(Scalar::Number).map_err(|_| ValueFault::Type);
    match kind {
        Kind::Bool => text.parse().map(Scalar::Bool).map_err(|_| ValueFault::Type),
        Kind::Message(message) if message.full_name() == DECIMAL => number(),
        Kind::String | Kind::Message(_) | Kind::Enum(_) => Ok(Scalar::Text(text.to_owned())),
        Kind::Double | Kind::Float | Kind::Bytes => Err(ValueFault::Type),
        _ => number(),
    }
}

const DATE: &str = "google.type.Date";
const DECIMAL: &str = "google.type.Decimal";
const TIMESTAMP: &str = "google.protobuf.Timestamp";

fn enum_text(kind: &Kind, number: i32) -> Result<Option<Scalar>, ValueFault> {
    let Kind::Enum(descriptor) = kind else { return Err(ValueFault::Type) };
    let own = options::upstream_text_of(descriptor.full_name(), number);
    match own.or_else(|| options::text_of(descriptor.full_name(), number)) {
        Some(text) => Ok(Some(Scalar::Text(text.to_owned()))),
        None if number == 0 => Ok(None),
        None => Err(ValueFault::Value("must be one of the declared values")),
    }
}

fn well_known(message: &DynamicMessage) -> Result<Scalar, ValueFault> {
    match message.descriptor().full_name() {
        DATE => date(message).map(Scalar::Text).ok_or(ValueFault::Value("must be a day of the calendar")),
        DECIMAL => decimal(message).map(Scalar::Number).ok_or(ValueFault::Value("must be a decimal number")),
        TIMESTAMP => {
            timestamp(message).map(Scalar::Text).ok_or(ValueFault::Value("must be a time of years 1 to 9999"))
        }
        _ => Err(ValueFault::Type),
    }
}

fn date(message: &DynamicMessage) -> Option<String> {
    let part = |name| message.get_field_by_name(name)?.as_i32();
    let year = i16::try_from(part("year")?).ok().filter(|year| (1..=9_999).contains(year))?;
    let month = i8::try_from(part("month")?).ok()?;
    let day = i8::try_from(part("day")?).ok()?;
    jiff::civil::Date::new(year, month, day).ok().map(|date| date.to_string())
}

fn decimal(message: &DynamicMessage) -> Option<Number> {
    let value = message.get_field_by_name("value")?;
    match value.as_str()? {
        // As `google.type.Decimal` has it.
        "" => Some(Number::from(0)),
        text => decimal::json_text(text)?.parse().ok(),
    }
}

/// RFC 3339 in UTC with "Z".
fn timestamp(message: &DynamicMessage) -> Option<String> {
    let seconds = message.get_field_by_name("seconds")?.as_i64()?;
    let nanos = message.get_field_by_name("nanos")?.as_i32()?;
    let time = jiff::Timestamp::new(seconds, nanos).ok()?;
    (seconds >= -62_135_596_800).then(|| time.to_string())
}

/// "San Francisco, CA" becomes "San Francisco CA", and in a URL "," becomes "%2C".
fn without_commas(item: &str, join: Join) -> String {
    if !item.contains(',') {
        return item.to_owned();
    }
    match join {
        Join::Urls if item.contains("://") => item.replace(',', "%2C"),
        Join::Urls | Join::Unspecified => {
            item.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}
