//! Protobuf's wire format, as far as it is written here.
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// Writes an integer, a truth value or an enum.
pub(super) fn varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

/// Writes four bytes.
pub(super) fn fixed32(number: u32, bits: u32, out: &mut Vec<u8>) {
    encode_key(number, WireType::ThirtyTwoBit, out);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Writes eight bytes.
pub(super) fn fixed64(number: u32, bits: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::SixtyFourBit, out);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Writes a text.
pub(super) fn text(number: u32, value: &str, out: &mut Vec<u8>) {
    bytes(number, value.as_bytes(), out);
}

/// Writes bytes, or a message that is encoded already.
pub(super) fn bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Writes a message in place: its length is put before it when it is known.
pub(super) fn nested(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(number, WireType::LengthDelimited, out);
    let start = out.len();
    // Most messages are shorter than 128 bytes: one byte holds their length, and nothing has to move.
    out.push(0);
    write(out);
    let length = (out.len() - start - 1) as u64;
    let mut prefix = Vec::with_capacity(encoded_len_varint(length));
    encode_varint(length, &mut prefix);
    out.splice(start..=start, prefix);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_size_stand_before_their_message() {
        for size in [0_usize, 1, 127, 128, 20_000] {
            let mut out = vec![9];
            nested(3, &mut out, |out| out.extend(std::iter::repeat_n(7, size)));
            let mut expected = vec![9];
            bytes(3, &vec![7; size], &mut expected);
            assert_eq!(out, expected);
        }
    }
}
