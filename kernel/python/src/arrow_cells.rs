//! The cells of Arrow batches as text: Parquet takes the same way as CSV.

use std::io::Write;
use std::ops::Range;
use std::sync::mpsc::sync_channel;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, StringArray, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use paysim_files::csv::Failure;
use paysim_files::date_time::{DAY, SECOND, iso};
use paysim_files::{Builder, Field};

/// Batches that wait to be read: while one is, the next is decoded.
const BATCHES_AHEAD: usize = 1;

/// Hands over all rows of some batches, which another thread decodes.
///
/// # Errors
/// What keeps the next batch from being decoded.
pub fn read_batches(
    batches: impl Iterator<Item = Result<RecordBatch, Failure>> + Send,
    columns: &[(Field, usize)],
    builder: &mut Builder<'_>,
) -> Result<(), Failure> {
    let mut places = [0; Field::COUNT];
    for (place, &(field, _)) in columns.iter().enumerate() {
        places[field.ix()] = place;
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(BATCHES_AHEAD);
        let decode = move || {
            for batch in batches {
                let batch = batch.and_then(|batch| Batch::new(&batch, columns));
                // There is nothing to be had after an error.
                let is_last = batch.is_err();
                if sender.send(batch).is_err() || is_last {
                    break;
                }
            }
        };
        std::thread::Builder::new()
            .name("decode".to_owned())
            .spawn_scoped(scope, decode)
            .map_err(Failure::Io)?;
        for batch in receiver {
            let batch = batch?;
            for row in 0..batch.rows {
                builder.push(&Row {
                    places: &places,
                    columns: &batch.columns,
                    row,
                });
                if builder.is_full() {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

struct Batch {
    rows: usize,
    columns: Vec<Column>,
}

impl Batch {
    fn new(batch: &RecordBatch, columns: &[(Field, usize)]) -> Result<Self, Failure> {
        let columns = columns
            .iter()
            .map(|&(field, column)| Column::new(batch.column(column), field));
        Ok(Self {
            rows: batch.num_rows(),
            columns: columns.collect::<Result<_, Failure>>()?,
        })
    }
}

struct Row<'b> {
    places: &'b [usize; Field::COUNT],
    columns: &'b [Column],
    row: usize,
}

impl paysim_files::Cells for Row<'_> {
    #[inline]
    fn cell(&self, field: Field) -> &[u8] {
        self.columns[self.places[field.ix()]].cell(self.row)
    }

    #[inline]
    fn is_typed(&self, field: Field) -> bool {
        let mut column = &self.columns[self.places[field.ix()]];
        while let Column::Coded(_, values) = column {
            column = values;
        }
        matches!(column, Column::Made(..))
    }
}

/// A column whose cells are text, or have been turned into it.
enum Column {
    Text(StringArray),
    LargeText(LargeStringArray),
    View(StringViewArray),
    /// The cells of each row among those of another column; `None` is null.
    Coded(Vec<Option<u32>>, Box<Column>),
    Made(Vec<u8>, Vec<usize>),
}

impl Column {
    #[inline]
    fn cell(&self, row: usize) -> &[u8] {
        match self {
            Self::Text(array) if array.is_valid(row) => array.value(row).as_bytes(),
            Self::LargeText(array) if array.is_valid(row) => array.value(row).as_bytes(),
            Self::View(array) if array.is_valid(row) => array.value(row).as_bytes(),
            Self::Text(_) | Self::LargeText(_) | Self::View(_) => b"",
            Self::Coded(keys, values) => keys[row].map_or(b"", |key| values.cell(key as usize)),
            Self::Made(bytes, ends) => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                &bytes[start..ends[row]]
            }
        }
    }

    fn new(array: &ArrayRef, field: Field) -> Result<Self, Failure> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Null => Self::made(array, |_, _| {}),
            DataType::Boolean => Self::made(array, |row, text| {
                let value = array.as_boolean().value(row);
                text.extend_from_slice(if value { b"true" } else { b"false" });
            }),
            DataType::Int8 => Self::whole::<Int8Type>(array),
            DataType::Int16 => Self::whole::<Int16Type>(array),
            DataType::Int32 => Self::whole::<Int32Type>(array),
            DataType::Int64 => Self::whole::<Int64Type>(array),
            DataType::UInt8 => Self::whole::<UInt8Type>(array),
            DataType::UInt16 => Self::whole::<UInt16Type>(array),
            DataType::UInt32 => Self::whole::<UInt32Type>(array),
            DataType::UInt64 => Self::whole::<UInt64Type>(array),
            DataType::Float32 => Self::shown::<Float32Type>(array),
            DataType::Float64 => Self::shown::<Float64Type>(array),
            DataType::Decimal128(_, scale) => {
                let (array, scale) = (array.as_primitive::<Decimal128Type>(), *scale);
                Self::made(array, |row, text| decimal(array.value(row), scale, text))
            }
            DataType::Date32 => Self::numbers::<Date32Type>(array, |days, text| {
                if DAYS.contains(&i64::from(days)) {
                    text.extend_from_slice(iso(days).as_bytes());
                } else {
                    // Writing to a Vec cannot fail.
                    let _ = write!(text, "{days} days after 1970-01-01");
                }
            }),
            DataType::Date64 => {
                let mut stamps = Stamps::default();
                Self::numbers::<Date64Type>(array, |millis, text| {
                    stamps.write(millis, 1_000_000, "", text);
                })
            }
            DataType::Timestamp(unit, zone) => {
                let zone = match zone.as_deref() {
                    None => "",
                    Some("UTC" | "Z" | "+00:00" | "Etc/UTC") => "Z",
                    Some(other) => {
                        let expected = format!(
                            "{} must be without time zone or in UTC: convert it to local time",
                            field.word()
                        );
                        return Err(Failure::Shape(expected, other.to_owned()));
                    }
                };
                let mut stamps = Stamps::default();
                let mut write = |value: i64, nanos: i64, text: &mut Vec<u8>| {
                    stamps.write(value, nanos, zone, text);
                };
                match unit {
                    TimeUnit::Second => Self::numbers::<TimestampSecondType>(array, |v, t| {
                        write(v, 1_000_000_000, t);
                    }),
                    TimeUnit::Millisecond => {
                        Self::numbers::<TimestampMillisecondType>(array, |v, t| {
                            write(v, 1_000_000, t);
                        })
                    }
                    TimeUnit::Microsecond => {
                        Self::numbers::<TimestampMicrosecondType>(array, |v, t| write(v, 1_000, t))
                    }
                    TimeUnit::Nanosecond => {
                        Self::numbers::<TimestampNanosecondType>(array, |v, t| write(v, 1, t))
                    }
                }
            }
            DataType::Time32(TimeUnit::Second) => {
                Self::numbers::<Time32SecondType>(array, |v, t| time(v.into(), 1_000_000_000, t))
            }
            DataType::Time32(_) => {
                Self::numbers::<Time32MillisecondType>(array, |v, t| time(v.into(), 1_000_000, t))
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::numbers::<Time64MicrosecondType>(array, |v, t| time(v, 1_000, t))
            }
            DataType::Time64(_) => {
                Self::numbers::<Time64NanosecondType>(array, |v, t| time(v, 1, t))
            }
            DataType::Dictionary(_, _) => {
                let coded = array.as_any_dictionary();
                if coded.values().is_empty() {
                    // Only nulls need no values.
                    return Ok(Self::made(array, |_, _| {}));
                }
                let codes = coded.normalized_keys();
                let keys =
                    (0..array.len()).map(|row| array.is_valid(row).then(|| codes[row] as u32));
                Self::Coded(keys.collect(), Box::new(Self::new(coded.values(), field)?))
            }
            other => {
                let expected = format!("{} must be text, numbers, dates or times", field.word());
                let name = other.to_string();
                let name = name.split('(').next().unwrap_or_default().to_owned();
                return Err(Failure::Shape(expected, name));
            }
        })
    }

    fn made(array: &dyn Array, mut write: impl FnMut(usize, &mut Vec<u8>)) -> Self {
        let mut text = Vec::with_capacity(array.len() * 8);
        let mut ends = Vec::with_capacity(array.len());
        for row in 0..array.len() {
            if array.is_valid(row) {
                write(row, &mut text);
            }
            ends.push(text.len());
        }
        Self::Made(text, ends)
    }

    fn numbers<T: ArrowPrimitiveType>(
        array: &ArrayRef,
        mut write: impl FnMut(T::Native, &mut Vec<u8>),
    ) -> Self {
        let array = array.as_primitive::<T>();
        Self::made(array, |row, text| write(array.value(row), text))
    }

    fn whole<T: ArrowPrimitiveType<Native: itoa::Integer>>(array: &ArrayRef) -> Self {
        let mut digits = itoa::Buffer::new();
        Self::numbers::<T>(array, |value, text| {
            text.extend_from_slice(digits.format(value).as_bytes())
        })
    }

    /// A float as the shortest decimal that is the same float.
    fn shown<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &ArrayRef) -> Self {
        Self::numbers::<T>(array, |value, text| {
            // Writing to a Vec cannot fail.
            let _ = write!(text, "{value}");
        })
    }
}

/// A decimal with the places that its scale says.
fn decimal(value: i128, scale: i8, text: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let places = usize::from(scale.unsigned_abs());
    if value < 0 {
        text.push(b'-');
    }
    let digits = match u64::try_from(value.unsigned_abs()) {
        Ok(value) => digits.format(value),
        Err(_) => digits.format(value.unsigned_abs()),
    };
    let digits = digits.as_bytes();
    if scale <= 0 {
        text.extend_from_slice(digits);
        text.resize(text.len() + places, b'0');
        return;
    }
    let whole = digits.len().saturating_sub(places);
    text.extend_from_slice(if whole == 0 { b"0" } else { &digits[..whole] });
    text.push(b'.');
    text.resize(text.len() + places.saturating_sub(digits.len()), b'0');
    text.extend_from_slice(&digits[whole..]);
}

/// Days since 1970-01-01 that a date of four digits of the year can name.
const DAYS: Range<i64> = -719_162..2_932_897;

/// Writes moments; the text of a date is kept, as many rows have the same.
#[derive(Default)]
struct Stamps {
    date: i64,
    text: Vec<u8>,
}

impl Stamps {
    /// A moment in units of so many nanoseconds since 1970; one beyond the calendar is written as
    /// a text that is no moment.
    fn write(&mut self, value: i64, nanos: i64, zone: &str, text: &mut Vec<u8>) {
        let day = DAY / nanos;
        let date = value.div_euclid(day);
        if !DAYS.contains(&date) {
            let value = i128::from(value) * i128::from(nanos);
            // Writing to a Vec cannot fail.
            let _ = write!(text, "{value} ns after 1970-01-01");
            return;
        }
        if date != self.date || self.text.is_empty() {
            self.date = date;
            self.text = iso(date as i32).into_bytes();
            self.text.push(b' ');
        }
        text.extend_from_slice(&self.text);
        clock(value.rem_euclid(day) * nanos, text);
        text.extend_from_slice(zone.as_bytes());
    }
}

/// A time of the day in units of so many nanoseconds; one beyond the day is written as a text that
/// is no time.
fn time(value: i64, nanos: i64, text: &mut Vec<u8>) {
    if (0..DAY / nanos).contains(&value) {
        clock(value * nanos, text);
    } else {
        let value = i128::from(value) * i128::from(nanos);
        // Writing to a Vec cannot fail.
        let _ = write!(text, "{value} ns after midnight");
    }
}

fn clock(nanos: i64, text: &mut Vec<u8>) {
    let (seconds, rest) = ((nanos / SECOND) as u32, nanos % SECOND);
    let digit = |value: u32| b'0' + (value % 10) as u8;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let clock = [
        digit(hour / 10),
        digit(hour),
        b':',
        digit(minute / 10),
        digit(minute),
        b':',
        digit(second / 10),
        digit(second),
    ];
    text.extend_from_slice(&clock);
    if rest > 0 {
        // Writing to a Vec cannot fail.
        let _ = write!(text, ".{rest:09}");
    }
}
